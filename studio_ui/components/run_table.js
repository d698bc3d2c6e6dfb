// The table of runs in the browser: asks Python for pages of rows (see run_table.py) and keeps the view in the address.

import { SavedViews, askText } from "./run_table_views.js";
import { addressed, ask, call, confirmed, counted, el, errorBanner, poll, remember, t, toast } from "./studio.js";
import { build, keepingFocus, reconcile } from "./view.js";

const EVERY = 3000;
// Rows in one answer of the server.
const LARGEST = 500;
// More chosen runs than this would make an address that servers refuse.
const MOST_IN_ADDRESS = 60;
const OTHER_FILTERS = ["q", "starred", "experiment"];

class RunTable {
  constructor(root, props, server) {
    const { columns, filters, page, most, deletion } = props;
    Object.assign(this, { root, server, columns, filters, page, most, deletion });
    this.keys = [...this.filters, ...OTHER_FILTERS];
    const address = addressed();
    this.view = Object.fromEntries(Object.entries(address).filter(([key]) => [...this.keys, "sort", "order"].includes(key)));
    this.rows = new Map();
    this.elements = new Map();
    this.chosen = new Map((address.chosen || "").split(",").filter(Boolean).map((id) => [id, null]));
    Object.assign(this, { order: [], size: this.page, turn: 0 });
    this.build(props.frame);
  }

  build(frame) {
    this.root.replaceChildren(...frame.map((node) => build(node, (detail) => this.press(detail))));
    const part = (name) => this.root.querySelector(`#runs-${name}`);
    const parts = ["search", "starred", "status", "more", "empty", "box", "problem", "all"];
    for (const name of parts) this[name] = part(name);
    this.selects = Object.fromEntries(this.filters.map((key) => [key, part(key)]));
    const buttons = ["compare", "starring", "tagging", "archive", "deleting", "stopping"];
    this.buttons = Object.fromEntries(buttons.map((name) => [name, part(name)]));
    this.views = new SavedViews(this.server, part, () => this.view, (view) => this.openView(view));
    this.heads = [...this.root.querySelectorAll("th[data-key]")];
    this.body = part("table").tBodies[0];
    this.search.addEventListener("input", () => this.soon());
    this.all.addEventListener("change", () => this.choose(this.order, this.all.checked));
    this.body.addEventListener("change", ({ target }) => this.pick(target));
    this.body.addEventListener("click", ({ shiftKey }) => (this.wide = shiftKey));
    this.body.addEventListener("keydown", walk);
    this.showView();
    this.showButtons();
  }

  /** A button of the page or of a row. */
  press({ query, name, value }) {
    if (query) return this.change(query);
    const chosen = [...this.chosen.keys()];
    const acts = {
      starred: () => this.change({ starred: this.view.starred ? "" : "true" }),
      compare: () => location.assign(`/compare?runs=${chosen.map(encodeURIComponent).join(",")}`),
      starring: () => this.act("star", chosen, !this.allStarred()),
      tagging: () => this.askForTag(),
      archive: () => this.act("archive", chosen, this.view.archived !== "only", true),
      deleting: () => this.askForDeletion(),
      stopping: () => this.stop(),
      more: () => this.load((this.size = this.order.length + this.page)),
      sort: () => this.sort(this.columns.find((column) => column.key === value)),
      view: () => this.views.press(value),
      tag: () => this.change({ tag: value }),
      star: () => this.act("star", [value[0]], value[1]),
    };
    return acts[name]();
  }

  /** Bring the controls in line with the view, which is what the address says. */
  showView() {
    if (document.activeElement !== this.search) this.search.value = this.view.q || "";
    for (const [key, box] of Object.entries(this.selects)) {
      const asked = this.view[key] || "";
      if (![...box.options].some((each) => each.value === asked)) box.append(...optionsOf([[asked, asked]]));
      box.value = asked;
    }
    this.starred.setAttribute("aria-pressed", String(Boolean(this.view.starred)));
    const [key, way] = [this.view.sort || "created", this.view.order === "up" ? "ascending" : "descending"];
    for (const head of this.heads) head.setAttribute("aria-sort", head.dataset.key === key ? way : "none");
    this.views.show();
  }

  change(values) {
    Object.assign(this.view, values);
    for (const [name, value] of Object.entries(this.view)) if (!value) delete this.view[name];
    this.size = this.page;
    this.keep();
    this.showView();
    return this.follow();
  }

  /** Write the view and what is chosen into the address. */
  keep() {
    const chosen = this.chosen.size && this.chosen.size <= MOST_IN_ADDRESS ? [...this.chosen.keys()].join(",") : null;
    remember({ ...Object.fromEntries([...this.keys, "sort", "order"].map((name) => [name, this.view[name] || null])), chosen });
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.change({ q: this.search.value.trim() }), 200);
  }

  sort({ key, falls }) {
    const down = key === (this.view.sort || "created") ? this.view.order === "up" : falls;
    return this.change({ sort: key === "created" ? "" : key, order: down ? "" : "up" });
  }

  openView(view) {
    this.view = {};
    return this.change(view);
  }

  /** Load now, then again and again while a run is active; one loop at most. @returns a promise of the first answer */
  follow() {
    this.turn += 1;
    const mine = this.turn;
    return new Promise((resolve) => {
      poll(async () => {
        if (mine !== this.turn) return resolve() || false;
        await this.load(this.size);
        resolve();
        return mine === this.turn && (this.active > 0 || this.failed);
      }, EVERY);
    });
  }

  async load(limit) {
    const asked = (this.asked = (this.asked || 0) + 1);
    const unknown = [...this.chosen].filter(([, facts]) => !facts).map(([id]) => id);
    const known = Object.fromEntries([...this.rows].map(([id, row]) => [id, row.digest]));
    try {
      const answer = await this.read(limit, { known, chosen: unknown });
      if (asked !== this.asked) return;
      this.failed = false;
      this.problem.replaceChildren();
      for (const id of unknown) this.chosen.delete(id);
      for (const facts of answer.chosen) this.chosen.set(facts.id, facts);
      Object.assign(this, { order: answer.order, active: answer.active, size: Math.max(this.page, answer.order.length) });
      this.draw(answer);
    } catch (error) {
      if (asked !== this.asked) return;
      this.failed = true;
      this.problem.replaceChildren(errorBanner(error));
      if (!this.order.length) this.status.textContent = "";
    }
  }

  /** So many rows from the first on; the server hands out a part at a time. */
  async read(limit, about) {
    const found = { order: [], rows: [], chosen: [], next: "" };
    do {
      const before = found.order.length;
      const asked = { view: this.view, before, limit: Math.min(limit - before, LARGEST), cursor: found.next, ...about };
      const { order, rows, chosen, ...rest } = await call(this.server, "read_rows", asked);
      Object.assign(found, rest);
      found.order.push(...order);
      found.rows.push(...rows);
      found.chosen.push(...chosen);
      about.chosen = [];
    } while (found.next && found.order.length < limit);
    return found;
  }

  draw({ order, rows, next, words, more }) {
    this.empty.hidden = order.length > 0 || words !== "";
    this.box.hidden = order.length === 0;
    this.more.hidden = !next;
    this.more.textContent = more;
    this.status.textContent = words;
    keepingFocus(this.body, () => this.fill(rows));
    this.showButtons();
  }

  /** Make new and changed rows, and put all into their order; a row that is the same is not touched. */
  fill(changed) {
    for (const row of changed) {
      this.rows.set(row.id, row);
      if (this.chosen.has(row.id)) this.chosen.set(row.id, row);
      const element = this.elements.get(row.id) || el("tr", { "data-id": row.id });
      this.elements.set(row.id, element);
      reconcile(element, this.cells(row), (detail) => this.press(detail));
      element.querySelector("input").checked = this.chosen.has(row.id);
    }
    const shown = new Set(this.order);
    for (const [id, element] of this.elements) {
      if (shown.has(id)) continue;
      element.remove();
      this.elements.delete(id);
      this.rows.delete(id);
    }
    this.order.forEach((id, at) => {
      const element = this.elements.get(id);
      if (this.body.children[at] !== element) this.body.insertBefore(element, this.body.children[at] || null);
    });
  }

  cells(row) {
    const box = ["input", { type: "checkbox", "data-run": row.id, "aria-label": t("Choose {row}", { row: row.name }) }];
    const about = ({ key, number, head }) => ({ class: `${number ? "number" : ""} column-${key}`, ...(head && { scope: "row" }) });
    const cells = this.columns.map((column, at) => [column.head ? "th" : "td", about(column), row.cells[at]]);
    return [["td", { class: "column-choose" }, box], ...cells];
  }

  /** A row was chosen or no more; with the shift key also those between it and the one before. */
  pick(box) {
    const id = box.dataset.run;
    if (!id) return;
    const [from, to] = [this.order.indexOf(this.last), this.order.indexOf(id)].sort((a, b) => a - b);
    this.choose(this.wide && from >= 0 ? this.order.slice(from, to + 1) : [id], box.checked);
    this.last = id;
  }

  choose(ids, chosen) {
    for (const id of ids) {
      if (chosen) this.chosen.set(id, this.rows.get(id));
      else this.chosen.delete(id);
    }
    this.keep();
    this.showButtons();
  }

  showButtons() {
    const number = this.chosen.size;
    const { compare, archive, tagging, starring, stopping, deleting } = this.buttons;
    for (const id of this.order) this.elements.get(id).querySelector("input").checked = this.chosen.has(id);
    const here = this.order.filter((id) => this.chosen.has(id)).length;
    this.all.checked = here > 0 && here === this.order.length;
    this.all.indeterminate = here > 0 && here < this.order.length;
    compare.disabled = number < 2 || number > this.most;
    compare.title = number > this.most ? t("At most {most} runs can be compared.", { most: this.most }) : "";
    compare.textContent = number ? t("Compare {amount} selected", { amount: number }) : t("Compare");
    for (const [name, each] of Object.entries({ archive, tag: tagging, star: starring, stop: stopping, delete: deleting })) {
      const closed = [...this.chosen.values()].find((run) => run?.closed?.[name]);
      Object.assign(each, { disabled: number === 0 || Boolean(closed), title: closed ? `${closed.name}: ${closed.closed[name]}` : "" });
    }
    starring.textContent = this.allStarred() ? t("Unstar") : t("Star");
    stopping.hidden = ![...this.chosen.values()].some((run) => run?.active);
    archive.textContent = this.view.archived === "only" ? t("Bring back") : t("Archive");
  }

  allStarred() {
    return this.chosen.size > 0 && [...this.chosen.values()].every((run) => run?.starred);
  }

  async stop() {
    const active = [...this.chosen.values()].filter((run) => run?.active).map((run) => run.id);
    const text = t("Each keeps its last checkpoint and can be resumed.");
    const sure = await confirmed({ title: t("Stop {active}?", { active: counted(active.length, "run") }), text, action: t("Stop them"), look: "stop" });
    if (sure) await this.act("stop", active);
  }

  /** Ask what to delete: only what takes room on the disk, or the runs themselves. */
  async askForDeletion() {
    const words = { title: t("Delete {chosen}?", { chosen: counted(this.chosen.size, "run") }), verb: t("Delete"), close: t("Keep everything"), look: "stop" };
    const given = await ask(words, ...this.deletion.map((node) => build(node)));
    if (given) await this.act("delete", [...this.chosen.keys()], given.get("answer"), true);
  }

  async askForTag() {
    const given = [...this.selects.tag.options].map((each) => each.value).filter(Boolean);
    const tag = await askText({ title: t("Give the selected runs a tag") }, t("Tag"), given);
    if (!tag) return;
    await this.act("tag", [...this.chosen.keys()], tag);
    await this.loadChoices();
  }

  /** Do the same to several runs. @param {boolean} leave whether those that succeed are no longer chosen */
  async act(name, ids, value = null, leave = false) {
    try {
      const answer = await call(this.server, "change_runs", { name, ids, value });
      if (leave) this.choose(answer.done, false);
      if (answer.message) toast(answer.message);
      for (const words of answer.refused) toast(words, "error");
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
    }
    await this.follow();
  }

  async loadChoices() {
    try {
      const { options, views } = await call(this.server, "read_choices", {});
      for (const [key, offered] of Object.entries(options)) this.selects[key].replaceChildren(this.selects[key].options[0], ...optionsOf(offered));
      await this.views.take(views);
    } catch (error) {
      toast([t("The filters could not be loaded."), error.message, error.hint || ""].join(" "), "error");
    }
    this.showView();
  }
}

function optionsOf(options) {
  return options.map(([value, text]) => el("option", { value, text }));
}

/** Up and down lead from one row's checkbox to the next. */
function walk(event) {
  const row = event.target.matches("[data-run]") && event.target.closest("tr");
  const next = row && { ArrowUp: row.previousElementSibling, ArrowDown: row.nextElementSibling }[event.key];
  if (!next) return;
  event.preventDefault();
  next.querySelector("[data-run]").focus();
}

export function mount({ element, props, server }) {
  const table = new RunTable(element.querySelector(".browser-component"), props, server);
  return Promise.all([table.follow(), table.loadChoices()]);
}
