// A table of a data set's rows, page by page, with cells that can be edited in place. Knows the draft, no filter's form.

import { knownTypes, markedText } from "./marked_text.js";
import { api, counted, count, el, errorBanner } from "./studio.js";
import { isVeiled, noteLook, peekNote } from "./test_peek.js";

export const PAGE = 20;

/**
 * Rows that fit `filter` (the query of `GET /rows`).
 * @param {{dataset: object, columns: string[], draft: Draft, name: string, loaded?: (page: object) => void}} about
 */
export class RowTable {
  constructor(about) {
    Object.assign(this, { loaded: () => {}, browsing: false, tested: [], fills: [], ...about });
    const shown = [...new Set([...Object.values(this.dataset.columns), ...this.columns])];
    this.shown = shown;
    knownTypes(Object.keys(this.dataset.labels || {}));
    this.used = new Set(Object.values(this.dataset.columns));
    this.label = this.dataset.columns.label;
    this.head = el("tr", {}, el("th", { scope: "col", class: "number", text: "Line" }), ...shown.map((text) => el("th", { scope: "col", text })), el("th", { scope: "col" }, el("span", { class: "sr-only", text: "Actions" })));
    this.body = el("tbody", {});
    this.more = el("button", { type: "button", class: "button small", text: "Show more", hidden: true, onclick: () => this.next() });
    this.found = el("p", { class: "muted small", role: "status" });
    this.note = el("div", {});
    this.peek = el("div", { class: "peek-note" });
    this.node = el("div", { class: "row-table" }, this.note, this.peek,
      el("div", { class: "table-box preview-box", tabindex: "0", role: "region", "aria-label": this.name }, el("table", { class: "data-table" }, el("thead", {}, this.head), this.body)),
      el("div", { class: "actions row-more" }, this.found, this.more));
  }

  /** Show the first page of another filter. */
  async load(filter) {
    Object.assign(this, { filter, after: -1, count: 0 });
    const asked = (this.asked = Symbol("asked"));
    const page = await this.fetch();
    if (!page || asked !== this.asked) return;
    this.body.replaceChildren();
    Object.assign(this, { tested: [], fills: [] });
    this.note.replaceChildren(lostLines(page.lost_lines));
    this.append(page);
  }

  /** Show a first page that is already there. */
  begin(page) {
    Object.assign(this, { filter: {}, after: -1, count: 0 });
    this.append(page);
  }

  async next() {
    this.more.disabled = true;
    const page = await this.fetch();
    if (page) this.append(page);
    this.more.disabled = false;
  }

  async fetch() {
    const query = new URLSearchParams({ version: this.dataset.version, after: this.after, limit: PAGE, ...this.filter });
    try {
      return await api(`/api/v1/datasets/${encodeURIComponent(this.dataset.id)}/rows?${query}`);
    } catch (error) {
      this.note.replaceChildren(errorBanner(error));
      return null;
    }
  }

  append(page) {
    this.body.append(...page.rows.map((row) => this.row(row)));
    this.tested.push(...page.rows.filter((row) => row.test));
    if (page.rows.some((row) => row.test) && !this.veiled) noteLook(this.dataset, page.rows.filter((row) => row.test));
    this.peek.replaceChildren(peekNote(this.dataset, this.tested, () => this.unveil()));
    this.count += page.rows.length;
    this.after = page.after;
    this.more.hidden = page.after == null;
    this.found.textContent = page.matching ? `${count(this.count)} of ${counted(page.matching, "row")} shown` : page.lost_lines.length ? "" : "No row fits.";
    this.loaded(page);
  }

  /** Rows of the final test are veiled where people only browse; a problem cannot be judged without its rows. */
  get veiled() {
    return this.browsing && isVeiled(this.dataset);
  }

  unveil() {
    noteLook(this.dataset, this.tested);
    for (const fill of this.fills) fill();
    this.peek.replaceChildren(peekNote(this.dataset, this.tested, () => {}));
  }

  row(row) {
    const line = el("tr", { "data-row": String(row._id) });
    const fill = () => {
      const gone = this.draft.gone.has(row._id);
      const changed = this.draft.cells.has(row._id);
      line.className = [gone && "row-gone", changed && "row-changed", row.excluded && "row-excluded"].filter(Boolean).join(" ");
      line.replaceChildren(this.lineCell(row, gone, changed), ...this.shown.map((name) => this.cell(row, name, edit)), el("td", {}, this.actions(row, gone, fill, edit)));
    };
    const edit = (focus) => {
      const inputs = new Map(this.shown.map((name) => [name, this.input(row, name)]));
      const close = (keep) => {
        if (keep) inputs.forEach((input, name) => this.draft.set(row, name, input.value));
        fill();
        line.querySelector("button")?.focus();
      };
      line.replaceChildren(this.lineCell(row, false, false), ...[...inputs].map(([name, input]) => el("td", { "data-column": name }, input)),
        el("td", {}, el("div", { class: "row-actions" }, el("button", { type: "button", class: "button small primary", text: "Done", onclick: () => close(true) }), el("button", { type: "button", class: "button small", text: "Cancel", onclick: () => close(false) }))));
      line.onkeydown = (event) => {
        if (event.key === "Escape") close(false);
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.tagName === "INPUT")) close(true);
      };
      inputs.get(focus ?? this.shown[0]).focus();
    };
    fill();
    if (row.test) this.fills.push(fill);
    return line;
  }

  lineCell(row, gone, changed) {
    const words = gone ? "will be deleted" : changed ? "changed" : row.excluded ? "left out" : row.evaluation ? "test file" : row.test ? "final test" : "";
    return el("td", { class: "number muted", "data-column": "Line" }, String(row._line), words ? el("div", { class: "row-state", text: words }) : "");
  }

  cell(row, name, edit) {
    if (row.test && this.veiled) return el("td", { class: "cell-text muted", "data-column": name, text: name === this.shown[0] ? "kept for the final test" : "" });
    const value = this.draft.get(row, name);
    const marked = row.marked && !this.draft.cells.has(row._id) ? row.marked : null;
    if (marked?.column === name) {
      const shown = el("td", { class: "cell-text", "data-column": name }, markedText(marked.text, marked.spans));
      shown.addEventListener("dblclick", () => edit(name));
      return shown;
    }
    const quiet = marked && this.used.has(name) ? " cell-quiet" : "";
    const cell = el("td", { class: `cell-text${quiet}`, "data-column": name }, value == null || value === "" ? el("span", { class: "muted", text: "empty" }) : visible(value));
    cell.addEventListener("dblclick", () => edit(name));
    return cell;
  }

  input(row, name) {
    const value = this.draft.get(row, name) ?? "";
    const label = `${name}, line ${row._line}`;
    if (name === this.label) return withValue(el("input", { type: "text", class: "cell-input", "aria-label": label, list: "label-names" }), value);
    const rows = Math.min(8, Math.max(2, Math.ceil(value.length / 60)));
    return withValue(el("textarea", { class: "cell-input", "aria-label": label, rows: String(rows) }), value);
  }

  actions(row, gone, fill, edit) {
    if (gone) return el("button", { type: "button", class: "button small", text: "Keep", "aria-label": `Keep line ${row._line}`, onclick: () => { this.draft.remove(row, false); fill(); } });
    const op = row.excluded ? "include" : "exclude";
    return el("div", { class: "row-actions" },
      el("button", { type: "button", class: "button small", text: "Edit", "aria-label": `Edit line ${row._line}`, onclick: () => edit() }),
      el("button", { type: "button", class: "button small", text: row.excluded ? "Bring back" : "Leave out", "aria-label": `${row.excluded ? "Bring back" : "Leave out"} line ${row._line}`, onclick: () => this.draft.send([{ op, rows: { ids: [row._id] } }]) }),
      el("button", { type: "button", class: "button small stop", text: "Delete", "aria-label": `Delete line ${row._line}`, onclick: () => { this.draft.remove(row, true); fill(); } }));
  }
}

function withValue(input, value) {
  input.value = value;
  return input;
}

// Characters that nobody sees are shown by their code, since they are often what is wrong.
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;

function visible(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(HIDDEN)) {
    const code = match[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
    parts.push(text.slice(from, match.index), el("span", { class: "hidden-mark", title: "A character that cannot be seen", text: `U+${code}` }));
    from = match.index + match[0].length;
  }
  const shown = el("span", {});
  shown.append(...parts, text.slice(from));
  return shown;
}

function lostLines(lines) {
  if (!lines?.length) return "";
  return el("p", { class: "muted", text: `${counted(lines.length, "line")} of the file could not be read, so there is nothing to show: ${lines.slice(0, 50).join(", ")}${lines.length > 50 ? "…" : ""}` });
}
