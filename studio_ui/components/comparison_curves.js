// Curves of compared runs, one chart for each metric: linked, across steps or what makes runs comparable, and in groups.

import { followChartControls } from "./chart_controls.js";
import { CurveChart } from "./curve_chart.js";
import { counted } from "./studio.js";

export class ComparedCurves {
  /** @param {object[]} curves as Python describes them; @param {() => void} changed called when they have to be drawn anew */
  constructor(place, curves, ask, changed) {
    Object.assign(this, { place, ask, changed, series: {}, axis: "step", keys: curves.map(({ key }) => key) });
    const grid = place.querySelector(".chart-grid");
    this.charts = curves.map((about) => new CurveChart(grid, { ...about, quiet: true, linked: true }));
    followChartControls(place, (options) => this.configure(options));
    // What puts runs into groups, which depends on the runs.
    this.choices = place.querySelector(".grouping");
  }

  configure({ axis, ...options }) {
    for (const chart of this.charts) chart.configure(options);
    if (axis === this.axis) return;
    this.axis = axis;
    this.changed();
  }

  async fetch(ids) {
    const missing = ids.filter((id) => !this.series[id]);
    if (missing.length) Object.assign(this.series, await this.ask("read_series", { runs: missing, keys: this.keys }));
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
      chart.figure.hidden = Boolean(about.optional) && !known(about.key);
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
    const found = await this.ask("read_means", { keys: this.keys, batches, names, axis: this.axis, band });
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
