// The matrix of the compare page: what every run reached beside the base model, with runs as columns or as rows.
// Knows how values, changes and verdicts are written; fetches nothing.

import { BASE_INDEX } from "./charts.js";
import { swatch } from "./compare_places.js";
import { remember } from "./run_curves.js";
import { methodTitle, modelTitle } from "./run_words.js";
import { bytes, count, duration, el, milliseconds, percent } from "./studio.js";

const VERDICTS = { better: ["▲", "better"], worse: ["▼", "worse"], same: ["=", "the same"], unclear: ["≈", "cannot tell apart"] };

export class MetricMatrix {
  /** @param {HTMLElement} place; @param {() => HTMLElement[]} outputs makes what stands beside the heading */
  constructor(place, places, outputs) {
    Object.assign(this, { place, places, outputs, asRows: new URLSearchParams(location.search).get("matrix") === "rows" });
  }

  /** @param {object} data the comparison; @param {object[]} runs those of it that are shown; @param {string} baseline */
  show(data, runs, baseline) {
    Object.assign(this, { data, runs, baseline });
    this.labels = data.metrics.some((metric) => ["test/accuracy", "test/f1"].includes(metric.key));
    const table = el("table", { id: "compare-table", class: this.asRows ? "data-table runs-as-rows" : "data-table" }, ...(this.asRows ? this.runsAsRows() : this.runsAsColumns()));
    this.place.replaceChildren(el("div", { class: "card-head" }, el("h2", { text: "Did it get better?" }), el("div", { class: "actions" }, this.turner(), ...this.outputs())),
      el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Metric table" }, table), el("p", { class: "muted", text: this.legend() }));
  }

  runsAsColumns() {
    const head = el("tr", {}, el("th", { scope: "col", text: "Metric" }), el("th", { scope: "col", class: "number" }, ...this.baseHead()), ...this.runs.map((run) => el("th", { scope: "col", class: "number" }, ...this.runHead(run))));
    const rows = this.data.metrics.map((metric) => el("tr", { "data-key": metric.key }, el("th", { scope: "row" }, ...metricHead(metric)), baseCell(metric), ...this.runs.map((run) => metricCell(metric, run.id))));
    return [el("thead", {}, head), el("tbody", {}, ...rows)];
  }

  runsAsRows() {
    const { metrics } = this.data;
    const head = el("tr", {}, el("th", { scope: "col", text: "Run" }), ...metrics.map((metric) => el("th", { scope: "col", class: "number" }, ...metricHead(metric))));
    const base = el("tr", { "data-run": "base" }, el("th", { scope: "row" }, ...this.baseHead()), ...metrics.map(baseCell));
    const rows = this.runs.map((run) => el("tr", { "data-run": run.id }, el("th", { scope: "row" }, ...this.runHead(run)), ...metrics.map((metric) => metricCell(metric, run.id))));
    return [el("thead", {}, head), el("tbody", {}, base, ...rows)];
  }

  turner() {
    const turn = () => {
      this.asRows = !this.asRows;
      remember({ matrix: this.asRows ? "rows" : null });
      this.show(this.data, this.runs, this.baseline);
      this.place.querySelector("#compare-turn").focus();
    };
    return el("button", { type: "button", id: "compare-turn", class: "button small", "aria-pressed": String(this.asRows), text: "Runs as rows", onclick: turn });
  }

  baseHead() {
    const base = this.data.runs.length ? this.data.runs[0].base_model : "";
    const oneBase = new Set(this.data.runs.map((run) => run.base_model)).size === 1;
    const words = this.labels ? `${modelTitle(base)}, linear probe` : modelTitle(base);
    return [el("span", { class: "run-head-cell" }, swatch(BASE_INDEX), "Base model"), el("span", { class: "muted row-note", text: oneBase ? words : "each run's own" })];
  }

  runHead(run) {
    const words = `${methodTitle(run.method)}${run.id === this.baseline ? ", baseline" : ""}`;
    return [el("span", { class: "run-head-cell" }, swatch(this.places.of(run.id)), run.name), el("span", { class: "muted row-note", text: words })];
  }

  legend() {
    const how = this.labels ? "it is judged by the rows that only one of the two got right" : "perplexity and loss are judged against the base on the same rows, between two runs by whether their intervals overlap";
    return `Arrows show the change against the baseline. ≈ means that with this many test rows the difference may be chance; ${how}. The best value of each metric is marked.`;
  }
}

function metricHead(metric) {
  const words = metric.higher_is_better ? "higher is better" : "lower is better";
  return [metric.title, metric.higher_is_better === null ? "" : el("span", { class: "muted", title: words, "aria-label": words, text: metric.higher_is_better ? "\u00a0↑" : "\u00a0↓" })];
}

function baseCell(metric) {
  return el("td", { class: "number", text: metric.baseline == null ? "–" : show(metric.unit, metric.baseline) });
}

function metricCell(metric, id) {
  const value = metric.values[id];
  if (value == null) return el("td", { class: "number", text: "–" });
  const best = metric.best.includes(id);
  const cell = el("td", { class: best ? "number best" : "number" }, el("span", { class: "cell-value" }, show(metric.unit, value), best ? el("span", { class: "badge", text: "best" }) : ""));
  const verdict = metric.verdicts[id];
  if (verdict) {
    const [mark, words] = VERDICTS[verdict];
    const way = verdict === "unclear" ? "same" : verdict;
    cell.append(el("span", { class: `delta delta-${way}` }, el("span", { "aria-hidden": "true", text: `${mark} ` }), el("span", { class: "sr-only", text: `${words}: ` }), difference(metric.unit, metric.deltas[id], value - metric.deltas[id])));
  }
  if (metric.baseline == null && metric.base[id] != null) cell.append(el("span", { class: "muted row-note", text: `its base ${show(metric.unit, metric.base[id])}` }));
  const pair = metric.paired?.[id];
  if (pair) cell.append(el("span", { class: "muted row-note", title: "Rows that only one of the two got right, and how likely so uneven a split is by chance (McNemar's exact test, corrected for the number of runs).", text: `+${count(pair.gained)} −${count(pair.lost)} rows, p ${pair.p_value < 0.001 ? "< 0.001" : `= ${pair.p_value.toPrecision(2)}`}` }));
  const interval = metric.intervals[id];
  if (interval) cell.append(el("span", { class: "muted row-note", text: `${percent(interval[0])} to ${percent(interval[1])}` }));
  return cell;
}

/** A value in the words of its unit. */
export function show(unit, value) {
  return { share: percent, bytes, seconds: duration, milliseconds, count }[unit]?.(value) ?? Number(value.toPrecision(3)).toString();
}

/** The change with its size relative to what it is held against, where that says more. */
function difference(unit, change, against) {
  const share = against ? Math.abs(change / against) : 0;
  return absolute(unit, change) + (share >= 0.001 && share < 10 ? ` (${change > 0 ? "+" : "−"}${percent(share)})` : "");
}

function absolute(unit, change) {
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  const size = Math.abs(change);
  if (unit === "share") return `${sign}${(size * 100).toFixed(1)} points`;
  return sign + show(unit, size);
}
