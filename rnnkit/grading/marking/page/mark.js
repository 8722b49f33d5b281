// The marker's page: one question at a time, its answers below each other, everything by keys.
import { call, get, names, say } from "./api.js";
import { card, panel, update } from "./cards.js";
import { differences, edit, requests } from "./tables.js";

const state = { overview: null, data: null, here: null, view: "marking" };
let sending = Promise.resolve();

const cards = () => state.data?.cards ?? [];
const current = () => cards().find((one) => one.id === state.here);
const element = (one) => get(`card-${one.id}`);
const numberOf = (one) => cards().indexOf(one) + 1;
const visible = () => cards().filter((one) => !element(one).hidden);
const isOpen = (one) => !["marked", "elsewhere"].includes(one.state) || one.requests.some((request) => !request.dealt);

// ---- showing ----

function list() {
  const { questions } = state.overview;
  get("questions").replaceChildren(...questions.map((one) => {
    const entry = document.createElement("button");
    const bar = Object.assign(document.createElement("progress"), { max: one.answers || 1, value: one.done });
    bar.setAttribute("aria-label", `${one.done} of ${one.answers} marked`);
    entry.append(one.title, bar);
    entry.title = `${one.notebook}: ${one.done} of ${one.answers} answers marked`;
    if (one.id === state.data?.progress.id) entry.setAttribute("aria-current", "true");
    entry.addEventListener("click", () => open(one.id));
    return entry;
  }));
  const sum = (name) => questions.reduce((total, one) => total + one[name], 0);
  get("who").textContent = `${state.overview.marker}${state.overview.second ? ", second marker" : ""} · ${sum("done")} of ${sum("answers")} answers marked`;
  get("asked").textContent = state.overview.requests || "";
}

function headline() {
  const one = state.data.progress;
  const extra = one.most ? `${one.most} points` : "extra credit, or only to be read";
  get("progress").textContent = `${extra} · ${one.done} of ${one.answers} answers marked` +
    (one.students > one.answers ? `, of ${one.students} students` : "") + (one.silent > 0 ? ` · ${one.silent} without an answer` : "");
  state.overview.questions = state.overview.questions.map((other) => (other.id === one.id ? one : other));
  list();
}

async function open(id, at) {
  state.data = await call(`question?id=${encodeURIComponent(id)}`);
  get("question").textContent = state.data.progress.title;
  get("task").innerHTML = state.data.task;
  get("search").value = "";
  get("cards").replaceChildren(...cards().map((one, number) => card(one, state.data.progress, number + 1, choose)));
  if (!cards().length) get("cards").textContent = "No answers to this question.";
  headline();
  view("marking");
  choose((cards().find((one) => one.id === at) ?? cards().find(isOpen) ?? cards()[0])?.id);
}

function choose(id) {
  if (id === state.here && current() && element(current()).classList.contains("here")) return;
  if (document.activeElement?.id === "comment") document.activeElement.blur();
  for (const one of cards()) element(one).classList.toggle("here", one.id === id);
  state.here = id ?? null;
  const one = current();
  if (one) element(one).scrollIntoView({ block: "nearest" });
  refresh();
}

function refresh() {
  const one = current();
  if (one) update(element(one), one, state.data.progress.most, numberOf(one));
  panel(state.data, one, act);
}

function view(name) {
  state.view = name;
  for (const one of ["marking", "differences", "requests"]) get(one).hidden = one !== name;
  for (const button of document.querySelectorAll("[data-view]")) {
    if (button.dataset.view === name) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  const tables = { differences, requests };
  if (tables[name]) tables[name](get(name), open).catch((error) => say(error.message, true));
}

// ---- marking ----

// What the server will answer, shown until it does.
function worthOf({ items, adjust }) {
  const total = state.data.items.reduce((sum, item) => sum + item.points * (items[item.id] || 0), adjust);
  return Math.max(0, Math.min(total, state.data.progress.most || Infinity));
}

function send(one, change, replaces = "") {
  const { id: question } = state.data.progress;
  const wanted = { items: { ...one.items }, adjust: one.adjust, comment: one.draft ?? one.comment, ...change };
  one.kept ??= { items: one.items, adjust: one.adjust, comment: one.comment, points: one.points };
  Object.assign(one, { items: wanted.items, adjust: wanted.adjust, comment: wanted.comment, points: worthOf(wanted) });
  one.waiting = (one.waiting ?? 0) + 1;
  sending = sending.then(async () => {
    try {
      const told = await call("mark", { question, card: one.id, ...wanted, replaces });
      one.waiting -= 1;
      if (one.waiting) return;
      Object.assign(one, told.card, { refused: "", draft: undefined, kept: undefined });
      if (state.data.progress.id === question) Object.assign(state.data, { progress: told.progress, comments: told.comments });
      say(told.late ? "The gradebook is busy; the mark is in the journal and is entered later." : `${numberOf(one)}: ${one.points} points`);
    } catch (error) {
      one.waiting -= 1;
      Object.assign(one, one.kept, { refused: error.token ? error.message : "", token: error.token, wanted, kept: undefined });
      say(error.message, true);
    }
    if (state.data.progress.id === question) {
      headline();
      refresh();
    }
  });
  refresh();
}

const act = {
  item(id, step = 1) {
    const one = current(), item = state.data.items.find((other) => other.id === id);
    const count = (one.items[id] || 0) + step;
    send(one, { items: { ...one.items, [id]: count > item.times || count < 0 ? 0 : count } });
  },
  none: () => send(current(), { items: {}, adjust: 0 }),
  all: () => send(current(), { items: Object.fromEntries(state.data.items.filter((item) => item.points > 0).map((item) => [item.id, item.times])), adjust: 0 }),
  adjust: (step) => send(current(), { adjust: current().adjust + step }),
  comment(text) {
    const one = current();
    if (!one || text.trim() === one.comment.trim()) return;
    if (one.points == null) one.draft = text;
    else send(one, { comment: text });
  },
  again(text) {
    const one = current(), box = get("comment");
    const said = [box.value.trim(), text].filter(Boolean).join("\n");
    box.value = said;
    if (document.activeElement !== box) act.comment(said);
    if (one.points == null) refresh();
  },
  replace() {
    const one = current();
    if (one?.refused) send(one, one.wanted, one.token);
  },
  edit: () => edit(state.data, () => open(state.data.progress.id, state.here)),
  async undo() {
    await sending;
    const done = await call("undo", {});
    const question = done.question in Object.fromEntries(state.overview.questions.map((one) => [one.id, 1])) ? done.question : state.data.progress.id;
    await open(question, question === state.data.progress.id ? state.here : undefined);
    say(`undone: the last ${done.do}`);
  },
};

function step(by) {
  const there = visible(), at = there.findIndex((one) => one.id === state.here);
  const next = there[Math.min(Math.max(at + by, 0), there.length - 1)];
  if (next) choose(next.id);
}

async function next() {
  await sending;
  const there = cards(), at = there.findIndex((one) => one.id === state.here);
  const found = [...there.slice(at + 1), ...there.slice(0, at + 1)].find(isOpen);
  if (found) {
    if (element(found).hidden) search("");
    return choose(found.id);
  }
  const { questions } = state.overview, here = questions.findIndex((one) => one.id === state.data.progress.id);
  const other = [...questions.slice(here + 1), ...questions.slice(0, here)].find((one) => one.done < one.answers);
  if (other) await open(other.id);
  else say("everything is marked");
}

function turn(by) {
  const { questions } = state.overview, at = questions.findIndex((one) => one.id === state.data.progress.id);
  return open(questions[Math.min(Math.max(at + by, 0), questions.length - 1)].id);
}

function search(text) {
  get("search").value = text;
  const wanted = text.trim().toLowerCase();
  for (const one of cards()) element(one).hidden = !element(one).textContent.toLowerCase().includes(wanted);
  const there = visible();
  if (wanted) say(`${there.length} of ${cards().length} answers have “${text.trim()}”`);
  if (there.length && !there.includes(current())) choose(there[0].id);
}

// ---- keys ----

const KEYS = {
  j: () => step(1), k: () => step(-1), n: next, J: () => turn(1), K: () => turn(-1), 0: act.none, f: act.all, y: act.replace,
  "+": () => act.adjust(0.5), "=": () => act.adjust(0.5), "-": () => act.adjust(-0.5), c: () => get("comment").focus(), e: act.edit,
  "/": () => get("search").focus(), s: () => get("scheme").toggleAttribute("open"), q: () => get("asks").toggleAttribute("open"),
  o: () => element(current()).querySelector(".figures")?.toggleAttribute("open"),
};
const EVERYWHERE = { "?": () => get("keys").showModal(), d: () => view("differences"), r: () => view("requests"), w: names, m: () => view("marking"), u: act.undo };

function key(event) {
  if (document.querySelector("dialog[open]") || event.ctrlKey || event.metaKey) return;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (event.altKey) {
    if (digit && state.data.comments[digit - 1] && current()) act.again(state.data.comments[digit - 1]);
    else return;
  } else if (event.target.matches("input, textarea")) {
    if (event.key !== "Escape") return;
    event.target.blur();
  } else if (EVERYWHERE[event.key]) {
    Promise.resolve(EVERYWHERE[event.key]()).catch((error) => say(error.message, true));
  } else if (state.view === "marking" && KEYS[event.key]) {
    if ("jknJK/q".includes(event.key) || current()) Promise.resolve(KEYS[event.key]()).catch((error) => say(error.message, true));
  } else if (state.view === "marking" && /^[1-9]$/.test(event.key) && current() && state.data.items[event.key - 1]) {
    act.item(state.data.items[event.key - 1].id);
  } else {
    return;
  }
  event.preventDefault();
}

document.addEventListener("keydown", key);
get("search").addEventListener("input", () => search(get("search").value));
get("undo").addEventListener("click", () => act.undo().catch((error) => say(error.message, true)));
get("names").addEventListener("click", names);
get("help").addEventListener("click", () => get("keys").showModal());
for (const button of document.querySelectorAll("[data-view]")) button.addEventListener("click", () => view(button.dataset.view));
addEventListener("beforeunload", (event) => {
  if (cards().some((one) => one.draft && one.points == null)) event.preventDefault();
});

try {
  state.overview = await call("overview");
  get("title").textContent = state.overview.assignment;
  document.title = `Marking: ${state.overview.assignment}`;
  const { questions } = state.overview;
  await open((questions.find((one) => one.done < one.answers) ?? questions[0]).id);
} catch (error) {
  say(error.message, true);
}
