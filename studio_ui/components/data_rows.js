// Rows of a data set, page by page: search, filter, edit in place; a bar collects changes until they are saved as one version.
// Python describes rows and controls (see row_nodes.py); what is not saved yet is kept here.

import { addressed, banner, call, confirmed, counted, el, errorBanner, remember, skeleton, t } from "./studio.js";
import { build, keepingFocus, reconcile } from "./view.js";

// The filters that stand in the page's address.
const FILTERS = ["q", "label", "rows", "problem"];
const WAIT_MS = 250;
// Data sets whose test rows were looked at since this page was opened.
const looked = new Set();

/** Changes that are not saved yet. */
class Draft {
  cells = {};
  gone = new Set();
  added = [];

  /** Note a new content of one cell; the content it had before takes the note back. */
  set(id, column, value, before) {
    const cells = { ...this.cells[id] };
    if (value === (before ?? "")) delete cells[column];
    else cells[column] = value;
    if (Object.keys(cells).length) this.cells[id] = cells;
    else delete this.cells[id];
  }

  get size() {
    return Object.keys(this.cells).length + this.gone.size + this.added.length;
  }

  /** As Python describes rows with it. */
  get noted() {
    return { cells: this.cells, gone: [...this.gone] };
  }

  get changes() {
    const edited = Object.entries(this.cells).filter(([id]) => !this.gone.has(Number(id)));
    const edits = edited.map(([id, cells]) => ({ op: "edit", row_id: Number(id), cells }));
    const removed = this.gone.size ? [{ op: "delete", rows: { ids: [...this.gone] } }] : [];
    return [...edits, ...removed, ...this.added.map((cells) => ({ op: "add", cells }))];
  }
}

class Rows {
  constructor(root, { trigger, props, server }) {
    Object.assign(this, { root, trigger, props, server, about: null, asked: null, draft: new Draft(), rows: new Map() });
    this.note = el("div", {});
    root.classList.add("row-table");
    root.addEventListener("dblclick", (event) => this.editCell(event.target.closest("td[data-column]")));
  }

  part(selector) {
    return this.root.querySelector(selector);
  }

  /** Ask for the first rows that fit the address; everything is drawn anew where it is another data set or version. */
  async open() {
    const asked = (this.asked = Symbol("asked"));
    if (!this.about) this.root.replaceChildren(skeleton(6));
    const page = await this.fetch({ after: -1 });
    if (asked !== this.asked) return;
    if (!page) {
      this.about = null;
      this.root.replaceChildren(this.note.childNodes.length ? this.note : "");
      return;
    }
    if (page.frame) this.draw(page);
    this.begin(page);
  }

  /** A page of rows, with what Python has to know of those that are here. */
  async fetch(about) {
    const query = addressed();
    this.key = JSON.stringify([query.id, ...FILTERS.map((name) => query[name] || "")]);
    this.note.replaceChildren();
    const { draft, about: known } = this;
    try {
      return await call(this.server, "read_page", { query, looked: [...looked], draft: draft.noted, version_id: known?.version_id, ...about });
    } catch (error) {
      this.note.replaceChildren(errorBanner(error));
      return null;
    }
  }

  /** The address changed: ask again if it concerns the rows, and show them where a problem was chosen. */
  async follow() {
    const query = addressed();
    if (JSON.stringify([query.id, ...FILTERS.map((name) => query[name] || "")]) === this.key) return;
    await this.open();
    if (this.about && (query.problem || query.rows)) this.root.scrollIntoView({ block: "start", behavior: "instant" });
  }

  draw({ about, columns, frame }) {
    Object.assign(this, { about, columns, draft: new Draft() });
    this.root.replaceChildren(...frame.map((node) => build(node, (detail) => this.act(detail))));
    this.part(".rows-note").append(this.note);
    this.root.dataset.shownVersion = about.version;
    let waiting;
    this.part("#rows-search").addEventListener("input", ({ target }) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.act({ query: { q: target.value.trim() || null } }), WAIT_MS);
    });
    this.keep();
  }

  act({ query, name, value }) {
    if (query) {
      remember(query);
      return this.open();
    }
    const acts = {
      more: () => this.next(),
      edit: () => this.edit(value),
      gone: () => this.markGone(...value),
      look: () => this.unveil(),
      adder: () => this.showAdder(value),
      add: () => this.add(value),
      label: () => this.setLabel(...value),
      save: () => this.save(value),
      discard: () => this.discard(),
    };
    return acts[name]();
  }

  /** The first page of what was asked for. */
  begin(page) {
    const query = addressed();
    if (document.activeElement?.id !== "rows-search") this.part("#rows-search").value = query.q || "";
    for (const name of FILTERS.slice(1)) if (this.part(`#rows-${name}`)) this.part(`#rows-${name}`).value = query[name] || "";
    this.rows.clear();
    this.part("tbody").replaceChildren();
    this.describe("#rows-bulk", page.bulk);
    this.part("#rows-bulk").hidden = !page.bulk.length;
    if (page.note) this.note.replaceChildren(build(page.note));
    this.append(page);
  }

  describe(selector, nodes) {
    reconcile(this.part(selector), nodes, (detail) => this.act(detail));
  }

  async next() {
    const more = this.part(".row-more button");
    more.disabled = true;
    const { after, shown, tested } = this.page;
    const page = await this.fetch({ after, shown, tested });
    if (page) this.append(page);
    more.disabled = false;
  }

  append(page) {
    this.page = page;
    page.rows.forEach((row, at) => {
      const node = build(page.nodes[at], (detail) => this.act(detail));
      this.rows.set(row._id, { row, node });
      this.part("tbody").append(node);
    });
    const tested = page.rows.filter((row) => row.test).length;
    if (tested && !page.veiled) this.look(tested);
    this.describe(".peek-note", page.peek ? [page.peek] : []);
    this.part(".row-more button").hidden = page.after == null;
    this.part(".row-more p").textContent = page.words;
  }

  /** Count a look at test rows. */
  look(rows) {
    looked.add(this.about.id);
    this.trigger("looked", { dataset: this.about.id, version: this.about.version, rows });
  }

  /** Rows of the final test are veiled where people only browse. */
  unveil() {
    this.look(this.page.tested);
    this.page.veiled = false;
    return this.refresh([...this.rows.values()].filter(({ row }) => row.test));
  }

  /** Show these rows as they are noted now. */
  async refresh(shown) {
    const { about, columns, draft, page } = this;
    const asked = { rows: shown.map(({ row }) => row), about, columns, draft: draft.noted, veiled: page.veiled, tested: page.tested };
    try {
      const { nodes, peek } = await call(this.server, "describe_rows", asked);
      shown.forEach(({ node }, at) => keepingFocus(node, () => this.fill(node, nodes[at])));
      this.describe(".peek-note", peek ? [peek] : []);
    } catch (error) {
      this.note.replaceChildren(errorBanner(error));
    }
  }

  fill(node, [, attributes, ...cells]) {
    node.className = attributes.class || "";
    node.replaceChildren(...cells.map((cell) => build(cell, (detail) => this.act(detail))));
  }

  async markGone(id, yes) {
    this.draft.gone[yes ? "add" : "delete"](id);
    this.keep();
    if (this.rows.has(id)) await this.refresh([this.rows.get(id)]);
    this.land(id);
  }

  /** The focus stays in the row whose content was made anew. */
  land(id) {
    const { node } = this.rows.get(id) || {};
    if (node && document.activeElement === node) node.querySelector("button")?.focus();
  }

  editCell(cell) {
    const id = Number(cell?.closest("[data-row]").dataset.row);
    if (cell && !cell.querySelector(".cell-input")) this.edit(id, cell.dataset.column);
  }

  edit(id, focus) {
    const { row, node } = this.rows.get(id);
    const [before, classes] = [[...node.childNodes], node.className];
    const names = [...node.querySelectorAll("td[data-column].cell-text")].map((cell) => cell.dataset.column);
    const inputs = new Map(names.map((name) => [name, this.input(row, name)]));
    const close = async (keep) => {
      node.onkeydown = null;
      if (keep) inputs.forEach((input, name) => this.draft.set(id, name, input.value, row.cells[name]));
      if (keep) this.keep();
      if (keep) await this.refresh([{ row, node }]);
      else keepingFocus(node, () => Object.assign(node, { className: classes }).replaceChildren(...before));
      this.land(id);
    };
    const button = (text, keep, look = "") => el("button", { type: "button", class: `button small ${look}`, text, onclick: () => close(keep) });
    const tools = el("div", { class: "row-actions" }, button(t("Done"), true, "primary"), button(t("Cancel"), false));
    const cells = [...inputs].map(([name, input]) => el("td", { "data-column": name }, input));
    node.className = "";
    node.replaceChildren(before[0].cloneNode(true), ...cells, el("td", {}, tools));
    node.onkeydown = (event) => {
      if (event.key === "Escape") close(false);
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.tagName === "INPUT")) close(true);
    };
    inputs.get(focus ?? names[0]).focus();
  }

  input(row, name) {
    const value = this.draft.cells[row._id]?.[name] ?? row.cells[name] ?? "";
    const about = { class: "cell-input", "aria-label": t("{name}, line {line}", { name, line: row._line }) };
    const input = name === this.about.columns.label ? el("input", { ...about, type: "text", list: "label-names" })
      : el("textarea", { ...about, rows: String(Math.min(8, Math.max(2, Math.ceil(value.length / 60)))) });
    input.value = value;
    return input;
  }

  showAdder(open) {
    const adder = this.part("#rows-adder");
    adder.hidden = !open;
    if (open) adder.querySelector("input, textarea").focus();
    else this.part("#rows-add-form").reset();
  }

  /** Note a new row. @param texts number of the column -> text */
  add(texts) {
    const filled = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== "").map(([at, text]) => [this.columns[at], text]));
    if (!Object.keys(filled).length) return this.showAdder(true);
    this.draft.added.push(filled);
    this.keep();
    return this.showAdder(false);
  }

  async setLabel(change, found) {
    const box = this.part("#bulk-label");
    const value = box.value.trim();
    if (!value) return box.focus();
    const title = t("Label {found} “{value}”?", { found, value });
    const sure = await confirmed({ title, text: t("This makes a new version; the one you see stays."), action: t("Set the label") });
    return sure && this.save([{ ...change, value }]);
  }

  /** Note the draft in the component's value, which goes to Python with every event. */
  keep() {
    const { draft, about } = this;
    this.props.value = { version: about.version, changes: draft.changes };
    this.tell(t("{draft} changed, not saved yet.", { draft: counted(draft.size, "row") }), draft.size === 0 && !this.busy);
  }

  tell(words, hidden, problem = "") {
    this.part("#draft-bar").hidden = hidden;
    this.part("#draft-bar strong").textContent = words;
    this.part("#draft-bar [role=status]").replaceChildren(problem);
  }

  /** Save what is noted together with `more` changes; everything is checked again. */
  save(more) {
    if (this.busy) return;
    this.busy = true;
    this.part("#draft-bar").setAttribute("aria-busy", "true");
    this.tell(t("Checking every row…"), false);
    this.trigger("save", { dataset: this.about.id, version: this.about.version, changes: [...this.draft.changes, ...more] });
  }

  discard() {
    this.about = null;
    return this.open();
  }

  /** Python's answer: what a save was refused for, or that there is another version. */
  take({ error, saved }) {
    this.busy = false;
    if (this.about) this.rest(error);
    if (saved) this.open();
  }

  rest(error) {
    this.part("#draft-bar").removeAttribute("aria-busy");
    this.keep();
    if (!error) return;
    const told = error.code === "nothing_changed" ? banner("info", error.message, error.hint) : errorBanner(error);
    this.tell(this.draft.size ? this.part("#draft-bar strong").textContent : "", false, told);
  }

  /** A change that was decided elsewhere on the page. */
  noteCell({ row_id: id, column, value, before }) {
    if (!this.about) return;
    this.draft.set(id, column, value, before);
    this.keep();
    if (this.rows.has(id)) this.refresh([this.rows.get(id)]);
  }
}

export function mount({ element, trigger, props, server, watch }) {
  const rows = new Rows(element.querySelector(".browser-component"), { trigger, props, server });
  watch("answer", () => props.answer && rows.take(props.answer));
  watch("noted", () => props.noted && rows.noteCell(props.noted));
  addEventListener("popstate", () => rows.follow());
  return rows.open();
}
