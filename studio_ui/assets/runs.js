// The table of runs: search, sort, choose for comparison, archive. Polls every few seconds only while a run is active.

import { remember } from "./run_curves.js";
import { ACTIVE, STATE_WORDS, loadTitles, methodTitle, stateChip } from "./run_words.js";
import { api, bytes, count, duration, el, emptyState, percent, ready, toast } from "./studio.js";

const EVERY = 3000;
const MOST = 10;

const COLUMNS = [
  { key: "state", title: "Status", value: (run) => Object.keys(STATE_WORDS).indexOf(run.state), cell: (run) => stateChip(run.state) },
  { key: "name", title: "Name", value: (run) => run.name.toLowerCase(), cell: nameCell, head: true },
  { key: "model", title: "Base model", value: (run) => run.base_model, cell: (run) => run.base_model },
  { key: "method", title: "Method", value: (run) => methodTitle(run.method), cell: (run) => methodTitle(run.method) },
  { key: "dataset", title: "Data set", value: (run) => datasetWords(run), cell: datasetWords },
  { key: "accuracy", title: "Accuracy ↑", number: true, value: (run) => run.results?.metrics?.accuracy, cell: accuracyCell },
  { key: "loss", title: "Train loss ↓", number: true, value: trainLoss, cell: (run) => (trainLoss(run) == null ? "–" : trainLoss(run).toPrecision(3)) },
  { key: "duration", title: "Duration", number: true, value: seconds, cell: (run) => (seconds(run) == null ? "–" : duration(seconds(run))) },
  { key: "memory", title: "Memory", number: true, value: (run) => run.results?.peak_memory_bytes, cell: (run) => (run.results?.peak_memory_bytes ? bytes(run.results.peak_memory_bytes) : "–") },
  { key: "created", title: "Created", number: true, value: (run) => run.created_at, cell: (run) => shortDate(run.created_at) },
];

class RunsPage {
  constructor(root) {
    const query = new URLSearchParams(location.search);
    Object.assign(this, { root, runs: [], chosen: new Set(), key: query.get("sort") || "created", down: query.get("order") !== "up", shown: "" });
    this.search = el("input", { type: "search", id: "runs-search", placeholder: "Search name, model, method, data set, status", "aria-label": "Search runs" });
    this.search.value = query.get("q") || "";
    this.search.addEventListener("input", () => this.draw());
    this.compare = el("button", { type: "button", id: "runs-compare", class: "button primary", text: "Compare", disabled: true, onclick: () => this.openComparison() });
    this.archive = el("button", { type: "button", id: "runs-archive", class: "button", text: "Archive", disabled: true, onclick: () => this.archiveChosen() });
    this.status = el("p", { class: "muted", role: "status", id: "runs-status", text: "Loading the runs…" });
    this.body = el("tbody");
    this.heads = COLUMNS.map((column) => el("th", { scope: "col", class: column.number ? "number" : "", "data-key": column.key }, el("button", { type: "button", class: "sort", text: column.title, onclick: () => this.sort(column.key) })));
    const table = el("table", { id: "runs-table", class: "data-table" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "sr-only", text: "Choose" })), ...this.heads)), this.body);
    this.box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Runs" }, table);
    this.empty = el("div", { hidden: true }, emptyState("No runs yet.", "A run tunes a model on your data. It takes six clicks from a file.", { href: "/new", text: "Tune a model" }));
    root.replaceChildren(
      el("div", { class: "toolbar" }, this.search, this.compare, this.archive, el("a", { class: "button", href: "/new", text: "New run" })),
      this.status, this.box, this.empty);
  }

  async follow() {
    if (this.following) return;
    this.following = true;
    try {
      do {
        await this.load();
        if (!this.runs.some((run) => ACTIVE.includes(run.state))) break;
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      } while (!document.hidden);
    } finally {
      this.following = false;
    }
  }

  async load() {
    try {
      const answer = await api("/api/v1/runs");
      this.runs = Array.isArray(answer) ? answer : answer.runs;
      this.draw();
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  sort(key) {
    this.down = key === this.key ? !this.down : ["accuracy", "created"].includes(key);
    this.key = key;
    this.draw();
  }

  draw() {
    const words = this.search.value.trim().toLowerCase();
    remember({ q: words || null, sort: this.key === "created" ? null : this.key, order: this.down ? null : "up" });
    const kept = this.sorted(this.runs.filter((run) => searchText(run).includes(words)));
    for (const head of this.heads) head.setAttribute("aria-sort", head.dataset.key !== this.key ? "none" : this.down ? "descending" : "ascending");
    this.empty.hidden = this.runs.length > 0;
    this.box.hidden = this.runs.length === 0;
    const active = this.runs.filter((run) => ACTIVE.includes(run.state)).length;
    this.status.textContent = this.runs.length ? `${count(kept.length)} of ${count(this.runs.length)} runs${active ? `, ${active} active` : ""}. Choose 2 to ${MOST} finished runs to compare them.` : "";
    // Rows are made again only when something in them changed, so that focus and selection stay where they are.
    const look = JSON.stringify([kept.map((run) => [run.id, run.name, run.state, run.progress, run.results?.metrics])]);
    if (look !== this.shown) this.fillRows(kept);
    this.shown = look;
    this.renderButtons();
  }

  fillRows(kept) {
    const focused = document.activeElement?.dataset?.run;
    this.body.replaceChildren(...kept.map((run) => this.row(run)));
    if (focused) this.body.querySelector(`[data-run="${CSS.escape(focused)}"]`)?.focus();
  }

  row(run) {
    const box = el("input", { type: "checkbox", "data-run": run.id, "aria-label": `Choose ${run.name}` });
    box.checked = this.chosen.has(run.id);
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(run.id);
      else this.chosen.delete(run.id);
      this.renderButtons();
    });
    const cells = COLUMNS.map((column) => el(column.head ? "th" : "td", { ...(column.head ? { scope: "row" } : {}), class: column.number ? "number" : "" }, column.cell(run)));
    return el("tr", { "data-id": run.id }, el("td", {}, box), ...cells);
  }

  sorted(runs) {
    const { value } = COLUMNS.find((column) => column.key === this.key) || COLUMNS[COLUMNS.length - 1];
    const way = this.down ? -1 : 1;
    return [...runs].sort((one, other) => {
      const [left, right] = [value(one), value(other)];
      // Runs without a value stay at the end in both directions.
      if (left == null || right == null) return (left == null) - (right == null);
      return (typeof left === "string" ? left.localeCompare(right) : left - right) * way;
    });
  }

  renderButtons() {
    const known = new Set(this.runs.map((run) => run.id));
    for (const id of this.chosen) if (!known.has(id)) this.chosen.delete(id);
    const number = this.chosen.size;
    this.compare.disabled = number < 2 || number > MOST;
    this.compare.textContent = number ? `Compare ${number} selected` : "Compare";
    this.archive.disabled = number === 0;
  }

  openComparison() {
    location.href = `/compare?runs=${[...this.chosen].map(encodeURIComponent).join(",")}`;
  }

  async archiveChosen() {
    for (const id of this.chosen) {
      try {
        await api(`/api/v1/runs/${encodeURIComponent(id)}/archive`, { method: "POST" });
        this.chosen.delete(id);
      } catch (error) {
        toast(`${error.message} ${error.hint || ""}`, "error");
      }
    }
    await this.load();
  }
}

function nameCell(run) {
  const { step, total_steps: total } = run.progress || {};
  const moving = run.state === "running" && total ? el("span", { class: "muted row-note", text: `${Math.round((100 * (step || 0)) / total)} % · ${run.phase}` }) : "";
  const waiting = run.state === "queued" && run.queue_position ? el("span", { class: "muted row-note", text: `number ${run.queue_position} in the queue` }) : "";
  return el("span", { class: "name-cell" }, el("a", { href: `/run?id=${encodeURIComponent(run.id)}`, text: run.name }), moving, waiting);
}

function accuracyCell(run) {
  const value = run.results?.metrics?.accuracy;
  if (value == null) return "–";
  const base = run.results.baseline?.linear_probe?.accuracy;
  const better = base != null && value > base;
  return el("span", {}, percent(value), base == null ? "" : el("span", { class: `delta ${better ? "delta-better" : value < base ? "delta-worse" : "delta-same"}`, title: `untouched base model ${percent(base)}`, text: ` ${better ? "▲" : value < base ? "▼" : "="}${Math.abs((value - base) * 100).toFixed(1)}` }));
}

function trainLoss(run) {
  return run.results?.train_loss ?? run.progress?.loss;
}

function seconds(run) {
  if (run.results?.seconds?.total != null) return run.results.seconds.total;
  return run.started_at ? (run.finished_at || Date.now() / 1000) - run.started_at : undefined;
}

function datasetWords(run) {
  return `${run.dataset.name} @ ${run.dataset.version}`;
}

function shortDate(seconds) {
  return new Date(seconds * 1000).toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

function searchText(run) {
  return [run.name, run.base_model, run.method, methodTitle(run.method), datasetWords(run), STATE_WORDS[run.state]].join(" ").toLowerCase();
}

ready("#runs-page", async (root) => {
  await loadTitles();
  const page = new RunsPage(root);
  document.addEventListener("visibilitychange", () => !document.hidden && page.follow());
  page.follow();
});
