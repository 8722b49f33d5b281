// What one question looks like: its answers, and the mark of the one that is looked at.
import { fill, get, make, shown, worth } from "./api.js";

const WORDS = { open: "not marked", part: "not marked for all", changed: "changed since it was marked", elsewhere: "marked elsewhere", marked: "" };

export function card(one, { most, title }, number, choose) {
  const element = make("article", { id: `card-${one.id}`, onclick: () => choose(one.id) });
  element.append(make("div", { class: "line" }, make("span", { class: "soft small state" }), make("span", { class: "points" })));
  element.append(fill(make("div", { class: "text" }), one.html));
  const pictures = one.figures.flat();
  if (pictures.length) {
    const box = make("details", { class: "figures" }, make("summary", {}, `${pictures.length} figures above this answer`));
    box.addEventListener("toggle", () => {
      if (box.open && !box.querySelector("img")) box.append(...pictures.map(({ name, words }, at) => make("img", { src: `picture/${name}`, alt: words || `figure ${at + 1} of ${pictures.length} above an answer to: ${title}` })));
    });
    element.append(box);
  }
  for (const hint of one.hints) element.append(make("details", {}, make("summary", {}, one.hints.length > 1 ? "The numbers in it, for some who gave it" : "The numbers in it"), fill(make("div", { class: "text small" }), hint)));
  element.append(make("div", { class: "notes" }));
  update(element, one, most, number);
  return element;
}

export function update(element, one, most, number) {
  element.className = `card ${one.state}` + (element.classList.contains("here") ? " here" : "");
  const equal = one.size > 1 ? `${one.size} equal answers` : "";
  element.querySelector(".state").textContent = [`${number}`, equal, `${one.words} words`, WORDS[one.state]].filter(Boolean).join(" · ");
  const points = one.points == null ? "" : most ? `${shown(one.points)} of ${shown(most)}` : `+${shown(one.points)} extra`;
  element.querySelector(".points").textContent = points;
  const notes = element.querySelector(".notes");
  notes.replaceChildren();
  for (const request of one.requests) notes.append(make("p", { class: "note" }, `${request.dealt ? "Asked for another look (dealt with)" : "Asks for another look"}: ${request.reason}`));
  if (one.comment) notes.append(make("p", { class: "said" }, one.comment));
  if (one.refused) notes.append(make("p", { class: "note wrong" }, `${one.refused}. Press y to replace it by your mark.`));
}

export function panel(data, one, act) {
  const box = get("mark");
  const kept = box.querySelector("#scheme")?.open;
  box.replaceChildren();
  if (!one) return;
  const most = data.progress.most;
  box.append(make("p", { class: "total" }, `${shown(one.points)} ${most ? `of ${shown(most)}` : "extra points"}`));
  const adjusted = one.adjust ? `${one.adjust > 0 ? "+" : "−"}${worth(Math.abs(one.adjust))} beside the items` : "";
  box.append(make("p", { class: "soft small" }, [WORDS[one.state], one.by && `by ${one.by}`, adjusted].filter(Boolean).join(" · ")));
  const items = make("div", { class: "items" });
  data.items.forEach((item, at) => items.append(line(item, at, one.items[item.id] || 0, act)));
  box.append(items);
  if (data.items.length && most && Math.abs(data.sum - most) > 1e-6) box.append(make("p", { class: "note" }, `The items give ${shown(data.sum)}, the question ${shown(most)} points: e edits them.`));
  if (!data.items.length) box.append(make("p", { class: "soft small" }, most ? "No items yet: e makes some, + and - give points." : "Nothing to be given: 0 notes that you have read it."));
  if (data.old) box.append(make("p", { class: "note" }, "The mark scheme has changed since these items were made: e, “from the mark scheme”, makes them anew."));
  box.append(make("div", { class: "row" },
    button("0", "none", () => act.none()), button("f", "all", () => act.all()), button("-", "−½", () => act.adjust(-0.5)),
    button("+", "+½", () => act.adjust(0.5)), button("e", "edit items", () => act.edit())));
  const text = make("textarea", { id: "comment", rows: 3, "aria-label": "Comment", placeholder: "Comment, for the student (c)", onblur: () => act.comment(text.value) });
  text.value = one.draft ?? one.comment;
  box.append(text);
  if (one.draft && one.points == null) box.append(make("p", { class: "note" }, "The comment goes with the points: give some, 0 for none."));
  const again = make("div", { class: "again" });
  data.comments.slice(0, 9).forEach((said, at) => again.append(button(`Alt ${at + 1}`, said, () => act.again(said))));
  box.append(again);
  const scheme = make("details", { id: "scheme", open: kept }, make("summary", {}, "Mark scheme (s)"), fill(make("div", { class: "text small" }), data.scheme));
  box.append(scheme);
}

function line(item, at, count, act) {
  const several = item.times > 1;
  const points = several ? `${worth(item.points)} × ${count}/${item.times}` : worth(item.points);
  const toggle = make("button", { "aria-pressed": String(count > 0), "data-item": item.id, onclick: () => act.item(item.id) },
    at < 9 && make("kbd", {}, String(at + 1)), " ", make("b", {}, points), ` ${item.text}`);
  const less = several && make("button", { class: "less", "aria-label": `once less: ${item.text}`, disabled: !count, onclick: () => act.item(item.id, -1) }, "−");
  return make("div", { class: "item" }, toggle, less);
}

export const button = (key, text, what) => make("button", { onclick: what }, make("kbd", {}, key), ` ${text}`);
