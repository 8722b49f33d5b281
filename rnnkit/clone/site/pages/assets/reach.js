// What scrolls sideways can be reached and moved by keys, and the search says what it is.
function reach() {
  for (const one of document.querySelectorAll(".md-typeset__scrollwrap, .md-typeset .formula, .md-typeset pre > code"))
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0
  document.querySelector(".md-search")?.setAttribute("aria-label", "Search")
}
addEventListener("load", reach)
addEventListener("resize", reach)
