// Rows of a data set, page by page: search, filter, edit in place; a bar collects changes until they are saved as one version.
// Python describes rows and controls (see row_nodes.py); what is not saved yet is kept here.

import { addressed, banner, call, el, errorBanner, nt, remember, skeleton, t } from "./studio.js";
import { build, keepingFocus, reconcile } from "./view.js";

// The filters that stand in the page's address.
const FILTERS = ["q", "label", "rows", "problem"];
const WAIT_MS = 250;
// Data sets whose test rows were looked at since this page was opened.
const looked = new Set();

/** Changes of a version that are not saved yet; they outlive a reload in this tab. */
class Draft {
  constructor(version) {
    this.key = `rows ${version}`;
    // What is noted for many rows comes first, so that a single row can be an exception.
    Object.assign(this, { cells: {}, rows: {}, many: [], added: [] }, JSON.parse(sessionStorage.getItem(this.key)));
  }

  store() {
    const { key, ...noted } = this;
    sessionStorage.removeItem(key);
    if (this.size) sessionStorage.setItem(key, JSON.stringify(noted));
  }

  /** Note a new content of one cell; the content it had before takes the note back. */
  set(id, column, value, before) {
    const cells = { ...this.cells[id] };
    if (value === (before ?? "")) delete cells[column];
    else cells[column] = value;
    if (Object.keys(cells).length) this.cells[id] = cells;
    else delete this.cells[id];
  }

  get size() {
    return new Set([...Object.keys(this.cells), ...Object.keys(this.rows)]).size + this.many.length + this.added.length;
  }

  /** As Python describes rows with it. */
  get noted() {
    return { cells: this.cells, rows: this.rows, many: this.many.flatMap(({ changes }) => changes) };
  }

  get changes() {
    const edited = Object.entries(this.cells).filter(([id]) => this.rows[id] !== "delete");
    const edits = edited.map(([id, cells]) => ({ op: "edit", row_id: Number(id), cells }));
    const ids = (op) => Object.keys(this.rows).filter((id) => this.rows[id] === op).map(Number);
    const marked = ["exclude", "include", "delete"].map((op) => ({ op, rows: { ids: ids(op) } })).filter(({ rows }) => rows.ids.length);
    return [...this.noted.many, ...edits, ...marked, ...this.added.map(({ cells }) => ({ op: "add", cells }))];
  }
}

/** What the fields inside of a row or form hold: column -> text; the messages of a conversation become a list in JSON. */
function collected(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-field]")].map((field) => [field.dataset.field, contentOf(field)]));
}

function contentOf(field) {
  const [who, text] = ["select", "textarea"];
  const list = field.querySelector(".turn-list");
  if (!list) return field.querySelector(".cell-input").value;
  const turns = [...list.children].map((turn) => ({ role: turn.querySelector(who).value, content: turn.querySelector(text).value, ...JSON.parse(turn.dataset.rest) }));
  return turns.some(({ content }) => content) ? JSON.stringify(turns) : "";
}

/** Move, remove or add a message of a conversation that is edited. */
function changeTurns(button) {
  const [turn, editor] = [button.closest(".turn"), button.closest(".turn-editor")];
  const steps = {
    up: () => turn.previousElementSibling?.before(turn),
    down: () => turn.nextElementSibling?.after(turn),
    remove: () => turn.remove(),
    add: () => {
      const list = editor.querySelector(".turn-list");
      const made = editor.querySelector(".turn-template .turn").cloneNode(true);
      made.querySelector("select").value = list.lastElementChild?.querySelector("select").value === "user" ? "assistant" : "user";
      list.append(made);
      made.querySelector("textarea").focus();
    },
  };
  steps[button.dataset.turn]();
  if (turn) (turn.isConnected ? button : editor.lastElementChild).focus();
}

class Rows {
  constructor(root, { trigger, props, server }) {
    Object.assign(this, { root, trigger, props, server, about: null, asked: null, rows: new Map() });
    this.note = el("div", {});
    root.classList.add("row-table");
    root.addEventListener("dblclick", (event) => this.editCell(event.target.closest("td[data-column]")));
    root.addEventListener("keydown", (event) => this.press(event));
    root.addEventListener("click", ({ target }) => target.closest("[data-turn]") && changeTurns(target.closest("[data-turn]")));
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
    // Rows were described before it was known that something is noted for them.
    if (page.frame && this.draft.size) return this.open();
    this.begin(page);
  }

  /** A page of rows, with what Python has to know of those that are here. */
  async fetch(about) {
    const query = addressed();
    this.key = JSON.stringify([query.id, ...FILTERS.map((name) => query[name] || "")]);
    this.note.replaceChildren();
    const { draft, about: known } = this;
    try {
      return await call(this.server, "read_page", { query, looked: [...looked], draft: known && draft.noted, version_id: known?.version_id, ...about });
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
    Object.assign(this, { about, columns, draft: new Draft(about.version_id) });
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
      close: () => this.close(...value),
      mark: () => this.mark(...value),
      look: () => this.unveil(),
      adder: () => this.showAdder(value),
      add: () => this.add(),
      label: () => this.setLabel(...value),
      many: () => this.noteMany(value),
      save: () => this.save(),
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

  /** Show these rows as they are noted now; the row `editing` gets fields. */
  async refresh(shown, editing) {
    const { about, columns, draft, page } = this;
    const asked = { rows: shown.map(({ row }) => row), about, columns, draft: draft.noted, veiled: page.veiled, tested: page.tested, editing };
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

  /** Note what is to be done with a row. @param {"delete" | "exclude" | "include" | null} op */
  async mark(id, op) {
    const excluded = Boolean(this.rows.get(id).row.excluded);
    if (op && (op === "delete" || (op === "exclude") !== excluded || this.draft.many.length)) this.draft.rows[id] = op;
    else delete this.draft.rows[id];
    this.keep();
    await this.refresh([this.rows.get(id)]);
    this.land(id);
  }

  /** The focus stays in the row whose content was made anew. */
  land(id) {
    const { node } = this.rows.get(id) || {};
    if (node && document.activeElement === node) node.querySelector("button")?.focus();
  }

  editCell(cell) {
    const id = Number(cell?.closest("[data-row]").dataset.row);
    if (cell && !this.about.closed && !cell.closest(".row-editing")) this.edit(id, cell.dataset.column);
  }

  async edit(id, column) {
    const shown = this.rows.get(id);
    await this.refresh([shown], id);
    shown.before = collected(shown.node);
    const cell = [...shown.node.querySelectorAll("[data-field]")].find(({ dataset }) => !column || dataset.field === column);
    cell?.querySelector(".cell-input").focus();
  }

  /** End the edit of a row, and note what was changed if it is kept. */
  async close(id, keep) {
    const shown = this.rows.get(id);
    const changed = Object.entries(collected(shown.node)).filter(([name, value]) => keep && value !== shown.before[name]);
    for (const [name, value] of changed) this.draft.set(id, name, value, shown.row.cells[name]);
    this.keep();
    await this.refresh([shown]);
    this.land(id);
  }

  press(event) {
    const id = event.target.closest(".row-editing")?.dataset.row;
    if (!id) return;
    if (event.key === "Escape") this.close(Number(id), false);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.target.tagName === "INPUT")) this.close(Number(id), true);
  }

  showAdder(open) {
    const adder = this.part("#rows-adder");
    adder.hidden = !open;
    if (open) adder.querySelector("input, textarea").focus();
    else this.part("#rows-add-form").reset();
  }

  /** Note a new row. */
  add() {
    const form = this.part("#rows-add-form");
    const cells = Object.fromEntries(Object.entries(collected(form)).filter(([, text]) => text !== ""));
    if (!Object.keys(cells).length) return this.showAdder(true);
    const written = [...form.querySelectorAll(".cell-input")].map(({ value }) => value).filter(Boolean).join(" · ");
    this.draft.added.push({ cells, words: t("A new row: {written}", { written: written.slice(0, 80) }) });
    this.keep();
    return this.showAdder(false);
  }

  setLabel(change, found) {
    const box = this.part("#bulk-label");
    const value = box.value.trim();
    if (!value) return box.focus();
    return this.noteMany({ changes: [{ ...change, value }], words: t("Label {found} “{value}”", { found, value }) });
  }

  /** Note a change of many rows, once. */
  noteMany(many) {
    const known = this.draft.many.map(({ changes }) => JSON.stringify(changes));
    if (!known.includes(JSON.stringify(many.changes))) this.draft.many.push(many);
    this.keep();
    return this.open();
  }

  /** Note the draft in the component's value, which goes to Python with every event. */
  keep() {
    const { draft, about } = this;
    draft.store();
    this.props.value = { version: about.version, changes: draft.changes };
    this.part("#draft-list").replaceChildren(...[draft.many, draft.added].flatMap((list) => list.map((item) => this.listed(list, item))));
    this.tell(nt("{number} change waits to be saved.", "{number} changes wait to be saved.", draft.size), draft.size === 0 && !this.busy);
  }

  listed(list, item) {
    const back = () => {
      list.splice(list.indexOf(item), 1);
      this.keep();
      return this.open();
    };
    return el("li", {}, el("span", { text: item.words }), el("button", { type: "button", class: "button small", text: t("Take back"), onclick: back }));
  }

  tell(words, hidden, problem = "") {
    this.part("#draft-bar").hidden = hidden;
    this.part("#draft-bar strong").textContent = words;
    this.part("#draft-bar [role=status]").replaceChildren(problem);
  }

  /** Save what is noted; everything is checked again. */
  save() {
    if (this.busy) return;
    this.busy = true;
    this.part("#draft-bar").setAttribute("aria-busy", "true");
    this.tell(t("Checking every row…"), false);
    this.trigger("save", { dataset: this.about.id, version: this.about.version, changes: this.draft.changes });
  }

  /** Forget what is noted, and show the rows as they are. */
  discard() {
    sessionStorage.removeItem(this.draft.key);
    this.about = null;
    return this.open();
  }

  /** Python's answer: what a save was refused for, or that there is another version. */
  take({ error, saved }) {
    this.busy = false;
    if (this.about) this.rest(error);
    if (saved && this.about) sessionStorage.removeItem(this.draft.key);
    if (saved) this.open();
  }

  rest(error) {
    this.part("#draft-bar").removeAttribute("aria-busy");
    this.keep();
    if (!error) return;
    const message = error.code === "nothing_changed" ? banner("info", error.message, error.hint) : errorBanner(error);
    this.tell(this.draft.size ? this.part("#draft-bar strong").textContent : "", false, message);
  }

  /** A cell that was decided elsewhere on the page. */
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
  addEventListener("noted", ({ detail }) => rows.about && rows.noteMany(detail));
  return rows.open();
}
