// Calls to the server, and the making of elements: text is text, never HTML.

export async function call(name, body) {
  const answer = body === undefined
    ? await fetch(`api/${name}`)
    : await fetch(`api/${name}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const told = await answer.json().catch(() => ({ error: "expected an answer of rnnkit mark" }));
  if (!answer.ok) throw Object.assign(new Error(told.error), { token: told.token });
  return told;
}

export const get = (id) => document.getElementById(id);

export function make(kind, about = {}, ...children) {
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(about)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((one) => one != null && one !== false));
  return element;
}

// HTML that the server has escaped. Pictures are asked for from the server; links open elsewhere, without a way back.
export function fill(element, html) {
  element.innerHTML = html;
  for (const image of element.querySelectorAll("img[data-picture]")) image.src = `picture/${image.dataset.picture}`;
  named(element);
  for (const link of element.querySelectorAll("a")) Object.assign(link, { target: "_blank", rel: "noreferrer noopener" });
  return element;
}

// The names that students wrote into their answers, where the button says that they are to be seen.
function named(where) {
  const seen = get("names").getAttribute("aria-pressed") === "true";
  for (const one of where.querySelectorAll(".name")) one.textContent = seen ? one.dataset.name : "[name]";
}

export function names() {
  const button = get("names"), seen = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(seen));
  button.firstChild.textContent = seen ? "Hide names " : "Show names ";
  named(document);
}

export const shown = (points) => (points == null ? "–" : String(Math.round(points * 100) / 100));

const FRACTIONS = { 0.5: "½", 0.25: "¼", 0.75: "¾" };
export function worth(points) {
  const size = Math.abs(points), rest = FRACTIONS[size % 1];
  return (points < 0 ? "−" : "") + (rest ? (Math.floor(size) || "") + rest : shown(size));
}

export function say(text, wrong = false) {
  get("said").textContent = text;
  get("said").classList.toggle("wrong", wrong);
}
