// How a file is read: sheet, row with the names, encoding, delimiter; each choice shows the first rows before it counts.

import { field, select } from "./forms.js";
import { api, banner, el, errorBanner } from "./studio.js";

const DELIMITERS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar |", "^": "caret ^", "~": "tilde ~", "\u001f": "unit separator" };
const SHEETS = ["xlsx"];
const TEXTS = ["csv", "tsv", "text", "json", "jsonl", "conll"];
const SHOWN_ROWS = 5;

/**
 * The choices for a reading, with a look at what they give.
 * @param {{reading: object, path: string, action: string, decide: (choices: object) => Promise<void>}} about
 *   `path` + "/preview" answers with rows; `decide` makes it count
 */
export function readingForm({ reading, path, action, decide }) {
  const { format, found = {} } = reading;
  const fields = { ...(SHEETS.includes(format) && { sheet: sheetField(found) }), ...(isText(format) && { encoding: encodingField(reading) }),
    ...(isTable(format) && { delimiter: delimiterField(reading) }), ...((SHEETS.includes(format) || isTable(format)) && { header_row: headerField(found) }) };
  const seen = el("div", { class: "reading-seen", "aria-live": "polite" });
  const keep = el("button", { type: "submit", class: "button primary reading-keep", text: action, disabled: true });
  const form = el("form", { class: "reading-form" }, el("div", { class: "fields" }, ...Object.values(fields)), seen, el("div", { class: "actions" }, keep));
  const chosen = () => Object.fromEntries([...form.elements].filter((each) => each.name && each.value !== "").map((each) => [each.name, each.name === "header_row" ? Number(each.value) : each.value]));
  let asked;
  const look = async () => {
    const mine = (asked = Symbol("asked"));
    keep.disabled = true;
    seen.setAttribute("aria-busy", "true");
    try {
      const payload = await api(`${path}/preview`, { method: "POST", body: chosen() });
      if (mine !== asked) return;
      seen.replaceChildren(...table(payload));
      keep.disabled = false;
    } catch (error) {
      if (mine === asked) seen.replaceChildren(errorBanner(error));
    } finally {
      if (mine === asked) seen.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("change", look);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    keep.disabled = true;
    await decide(chosen());
    keep.disabled = false;
  });
  return Object.keys(fields).length ? form : el("p", { class: "muted", text: "A file of this kind can be read in one way only." });
}

function isText(format) {
  return TEXTS.includes(format) || !format;
}

function isTable(format) {
  return ["csv", "tsv", "text", ""].includes(format || "");
}

function named(box, name) {
  box.name = name;
  return box;
}

function sheetField(found) {
  const sheets = found.sheets || [];
  if (!sheets.length) return field("reading-sheet", "Sheet", "Its name or its number.", named(el("input", { id: "reading-sheet", type: "text", maxlength: "200" }), "sheet"));
  return field("reading-sheet", "Sheet", "", named(select("reading-sheet", sheets.map((name) => [name, name]), found.sheet), "sheet"));
}

function headerField(found) {
  const input = el("input", { id: "reading-header", type: "number", min: "1", step: "1", placeholder: String(found.header_row || "searched") });
  return field("reading-header", "Row with the column names", "Rows above it are left out.", named(input, "header_row"));
}

function encodingField(reading) {
  const known = [["", `as found (${reading.encoding || "?"})`], ...(reading.encodings || []).map((name) => [name, name])];
  return field("reading-encoding", "Encoding", "Another one if letters with accents look wrong.", named(select("reading-encoding", known, ""), "encoding"));
}

function delimiterField(reading) {
  const now = reading.found?.delimiter;
  const known = [["", `as found${now ? ` (${DELIMITERS[now] || now})` : ""}`], ...(reading.delimiters || []).map((each) => [each, DELIMITERS[each] || each])];
  return field("reading-delimiter", "Fields are separated by", "", named(select("reading-delimiter", known, ""), "delimiter"));
}

function table({ columns, rows, notices }) {
  const shown = rows.slice(0, SHOWN_ROWS);
  const heads = [el("th", { scope: "col", class: "number", text: "Line" }), ...columns.map((text) => el("th", { scope: "col", text }))];
  const body = shown.map((row) => el("tr", {}, el("td", { class: "number muted", text: String(row._line) }), ...columns.map((name) => el("td", { class: "cell-text", text: row[name] ?? "" }))));
  return [...notices.map((each) => banner(each.severity, each.message, each.hint)), el("p", { class: "muted small", text: "The first rows would be:" }),
    el("div", { class: "table-box preview-box", tabindex: "0", role: "region", "aria-label": "First rows, read like this" }, el("table", { class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...body)))];
}
