// Curves of compared runs, one chart for each metric: linked, across steps or what makes runs comparable, and in groups.

import { chartControls } from "./chart_controls.js";
import { CurveChart } from "./curve_chart.js";
import { counted, el, percent, t } from "./studio.js";

const SHARE = { hover: ".1%", tickformat: ".1~%", format: percent, noLog: true };
const CURVES = [
  { key: "train/loss", title: t("Training loss"), smooth: true },
  { key: "eval/loss", title: t("Evaluation loss") },
  { key: "eval/accuracy", title: t("Accuracy on the validation rows"), ...SHARE },
  { key: "eval/macro_f1", title: t("Macro-F1 on the validation rows"), ...SHARE },
  { key: "eval/f1", title: t("Entity F1 on the validation sentences"), ...SHARE, optional: true },
  { key: "eval/perplexity", title: t("Perplexity on the validation rows"), hover: ".3~g", optional: true },
  { key: "train/learning_rate", title: t("Learning rate"), hover: ".3e", tickformat: ".2~g" },
  { key: "train/grad_norm", title: t("Gradient norm"), smooth: true },
];
// What can lie across the curves; the last two make runs of different length or portion size comparable.
const AXES = [["step", t("step")], ["share", t("share of the run")], ["rows", t("rows seen")]];

export class ComparedCurves {
  /** @param {() => void} changed called when the curves have to be drawn anew */
  constructor(place, ask, changed) {
    Object.assign(this, { place, ask, changed, series: {}, axis: AXES[0][0] });
    const grid = el("div", { class: "chart-grid" });
    this.charts = CURVES.map((about) => new CurveChart(grid, { ...about, quiet: true, linked: true }));
    const controls = chartControls("compare", (options) => this.configure(options), AXES);
    // What puts runs into groups, as Python describes it.
    this.choices = controls.appendChild(el("span", { class: "grouping" }));
    place.replaceChildren(el("h2", { text: t("Training curves") }), controls, grid);
  }

  configure({ axis, ...options }) {
    for (const chart of this.charts) chart.configure({ ...options, xTitle: Object.fromEntries(AXES)[axis] });
    if (axis === this.axis) return;
    this.axis = axis;
    this.changed();
  }

  async fetch(ids) {
    const missing = ids.filter((id) => !this.series[id]);
    if (missing.length) Object.assign(this.series, await this.ask("read_series", { runs: missing, keys: CURVES.map((curve) => curve.key) }));
  }

  /** @param data the whole answer of the comparison; @param shown the runs that have a line */
  async draw(data, shown) {
    this.turn = Symbol("turn");
    const mine = this.turn;
    const query = new URLSearchParams(location.search);
    const group = data.groups.find(({ value }) => value === query.get("group"));
    const means = group && (await this.means(shown, group, query.get("band")));
    if (mine !== this.turn) return;
    const known = (key) => data.runs.some((run) => this.series[run.id]?.[key]?.length);
    for (const chart of this.charts) {
      const { about } = chart;
      // Tasks with labels have no perplexity and tasks that write no accuracy; what does not apply is not shown.
      const other = about.optional || (["eval/accuracy", "eval/macro_f1"].includes(about.key) && (known("eval/perplexity") || known("eval/f1")));
      chart.figure.hidden = Boolean(other) && !known(about.key);
      chart.configure({ namedElsewhere: !group });
      chart.update(means ? means(about) : this.lines(about, shown, data.baseline));
    }
  }

  /** A line for each run. */
  lines({ key, smooth }, shown, baseline) {
    return shown.map((run) => ({ name: run.name, style: run.style, smooth, width: run.id === baseline ? 4 : 2, points: this.across(run, key) }));
  }

  /** Ask for the mean of each group with a band. @returns a function from a chart to its lines */
  async means(shown, { names }, band) {
    const batches = Object.fromEntries(shown.map((run) => [run.id, run.batch]));
    const found = await this.ask("read_means", { keys: CURVES.map(({ key }) => key), batches, names, axis: this.axis, band });
    const styleOf = (id) => shown.find((run) => run.id === id).style;
    return ({ key, smooth }) => found[key].map(({ name, runs, ...drawn }) => ({ name: `${name} (${counted(runs.length, "run")})`, style: styleOf(runs[0]), smooth, ...drawn }));
  }

  /** A run's curve across the chosen axis. */
  across(run, key) {
    const points = this.series[run.id]?.[key] || [];
    if (this.axis === "share") {
      const last = Math.max(1, ...Object.values(this.series[run.id] || {}).map((curve) => curve.at(-1)?.[0] || 0));
      return points.map(([step, value]) => [step / last, value]);
    }
    return this.axis === "rows" ? points.map(([step, value]) => [step * run.batch, value]) : points;
  }
}
