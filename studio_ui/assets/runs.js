// The table of runs: filtered, sorted and paged by the server; the whole view lives in the address and can be kept under
// a name. Polls every few seconds only while a run is active.

import { remember } from "./run_curves.js";
import { ACTIVE, STATE_WORDS, loadTitles, methodTitle, modelTitle } from "./run_words.js";
import { columns } from "./runs_cells.js";
import { KeptViews } from "./runs_views.js";
import { api, bytes, confirmed, count, counted, el, emptyState, poll, ready, toast } from "./studio.js";

const EVERY = 3000;
const MOST = 10;
const PAGE = 50;
const LARGEST = 500;
const FILTERS = ["q", "state", "model", "method", "dataset", "tag", "starred", "archived"];
const KEYS = [...FILTERS, "sort", "order"];
// What runs can be filtered by, as the server knows it: which part of its answer, and the words of "no filter".
const FACETS = [["model", "models", "Any base model"], ["method", "methods", "Any method"], ["dataset", "datasets", "Any data set"], ["tag", "tags", "Any tag"]];

class RunsPage {
  constructor(root) {
    this.view = Object.fromEntries([...new URLSearchParams(location.search)].filter(([key]) => KEYS.includes(key)));
    Object.assign(this, { root, runs: [], chosen: new Map(), size: PAGE, shown: "", asked: 0 });
    this.columns = columns({ star: (run) => this.mark([run], { starred: !run.starred }), tag: (tag) => this.change({ tag }) });
    this.search = el("input", { type: "search", id: "runs-search", placeholder: "Search name, model, method, data set, tag, note", "aria-label": "Search runs" });
    this.search.addEventListener("input", () => this.soon());
    this.state = this.choice("runs-state", "Status", [["", "Any status"], ["queued,claimed,running", "Active"], ...Object.entries(STATE_WORDS)], "state");
    this.facets = Object.fromEntries(FACETS.map(([key, , any]) => [key, this.choice(`runs-${key}`, any.slice(4), [["", any]], key)]));
    this.archived = this.choice("runs-archived", "Archive", [["", "Not archived"], ["only", "Archived"], ["all", "All"]], "archived");
    this.starred = el("button", { type: "button", id: "runs-starred", class: "button", text: "★ Starred", onclick: () => this.change({ starred: this.view.starred ? "" : "true" }) });
    this.views = new KeptViews(() => this.view, (view) => this.openView(view), () => ask("Keep these filters and this order under a name", "Name", []));
    this.compare = el("button", { type: "button", id: "runs-compare", class: "button primary", text: "Compare", disabled: true, onclick: () => this.openComparison() });
    this.tagging = el("button", { type: "button", id: "runs-tagging", class: "button", text: "Tag…", disabled: true, onclick: () => this.askForTag() });
    this.archive = el("button", { type: "button", id: "runs-archive", class: "button", text: "Archive", disabled: true, onclick: () => this.archiveChosen() });
    this.starring = el("button", { type: "button", id: "runs-starring", class: "button", text: "Star", disabled: true, onclick: () => this.mark([...this.chosen.values()], { starred: !this.allStarred() }) });
    this.stopping = el("button", { type: "button", id: "runs-stopping", class: "button stop", text: "Stop", hidden: true, onclick: () => this.stopChosen() });
    this.deleting = el("button", { type: "button", id: "runs-deleting", class: "button", text: "Delete…", disabled: true, onclick: () => this.deleteChosen() });
    this.status = el("p", { class: "muted", role: "status", id: "runs-status", text: "Loading the runs…" });
    this.more = el("button", { type: "button", id: "runs-more", class: "button", hidden: true, onclick: () => this.showMore() });
    this.body = el("tbody");
    this.build();
  }

  build() {
    this.heads = this.columns.map((column) => el("th", { scope: "col", class: column.number ? "number" : "", "data-key": column.key }, el("button", { type: "button", class: "sort", "aria-label": column.label || null, text: column.title, onclick: () => this.sort(column.key) })));
    const table = el("table", { id: "runs-table", class: "data-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "sr-only", text: "Choose" })), ...this.heads)), this.body);
    this.box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Runs" }, table);
    this.empty = el("div", { hidden: true }, emptyState("No runs yet.", "Train a model in six clicks.", { href: "/new", text: "Tune a model" }));
    this.root.replaceChildren(
      el("div", { class: "toolbar" }, this.search, this.compare, this.starring, this.tagging, this.archive, this.deleting, this.stopping, el("a", { class: "button", href: "/new", text: "New run" })),
      el("div", { class: "toolbar run-filters", role: "group", "aria-label": "Filters" }, this.state, ...Object.values(this.facets), this.archived, this.starred, ...this.views.nodes),
      this.status, this.box, this.more, this.empty);
    this.showView();
    this.views.load();
  }

  choice(id, label, options, key) {
    const box = el("select", { id, "aria-label": label }, ...options.map(([value, text]) => el("option", { value, text })));
    box.addEventListener("change", () => this.change({ [key]: box.value }));
    return box;
  }

  /** Bring the controls in line with the view, which is what the address says. */
  showView() {
    this.search.value = this.view.q || "";
    this.state.value = this.view.state || "";
    this.archived.value = this.view.archived || "";
    for (const [key, box] of Object.entries(this.facets)) {
      const asked = this.view[key] || "";
      if (![...box.options].some((each) => each.value === asked)) box.append(el("option", { value: asked, text: asked }));
      box.value = asked;
    }
    this.starred.setAttribute("aria-pressed", String(Boolean(this.view.starred)));
    const [key, down] = [this.view.sort || "created", this.view.order !== "up"];
    for (const head of this.heads) head.setAttribute("aria-sort", head.dataset.key !== key ? "none" : down ? "descending" : "ascending");
    this.views.show();
  }

  change(values) {
    Object.assign(this.view, values);
    for (const [name, value] of Object.entries(this.view)) if (!value) delete this.view[name];
    this.size = PAGE;
    remember(Object.fromEntries(KEYS.map((name) => [name, this.view[name] || null])));
    this.showView();
    this.follow();
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.change({ q: this.search.value.trim() }), 200);
  }

  sort(key) {
    const down = key === (this.view.sort || "created") ? this.view.order === "up" : ["accuracy", "created", "starred"].includes(key);
    this.change({ sort: key === "created" ? "" : key, order: down ? "" : "up" });
  }

  /** Load now, then again and again while a run is active; one loop at most. */
  follow() {
    this.asked += 1;
    const turn = this.asked;
    poll(async () => {
      if (turn !== this.asked) return false;
      await this.load(turn);
      return this.active > 0;
    }, EVERY);
  }

  async load(turn) {
    try {
      const answer = await this.fetch(Math.min(this.size, LARGEST), "");
      if (turn !== this.asked) return;
      this.runs = answer.runs;
      this.next = answer.next;
      this.total = answer.total;
      this.active = answer.active;
      this.draw();
      if (!this.offered) this.loadFacets();
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  fetch(limit, cursor) {
    const order = this.view.order === "up" ? "up" : "down";
    const asked = Object.entries({ ...this.view, order, limit, cursor }).filter(([, value]) => value !== "");
    return api(`/api/v1/runs?${new URLSearchParams(asked)}`);
  }

  async loadFacets() {
    this.offered = true;
    const found = await api("/api/v1/runs/facets");
    const words = { model: modelTitle, method: methodTitle };
    for (const [key, part, any] of FACETS) {
      const options = found[part].map((each) => (each.id ? [each.id, each.name] : [each, (words[key] || String)(each)]));
      this.facets[key].replaceChildren(...[["", any], ...options].map(([value, text]) => el("option", { value, text })));
    }
    this.showView();
  }

  async showMore() {
    const answer = await this.fetch(PAGE, this.next);
    this.runs.push(...answer.runs);
    this.next = answer.next;
    this.size = this.runs.length;
    this.draw();
  }

  draw() {
    const filtered = FILTERS.some((key) => this.view[key]);
    this.empty.hidden = this.runs.length > 0 || filtered;
    this.box.hidden = this.runs.length === 0;
    this.more.hidden = !this.next;
    this.more.textContent = `Show ${count(Math.min(PAGE, this.total - this.runs.length))} more`;
    const words = `${count(this.runs.length)} of ${counted(this.total, "run")}${this.active ? `, ${this.active} active` : ""}.`;
    this.status.textContent = this.runs.length ? `${words} Choose 2 to ${MOST} finished runs to compare them.` : filtered ? "No run fits these filters." : "";
    // Rows are made again only when something in them changed, so that focus and selection stay where they are.
    const look = JSON.stringify(this.runs.map((run) => [run.id, run.name, run.state, run.progress, run.results?.metrics, run.starred, run.tags, run.note, run.best, run.sparkline]));
    if (look !== this.shown) this.fillRows();
    this.shown = look;
    this.renderButtons();
  }

  fillRows() {
    const focused = document.activeElement?.dataset?.run;
    this.body.replaceChildren(...this.runs.map((run) => this.row(run)));
    if (focused) this.body.querySelector(`[data-run="${CSS.escape(focused)}"]`)?.focus();
  }

  row(run) {
    const box = el("input", { type: "checkbox", "data-run": run.id, "aria-label": `Choose ${run.name}` });
    box.checked = this.chosen.has(run.id);
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.set(run.id, run);
      else this.chosen.delete(run.id);
      this.renderButtons();
    });
    const cells = this.columns.map((column) => el(column.head ? "th" : "td", { ...(column.head ? { scope: "row" } : {}), class: column.number ? "number" : "" }, column.cell(run)));
    return el("tr", { "data-id": run.id }, el("td", {}, box), ...cells);
  }

  renderButtons() {
    const number = this.chosen.size;
    this.compare.disabled = number < 2 || number > MOST;
    this.compare.textContent = number ? `Compare ${number} selected` : "Compare";
    this.archive.disabled = this.tagging.disabled = this.starring.disabled = this.stopping.disabled = this.deleting.disabled = number === 0;
    this.starring.textContent = this.allStarred() ? "Unstar" : "Star";
    this.stopping.hidden = ![...this.chosen.values()].some((run) => ACTIVE.includes(run.state));
    this.archive.textContent = this.view.archived === "only" ? "Bring back" : "Archive";
  }

  openComparison() {
    location.href = `/compare?runs=${[...this.chosen.keys()].map(encodeURIComponent).join(",")}`;
  }

  archiveChosen() {
    return this.mark([...this.chosen.values()], { archived: this.view.archived !== "only" }, true);
  }

  allStarred() {
    return this.chosen.size > 0 && [...this.chosen.values()].every((run) => run.starred);
  }

  async stopChosen() {
    const active = [...this.chosen.values()].filter((run) => ACTIVE.includes(run.state));
    const words = { title: `Stop ${counted(active.length, "run")}?`, text: "Each keeps its last checkpoint and can be resumed.", action: "Stop them", look: "stop" };
    if (!(await confirmed(words))) return;
    await this.each(active, (run) => api(`/api/v1/runs/${encodeURIComponent(run.id)}/cancel`, { method: "POST" }));
  }

  /** Ask what to delete: only what takes room on the disk, or the runs themselves. */
  async deleteChosen() {
    const chosen = [...this.chosen.values()];
    const what = await choose(`Delete ${counted(chosen.length, "run")}?`, "This cannot be undone.", [
      ["files", "Only the files: checkpoints, download and log. Results, curves and answers stay, so they can still be compared."],
      ["all", "Everything. The runs disappear from every table and comparison."],
    ]);
    if (!what) return;
    let freed = 0;
    await this.each(chosen, async (run) => {
      freed += (await api(`/api/v1/runs/${encodeURIComponent(run.id)}?keep_results=${what === "files"}`, { method: "DELETE" })).freed_bytes;
      this.chosen.delete(run.id);
    });
    this.shown = "";
    toast(`Freed ${bytes(freed)}.`);
  }

  async askForTag() {
    const tag = await ask("Give the selected runs a tag", "Tag", [...this.facets.tag.options].map((each) => each.value).filter(Boolean));
    if (!tag) return;
    await this.mark([...this.chosen.values()], (run) => ({ tags: [...new Set([...run.tags, tag])] }));
    this.offered = false;
    this.follow();
  }

  /** Write on runs; those that succeed leave the selection when they leave the list. */
  mark(runs, change, leave = false) {
    return this.each(runs, async (run) => {
      const body = typeof change === "function" ? change(run) : change;
      const marked = await api(`/api/v1/runs/${encodeURIComponent(run.id)}/mark`, { method: "POST", body });
      if (leave) this.chosen.delete(run.id);
      else if (this.chosen.has(run.id)) this.chosen.set(run.id, { ...run, starred: marked.starred, tags: marked.tags });
    });
  }

  /** Do the same to several runs; a refusal is shown and does not stop the others. */
  async each(runs, act) {
    for (const run of runs) {
      try {
        await act(run);
      } catch (error) {
        toast(`${run.name}: ${error.message} ${error.hint || ""}`, "error");
      }
    }
    this.follow();
  }

  openView(view) {
    this.view = {};
    this.change(view);
  }
}

/** One line of text in a dialog, with suggestions. @returns {Promise<string>} empty when it was closed */
function ask(title, label, suggestions) {
  return new Promise((resolve) => {
    const box = el("input", { type: "text", id: "ask-text", maxlength: "40", list: "ask-list", autocomplete: "off", required: true });
    const finish = (value) => {
      dialog.remove();
      resolve(value);
    };
    const form = el("form", { method: "dialog", class: "field" }, el("label", { for: "ask-text", text: label }), box, el("datalist", { id: "ask-list" }, ...suggestions.map((value) => el("option", { value }))),
      el("div", { class: "actions" }, el("button", { class: "button primary", text: "Save" }), el("button", { type: "button", class: "button", text: "Close", onclick: () => finish("") })));
    form.addEventListener("submit", () => finish(box.value.trim()));
    const dialog = el("dialog", { class: "dialog page-dialog", "aria-label": title }, el("h2", { text: title }), form);
    dialog.addEventListener("cancel", () => finish(""));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** One of several choices in a dialog. @returns {Promise<string>} empty when it was closed */
function choose(title, text, options) {
  return new Promise((resolve) => {
    const finish = (value) => {
      dialog.remove();
      resolve(value);
    };
    const form = el("form", { method: "dialog" }, ...options.map(([value, words], at) => el("label", { class: "check choose-one" }, el("input", { type: "radio", name: "choose", value, checked: at === 0 }), el("span", { text: words }))),
      el("div", { class: "actions" }, el("button", { class: "button stop", text: "Delete" }), el("button", { type: "button", class: "button", text: "Keep everything", onclick: () => finish("") })));
    form.addEventListener("submit", () => finish(new FormData(form).get("choose")));
    const dialog = el("dialog", { class: "dialog page-dialog", "aria-label": title }, el("h2", { text: title }), el("p", { text }), form);
    dialog.addEventListener("cancel", () => finish(""));
    document.body.append(dialog);
    dialog.showModal();
  });
}

ready("#runs-page", async (root) => {
  await loadTitles();
  const page = new RunsPage(root);
  page.follow();
});
