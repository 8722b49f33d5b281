// The tables beside the marking: two markers' differences, students' requests, the items of a question.
import { call, fill, get, make, say, shown } from "./api.js";

const head = (...names) => make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
const cell = (name, ...children) => make("td", { "data-of": name }, ...children);

// ---- differences ----

export async function differences(place) {
  show(place, await call("differences"));
}

function show(place, { questions }) {
  place.replaceChildren(make("h2", {}, "Two markers"));
  if (!questions.length) place.append(make("p", {}, "Nobody has marked a second time yet: rnnkit mark --second --marker NAME, for all or with --sample N."));
  for (const one of questions) {
    place.append(make("h3", {}, one.title));
    if (!one.told) place.append(make("p", { class: "soft" }, `${one.marked} of ${one.sample} marked a second time; told when all of them are.`));
    else place.append(make("p", {}, one.said || "The first marker has marked none of these yet."), one.rows.length ? table(place, one) : "");
  }
}

function table(place, one) {
  const mark = (given) => [make("b", {}, shown(given.points)), ` ${given.by}`, given.comment && make("p", { class: "small" }, given.comment)];
  const rows = one.rows.map((row) => {
    const decide = (take, replaces = "") => call("settle", { question: one.id, card: row.id, take, replaces }).then((told) => show(place, told), (error) => {
      if (error.token && confirm(`${error.message}. Replace it?`)) return decide(take, error.token);
      say(error.message, true);
    });
    const own = make("input", { type: "number", step: 0.5, min: 0, max: one.most || null, "aria-label": "Points to settle on" });
    const settled = row.settled ? make("p", { class: "done" }, `settled: ${shown(row.settled.points)}`) : row.apart ? null : make("p", { class: "done" }, "equal");
    return make("tr", {}, cell("Answer", fill(make("div", { class: "text answer" }), row.html)), cell("First", ...mark(row.first)), cell("Second", ...mark(row.second)),
      cell("Apart", shown(row.apart)), cell("Settle", settled, make("div", { class: "row" },
        make("button", { onclick: () => decide("first") }, "first"), make("button", { onclick: () => decide("second") }, "second"), own,
        make("button", { onclick: () => own.value !== "" && decide(Number(own.value)) }, "these"))));
  });
  return make("table", {}, make("caption", { class: "soft small" }, "Largest difference first"), head("Answer", "First", "Second", "Apart", "Settle"), make("tbody", {}, ...rows));
}

// ---- requests ----

export async function requests(place, open) {
  list(place, await call("requests"), open);
}

function list(place, told, open) {
  place.replaceChildren(make("h2", {}, "Requests for another look"));
  if (!told.requests.length) place.append(make("p", {}, "None. Students find the form at the end of their page of feedback, and hand it in with their notebooks."));
  const rows = told.requests.map((one) => {
    const what = one.shown.map(([name, text]) => make("details", {}, make("summary", {}, name), make("pre", {}, text)));
    const go = one.card && make("button", { onclick: () => open(one.question, one.card) }, "to the answer");
    const who = !one.card && make("button", { onclick: (event) => call("who", { request: one.id }).then((whose) => event.target.replaceWith(whose.student)) }, "whose, for Formgrader");
    const deal = one.dealt ? make("span", { class: "done" }, "dealt with") : make("button", { onclick: () => call("deal", { request: one.id }).then((next) => list(place, next, open), (error) => say(error.message, true)) }, "dealt with");
    return make("tr", {}, cell("Question", one.title), cell("Reason", make("div", { class: "note" }, one.reason), ...what), cell("Then", make("div", { class: "row" }, go, who, deal)));
  });
  if (rows.length) place.append(make("table", {}, make("caption", { class: "soft small" }, "Those that are open first; the answer shows its marks"), head("Question", "Reason", "Then"), make("tbody", {}, ...rows)));
}

// ---- items ----

export function edit(data, done) {
  const place = get("editor"), question = data.progress.id;
  const body = make("tbody");
  const said = make("p", { class: "note", role: "status" }, `The question has ${shown(data.progress.most)} points.`);
  const line = (item) => {
    const text = make("textarea", { rows: 2, "aria-label": "Text" });
    text.value = item.text;
    const row = make("tr", { "data-id": item.id }, make("td", {}, text), make("td", {}, make("input", { type: "number", step: "any", value: item.points, "aria-label": "Points" })),
      make("td", {}, make("input", { type: "number", min: 1, max: 50, value: item.times, "aria-label": "Times" })), make("td", {}, make("button", { type: "button", onclick: () => row.remove() }, "remove")));
    return row;
  };
  const items = () => [...body.children].map((row) => ({
    id: row.dataset.id, text: row.querySelector("textarea").value, points: row.querySelectorAll("input")[0].value, times: row.querySelectorAll("input")[1].value,
  }));
  const attempt = (apply) => async () => {
    try {
      const told = await call("rubric", { question, items: items(), apply });
      if (!apply) said.textContent = `The items give ${shown(told.sum)} of ${shown(data.progress.most)}. Earlier marks: ${told.up} go up, ${told.down} go down.`;
      else {
        place.close();
        await done();
        say(`items kept; ${told.changed} earlier marks changed`);
      }
    } catch (error) {
      said.textContent = error.message;
    }
  };
  const anew = async () => body.replaceChildren(...(await call(`anew?question=${encodeURIComponent(question)}`)).map(line));
  body.append(...data.items.map(line));
  place.replaceChildren(make("h2", {}, "Items"), make("table", {}, make("caption", { class: "soft small" }, "Points are for each time; changes hold for earlier marks, too"), head("Text", "Points", "Times", ""), body), said,
    make("div", { class: "row" }, make("button", { onclick: () => body.append(line({ id: "", text: "", points: 0.5, times: 1 })) }, "add an item"), make("button", { onclick: anew }, "from the mark scheme"),
      make("button", { onclick: attempt(false) }, "what changes?"), make("button", { onclick: attempt(true) }, "keep"), make("button", { onclick: () => place.close() }, "leave as it was")));
  place.showModal();
}
