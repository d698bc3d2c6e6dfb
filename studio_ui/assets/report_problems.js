// The problems of a version: what, which rows, what can be done at once; and the rows that were left out by hand.

import { RowTable } from "./row_table.js";
import { banner, count, counted, el } from "./studio.js";

const LINES_SHOWN = 12;
// What one click can put right.
const REMEDIES = {
  label_spelling: ["merge_labels", "Write each label in one way"],
  hidden_characters: ["clean", "Remove these characters"],
  control_characters: ["clean", "Remove these characters"],
  span_within_word: ["repair", "Take the whole words"],
  i_without_b: ["repair", "Begin each entity with B-"],
};
// Which problems were opened, so that they stay open when a change made a new version.
const opened = new Set();

/** The section with every problem; empty if there is none. */
export function problems(dataset, columns, draft) {
  const found = dataset.report.problems || [];
  const excluded = dataset.report.rows?.excluded || 0;
  if (!found.length && !excluded) return "";
  const rows = el("ul", { class: "problems" }, ...found.map((each) => problemRow(each, (place) => tools(place, each, dataset, columns, draft))));
  return el("section", { class: "report-part", id: "report-problems" },
    el("div", { class: "card-head" }, el("h3", { text: found.length ? "What needs attention" : "Nothing needs attention" }),
      found.length ? el("a", { id: "report-download", class: "button small", href: `/api/v1/datasets/${encodeURIComponent(dataset.id)}/report.csv?version=${dataset.version}`, download: "", text: "Download as CSV" }) : ""),
    rows, excluded ? excludedRow(excluded, dataset, columns, draft) : "");
}

/** One problem as a list entry: what, what to do, which lines. `more(place)` adds what can be done about it. */
export function problemRow(problem, more = () => {}) {
  const lines = problem.rows || [];
  const shown = lines.slice(0, LINES_SHOWN).join(", ");
  const rest = problem.count - Math.min(LINES_SHOWN, lines.length);
  const tail = rest > 0 ? ` and ${count(rest)} more` : "";
  const row = banner(problem.severity, problem.message, problem.hint, problem.code);
  const words = row.lastChild;
  if (lines.length) words.append(el("p", { class: "problem-lines" }, el("strong", { text: `${counted(problem.count, "row")}: ` }), `line${lines.length === 1 ? "" : "s"} ${shown}${tail}`));
  const examples = (problem.examples || []).map(exampleWords).filter(Boolean);
  const item = el("li", { "data-problem": problem.key || problem.code }, row);
  if (problem.key && problem.count) more(words);
  else if (examples.length) words.append(el("details", { class: "more" }, el("summary", { text: "Show examples" }), el("ul", {}, ...examples.map((text) => el("li", { text })))));
  return item;
}

function tools(place, problem, dataset, columns, draft) {
  const rows = el("div", { class: "problem-rows" });
  const show = el("button", { type: "button", class: "button small problem-show", "aria-expanded": "false", text: "Show and fix the rows" });
  const toggle = async () => {
    const open = show.getAttribute("aria-expanded") !== "true";
    show.setAttribute("aria-expanded", String(open));
    show.textContent = open ? "Hide the rows" : "Show and fix the rows";
    opened[open ? "add" : "delete"](problem.key);
    if (!open) return rows.replaceChildren();
    const table = new RowTable({ dataset, columns, draft, name: problem.message });
    rows.replaceChildren(table.node);
    return table.load({ problem: problem.key });
  };
  show.addEventListener("click", toggle);
  const leave = el("button", { type: "button", class: "button small problem-exclude", text: `Leave out ${problem.count === 1 ? "this row" : `these ${count(problem.count)} rows`}`,
    onclick: () => draft.send([{ op: "exclude", rows: { problem: problem.key } }]) });
  const [op, words] = REMEDIES[problem.code] || [];
  const remedy = op ? el("button", { type: "button", class: "button small primary problem-remedy", text: words, onclick: () => draft.send([op === "merge_labels" ? { op } : { op, rows: { problem: problem.key } }]) }) : "";
  place.append(el("div", { class: "actions problem-actions" }, remedy, show, op === "merge_labels" ? "" : leave), rows);
  if (opened.has(problem.key)) toggle();
}

function excludedRow(number, dataset, columns, draft) {
  const rows = el("div", { class: "problem-rows" });
  const show = el("button", { type: "button", class: "button small", "aria-expanded": "false", text: "Show them" });
  show.addEventListener("click", () => {
    const open = show.getAttribute("aria-expanded") !== "true";
    show.setAttribute("aria-expanded", String(open));
    show.textContent = open ? "Hide them" : "Show them";
    const table = new RowTable({ dataset, columns, draft, name: "Rows left out" });
    rows.replaceChildren(...(open ? [table.node] : []));
    if (open) table.load({ excluded: "true" });
  });
  const back = el("button", { id: "report-include", type: "button", class: "button small", text: `Bring ${number === 1 ? "it" : "them"} back`, onclick: () => draft.send([{ op: "include", rows: { excluded: true } }]) });
  const payload = banner("info", `${counted(number, "row")} ${number === 1 ? "was" : "were"} left out by hand.`, "They stay in the data set and are used for nothing until you bring them back.");
  payload.id = "report-excluded";
  payload.lastChild.append(el("div", { class: "actions problem-actions" }, show, back), rows);
  return payload;
}

function exampleWords(example) {
  if (typeof example !== "object" || example === null) return String(example);
  const { row, line, ...rest } = example;
  const place = row ?? line;
  const words = Object.entries(rest).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : value}`).join("; ");
  return place == null ? words : `line ${place} – ${words}`;
}
