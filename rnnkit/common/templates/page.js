"use strict";
(() => {
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (id) => document.getElementById(id);
  const names = new Map(all("[data-name]").map(({ dataset }) => [dataset.n, dataset.name]));
  all(".js").forEach((part) => { part.hidden = false; });

  // names in the places of numbers, and back
  const toggle = one("toggle");
  function show(shown) {
    all(".who").forEach((place) => {
      place.textContent = shown ? names.get(place.dataset.n) : `student ${place.dataset.n}`;
      place.classList.toggle("named", shown);
    });
    all(".words").forEach((words) => { words.hidden = !shown; });
    toggle.textContent = shown ? "Hide names" : "Show names";
    toggle.setAttribute("aria-pressed", String(shown));
    if (!shown && one("names")) one("names").open = false;
  }
  if (toggle) {
    toggle.addEventListener("click", () => show(toggle.getAttribute("aria-pressed") !== "true"));
    show(document.body.dataset.names === "shown");
  }

  // sorting by a heading, which is a button then
  const value = (row, column) => {
    const cell = row.cells[column], text = cell.dataset.sort ?? cell.textContent.trim();
    return [text === "" ? NaN : Number(text), text];
  };
  function sort(table, heading) {
    const column = heading.cellIndex, body = table.tBodies[0];
    const now = heading.getAttribute("aria-sort");
    const down = now ? now === "ascending" : heading.classList.contains("n");
    all("th", table.tHead).forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].map((row) => [row, ...value(row, column)]);
    rows.sort(([, a, s], [, b, t]) => {
      const order = isNaN(a) || isNaN(b) ? isNaN(a) - isNaN(b) || s.localeCompare(t) : a - b;
      return down && !(isNaN(a) !== isNaN(b)) ? -order : order;
    });
    body.append(...rows.map(([row]) => row));
  }
  all("table.sortable").forEach((table) => all("th", table.tHead).forEach((heading) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, heading));
  }));

  // the search, and what a link leads to is unfolded
  const search = one("search");
  search?.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const rows = [...one("everyone").tBodies[0].rows];
    rows.forEach((row) => {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    });
    one("matches").textContent = words.length ? `${rows.filter((row) => !row.hidden).length} of ${rows.length}` : "";
  });
  function unfold() {
    const target = location.hash && one(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target) target.scrollIntoView();
  }
  addEventListener("hashchange", unfold);
  unfold();
})();
