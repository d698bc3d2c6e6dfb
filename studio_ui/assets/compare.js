// The compare page: runs beside the base model. Selection, baseline and switches live in the address.

import { CurveChart, lightUp, save } from "./charts.js";
import { ParetoChart } from "./charts_points.js";
import { runAdder } from "./compare_adder.js";
import { SharedExamples } from "./compare_examples.js";
import { Grouping } from "./compare_groups.js";
import { Parameters } from "./compare_parameters.js";
import { MetricMatrix, show } from "./compare_metrics.js";
import { Places, swatch } from "./compare_places.js";
import { openReport } from "./compare_report.js";
import { openSharing } from "./compare_share.js";
import { sourceOfPage } from "./compare_source.js";
import { CombineForm } from "./derive_runs.js";
import { chartControls, remember } from "./run_curves.js";
import { settingWords } from "./run_details.js";
import { loadTitles, stateChip } from "./run_words.js";
import { bytes, copy, count, duration, el, emptyState, milliseconds, percent, ready } from "./studio.js";

const MOST = 10;
const CURVES = [
  { key: "train/loss", title: "Training loss", smooth: true },
  { key: "eval/loss", title: "Evaluation loss" },
  { key: "eval/accuracy", title: "Accuracy on the validation rows", hover: ".1%", tickformat: ".1~%", format: percent, noLog: true },
  { key: "eval/macro_f1", title: "Macro-F1 on the validation rows", hover: ".1%", tickformat: ".1~%", format: percent, noLog: true },
  { key: "eval/f1", title: "Entity F1 on the validation sentences", hover: ".1%", tickformat: ".1~%", format: percent, noLog: true, optional: true },
  { key: "eval/perplexity", title: "Perplexity on the validation rows", hover: ".3~g", optional: true },
  { key: "train/learning_rate", title: "Learning rate", hover: ".3e", tickformat: ".2~g" },
  { key: "train/grad_norm", title: "Gradient norm", smooth: true },
];

// What can lie across the curves; the last two make runs of different length or portion size comparable.
const AXES = [["step", "step"], ["share", "share of the run"], ["rows", "rows seen"]];
const COSTS = [
  { key: "seconds/training", title: "Training time", words: duration },
  { key: "answer_seconds", title: "Time per answer", words: milliseconds },
  { key: "pass/merged", title: "Time per row, merged", words: milliseconds },
  { key: "adapter", title: "Download", words: bytes },
  { key: "peak_memory", title: "Peak memory", words: bytes },
  { key: "trainable", title: "Trainable parameters", words: count },
];

class ComparePage {
  constructor(source) {
    this.source = source;
    const query = new URLSearchParams(location.search);
    Object.assign(this, { ids: (query.get("runs") || "").split(",").filter(Boolean), baseline: query.get("baseline") || "base", hiddenRuns: new Set((query.get("hidden") || "").split(",").filter(Boolean)), series: {} });
    this.places = new Places(this.ids);
    this.chips = el("div", { id: "compare-chips", class: "chips", role: "group", "aria-label": "Compared runs" });
    this.notes = el("ul", { id: "compare-notes", class: "verdicts", "aria-label": "Notes" });
    this.metrics = el("section", { id: "compare-metrics", "aria-label": "Metrics" });
    this.curves = el("section", { id: "compare-curves", "aria-label": "Curves" });
    this.settings = el("section", { id: "compare-settings", "aria-label": "Configuration" });
    this.parameters = el("section", { id: "compare-parameters", "aria-label": "Settings against results", hidden: true });
    this.pareto = el("section", { id: "compare-pareto", "aria-label": "Quality against cost" });
    this.examples = el("section", { id: "compare-examples", "aria-label": "Examples" });
    this.combine = el("section", { id: "compare-combine", "aria-label": "Combine" });
  }

  /** Ask for the comparison and its curves; both are awaited when they are drawn. */
  ask() {
    if (!this.ids.length) return;
    const query = new URLSearchParams({ runs: this.ids.join(","), ...(this.baseline === "base" ? {} : { baseline: this.baseline }) });
    this.asked = { data: this.source.compare(query), curves: this.fetchCurves() };
    // A refusal of the comparison says more than one of its curves, and comes first.
    for (const answer of Object.values(this.asked)) answer.catch(() => {});
  }

  async start(root) {
    this.root = root;
    if (this.ids.length < 1) return this.askForRuns();
    this.root.replaceChildren(this.chips, this.notes, this.metrics, this.curves, this.settings, this.parameters, this.pareto, this.examples, this.combine);
    this.buildCurves();
    this.knobs = new Parameters(this.parameters, (ids) => this.brush(ids));
    this.matrix = new MetricMatrix(this.metrics, this.places, () => this.outputs());
    this.points = new ParetoChart(this.pareto, COSTS);
    this.shared = new SharedExamples(this.examples, this.source);
    return this.show();
  }

  askForRuns() {
    this.root.replaceChildren(
      emptyState("Choose the runs to compare.", "Two to ten runs, side by side with the base model.", { href: "/runs", text: "Go to Runs" }),
      this.adder());
  }

  load() {
    this.ask();
    return this.show();
  }

  async show() {
    remember({ runs: this.ids.join(","), baseline: this.baseline === "base" ? null : this.baseline });
    const { data, curves } = this.asked;
    this.data = await data;
    this.places.keep(this.ids);
    this.grouping.offer(this.data.settings);
    this.inside = null;
    const drawn = curves.then(() => this.drawCurves());
    this.knobs.show(this.data, this.ids, this.places, drawn);
    this.inside = this.knobs.inside();
    this.drawNotes();
    this.drawTables();
    if (!this.source.readOnly) new CombineForm(this.combine).show(this.data.runs);
    await Promise.all([drawn, this.shared.show(this.shown())]);
  }

  /** The runs inside the ranges that were chosen on the parallel axes; all while nothing is chosen. */
  shown() {
    return this.data.runs.filter((run) => !this.inside || this.inside.has(run.id));
  }

  brush(ids) {
    this.inside = ids;
    this.drawTables();
    this.drawCurves();
    this.shared.show(this.shown());
  }

  drawTables() {
    this.drawChips();
    this.matrix.show(this.data, this.shown(), this.baseline);
    this.drawSettings();
    this.drawPareto();
  }

  /** Runs as points, where quality and a cost are known. */
  drawPareto() {
    const row = (key) => this.data.metrics.find((metric) => metric.key === key);
    const quality = row("test/accuracy") || row("test/f1");
    this.pareto.hidden = !quality || !this.data.comparable || Object.keys(quality.values).length < 2;
    if (this.pareto.hidden) return;
    const rows = this.shown().filter((run) => quality.values[run.id] != null).map((run) => ({
      id: run.id, name: run.name, style: this.places.of(run.id), quality: quality.values[run.id], interval: quality.intervals[run.id],
      ...Object.fromEntries(COSTS.map(({ key }) => [key, row(key)?.values[run.id]])) }));
    this.points.update(rows, { metric: { key: quality.key.slice(5), title: quality.title, unit: "share", higher_is_better: true }, base: quality.baseline });
  }

  /** Everything that the two tables say, for a spreadsheet. */
  download() {
    const cell = (value) => (value == null ? "" : typeof value === "number" ? value : JSON.stringify(typeof value === "string" ? value : settingWords(value)));
    const { runs, metrics, settings } = this.data;
    const lines = [["", "base", ...runs.map((run) => run.name)].map(cell), ...metrics.map((each) => [cell(each.title), cell(each.baseline), ...runs.map((run) => cell(each.values[run.id]))]),
      ...settings.map((each) => [cell(`${each.group}: ${each.title}`), "", ...runs.map((run) => cell(each.values[run.id]))])];
    save("comparison.csv", lines.map((line) => line.join(",")).join("\n"));
  }

  async change(ids) {
    this.ids = ids;
    if (!ids.includes(this.baseline)) this.baseline = "base";
    if (!ids.length) {
      remember({ runs: null });
      return this.askForRuns();
    }
    return this.load().catch((error) => this.fail(error));
  }

  fail(error) {
    this.root.replaceChildren(emptyState(error.message, error.hint || "", this.source.readOnly ? null : { href: "/runs", text: "Go to Runs" }));
  }

  drawChips() {
    const baseSelect = el("select", { id: "compare-baseline" }, el("option", { value: "base", text: "Base model" }), ...this.data.runs.map((run) => el("option", { value: run.id, text: run.name })));
    baseSelect.value = this.baseline;
    baseSelect.addEventListener("change", () => {
      this.baseline = baseSelect.value;
      this.load().catch((error) => this.fail(error));
    });
    this.chips.replaceChildren(
      ...this.data.runs.map((run) => this.chip(run)), this.adder(),
      el("label", { class: "baseline-choice", for: "compare-baseline" }, "Baseline ", baseSelect));
  }

  chip(run) {
    const off = this.hiddenRuns.has(run.id) || Boolean(this.inside && !this.inside.has(run.id));
    const light = () => lightUp(this.places.of(run.id));
    const moves = {
      draggable: "true",
      onkeydown: (event) => event.altKey && ["ArrowLeft", "ArrowRight"].includes(event.key) && this.move(event, run.id, this.ids.indexOf(run.id) + (event.key === "ArrowRight" ? 1 : -1)),
      ondragstart: (event) => event.dataTransfer.setData("text/plain", run.id),
      ondragover: (event) => event.preventDefault(),
      ondrop: (event) => this.move(event, event.dataTransfer.getData("text/plain"), this.ids.indexOf(run.id)),
    };
    return el("span", { ...moves, class: off ? "run-chip run-chip-off" : "run-chip", "data-run": run.id, onmouseenter: light, onfocusin: light, onmouseleave: () => lightUp(null), onfocusout: () => lightUp(null) },
      el("button", { type: "button", class: "swatch-button", "aria-pressed": String(!off), "aria-label": `${off ? "Show" : "Hide"} the curves of ${run.name}`, title: "Alt with the arrow keys, or dragging, moves the run", onclick: () => this.toggle(run.id) }, swatch(this.places.of(run.id))),
      this.source.readOnly ? el("span", { text: run.name }) : el("a", { href: `/run?id=${encodeURIComponent(run.id)}`, text: run.name }),
      run.state === "succeeded" ? "" : stateChip(run.state),
      this.source.readOnly ? "" : el("button", { type: "button", class: "remove", "aria-label": `Remove ${run.name}`, text: "×", onclick: () => this.change(this.ids.filter((id) => id !== run.id)) }));
  }

  adder() {
    if (this.source.readOnly || this.ids.length >= MOST) return "";
    const choose = (run) => {
      if (this.ids.length) this.change([...this.ids, run.id]);
      else location.href = `/compare?runs=${encodeURIComponent(run.id)}`;
    };
    return runAdder(this.source.others, () => this.ids, choose);
  }

  /** Put a run at another place of the order; colours stay. */
  async move(event, id, to) {
    event.preventDefault();
    if (!this.ids.includes(id) || to < 0 || to >= this.ids.length) return;
    const ids = this.ids.filter((each) => each !== id);
    ids.splice(to, 0, id);
    await this.change(ids);
    this.chips.querySelector(`[data-run="${CSS.escape(id)}"] .swatch-button`)?.focus();
  }

  toggle(id) {
    if (this.hiddenRuns.has(id)) this.hiddenRuns.delete(id);
    else this.hiddenRuns.add(id);
    remember({ hidden: [...this.hiddenRuns].join(",") || null });
    this.drawChips();
    this.drawCurves();
  }

  drawNotes() {
    const alone = this.ids.length < 2 ? [{ code: "one", message: "One run is shown against its base model. Add others to compare them.", runs: [] }] : [];
    this.notes.replaceChildren(...[...alone, ...this.data.notes].map((note) => {
      const severity = note.code === "not_comparable" ? "warning" : "info";
      return el("li", { class: `verdict verdict-${severity}`, "data-code": note.code },
        el("span", { class: "verdict-mark", "aria-hidden": "true", text: severity === "warning" ? "!" : "i" }), el("p", { text: note.message }));
    }));
  }

  /** Ways to take the comparison along or to show it to others. */
  outputs() {
    const button = (id, text, act) => el("button", { type: "button", id, class: "button small", text, onclick: act });
    return [button("compare-csv", "Download as CSV", () => this.download()),
      button("compare-report", "Report (PDF)", () => openReport({ data: this.data, runs: this.shown(), show, charts: this.charts.map(([, chart]) => chart) })),
      this.source.readOnly ? "" : button("compare-share", "Share…", () => openSharing(this.ids))];
  }

  drawSettings() {
    const all = el("input", { type: "checkbox", id: "compare-all-settings" });
    all.checked = new URLSearchParams(location.search).get("all") === "1";
    const body = el("tbody");
    const search = el("input", { type: "search", id: "compare-setting-search", placeholder: "Find a setting", "aria-label": "Find a setting by name" });
    const wanted = () => this.data.settings.filter((row) => (all.checked || row.differs) && `${row.group} ${row.title} ${row.key}`.toLowerCase().includes(search.value.trim().toLowerCase()));
    const fill = () => {
      remember({ all: all.checked ? "1" : null });
      const rows = wanted();
      const nothing = search.value ? "No setting here has this in its name." : "No setting differs.";
      body.replaceChildren(...(rows.length ? rows.map((row) => this.settingRow(row)) : [el("tr", {}, el("td", { colspan: String(this.data.runs.length + 2), text: nothing }))]));
    };
    const asText = () => [["", ...this.shown().map((run) => run.name)], ...wanted().map((row) => [row.key, ...this.shown().map((run) => settingWords(row.values[run.id]))])].map((line) => line.join("\t")).join("\n");
    for (const control of [all, search]) control.addEventListener("input", fill);
    const head = el("tr", {}, el("th", { scope: "col", text: "Group" }), el("th", { scope: "col", text: "Setting" }), ...this.shown().map((run) => el("th", { scope: "col" }, el("span", { class: "run-head-cell" }, swatch(this.places.of(run.id)), run.name))));
    this.settings.replaceChildren(el("h2", { text: "What was different?" }),
      el("div", { class: "toolbar" }, el("label", { class: "check", for: "compare-all-settings" }, all, " Show settings that are the same, too"), search, el("button", { type: "button", class: "button small", text: "Copy", onclick: () => copy(asText()) })),
      el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Configuration table" }, el("table", { id: "compare-settings-table", class: "data-table" }, el("thead", {}, head), body)));
    fill();
  }

  settingRow(row) {
    const cells = this.shown().map((run) => el("td", {}, el("code", { text: settingWords(row.values[run.id]) }), row.changed[run.id] ? el("span", { class: "badge", text: "changed" }) : ""));
    return el("tr", { class: row.differs ? "differs" : "" }, el("td", { class: "muted", text: row.group }), el("th", { scope: "row", title: row.key, text: row.title }), ...cells);
  }

  buildCurves() {
    const grid = el("div", { class: "chart-grid" });
    this.charts = CURVES.map((about) => [about, new CurveChart(grid, { ...about, quiet: true, linked: true })]);
    this.grouping = new Grouping(() => this.drawCurves());
    const controls = chartControls("compare", (options) => this.configure(options), AXES);
    controls.append(this.grouping.node);
    this.curves.replaceChildren(el("h2", { text: "Training curves" }), controls, grid);
  }

  configure({ axis, ...options }) {
    this.axis = axis;
    for (const [, chart] of this.charts) chart.configure({ ...options, xTitle: Object.fromEntries(AXES)[axis] });
    if (this.data) this.drawCurves();
  }

  /** A run's curve across the chosen axis. */
  across(id, points) {
    const setting = (key) => this.data.settings.find((row) => row.key === key)?.values[id];
    if (this.axis === "share") {
      const last = Math.max(1, ...Object.values(this.series[id] || {}).map((curve) => curve.at(-1)?.[0] || 0));
      return points.map(([step, value]) => [step / last, value]);
    }
    return this.axis === "rows" ? points.map(([step, value]) => [step * (setting("training.batch_size") || 1), value]) : points;
  }

  async fetchCurves() {
    const missing = this.ids.filter((id) => !this.series[id]);
    if (!missing.length) return;
    const { series } = await this.source.series(missing, CURVES.map((curve) => curve.key).join(","));
    Object.assign(this.series, series);
  }

  drawCurves() {
    const known = (key) => this.data.runs.some((run) => this.series[run.id]?.[key]?.length);
    for (const [about, chart] of this.charts) {
      // Tasks with labels have no perplexity and tasks that write no accuracy; what does not apply is not shown.
      const other = about.optional ? true : ["eval/accuracy", "eval/macro_f1"].includes(about.key) && (known("eval/perplexity") || known("eval/f1"));
      chart.figure.hidden = other && !known(about.key);
      chart.configure({ namedElsewhere: !this.grouping.groups(this.data.runs) });
      chart.update(this.lines(about));
    }
  }

  /** What one chart shows: a line for each run, or for each group its mean with a band. */
  lines(about) {
    const runs = this.shown().filter((run) => !this.hiddenRuns.has(run.id));
    const curve = (run) => this.across(run.id, this.series[run.id]?.[about.key] || []);
    const groups = this.grouping.groups(runs);
    const style = (run) => this.places.of(run.id);
    if (!groups) return runs.map((run) => ({ name: run.name, style: style(run), smooth: about.smooth, width: run.id === this.baseline ? 4 : 2, points: curve(run) }));
    return groups.map(({ name, runs: members }) => ({ name, style: style(members[0]), smooth: about.smooth, ...this.grouping.line(members.map(curve).filter((points) => points.length)) }));
  }
}

// Titles and the chosen runs are asked for before there is anything to put them into; the frame takes longer to come.
const opening = prepare(sourceOfPage());
opening.catch(() => {});

async function prepare(source) {
  const given = await source.open();
  const page = new ComparePage(source);
  const titles = loadTitles(given);
  page.ask();
  await titles;
  return page;
}

ready("#compare-page", async (root) => {
  let page;
  try {
    page = await opening;
  } catch (error) {
    return root.replaceChildren(emptyState(error.message, error.hint || ""));
  }
  try {
    await page.start(root);
  } catch (error) {
    page.fail(error);
  }
  return undefined;
});
