// Charts whose points are whole runs: quality against cost with the front of runs that nothing beats. Fetches nothing.

import { BASE_INDEX, Redrawn, axisStyle, chartHeight, frame, isDark, legendRoom, plain, runStyle, settings } from "./charts.js";
import { remember } from "./run_curves.js";
import { el, figure, percent } from "./studio.js";

// From this ratio between the largest and the smallest value on, a logarithmic scale shows more.
export const WIDE = 20;
const USUAL_HEIGHT = 380;

/** Quality upwards, a chosen cost to the right; runs on the front are joined by a line. */
export class ParetoChart extends Redrawn {
  /** @param {HTMLElement} place; @param {{key, title, words}[]} costs what can be put on the x axis */
  constructor(place, costs) {
    super();
    Object.assign(this, { costs, rows: [], about: null });
    this.axis = el("select", { id: "pareto-cost" }, ...costs.map((cost) => el("option", { value: cost.key, text: cost.title })));
    const asked = new URLSearchParams(location.search).get("cost");
    if (costs.some((cost) => cost.key === asked)) this.axis.value = asked;
    this.axis.addEventListener("change", () => {
      remember({ cost: this.axis.value === costs[0].key ? null : this.axis.value });
      this.draw();
    });
    this.plot = el("div", { class: "chart-plot pareto-plot" });
    this.note = el("p", { class: "muted", text: "Appears when two runs have finished." });
    this.words = el("p", { class: "muted small" });
    place.replaceChildren(el("div", { class: "card-head" }, el("h2", { text: "Quality against cost" }), el("label", { for: "pareto-cost" }, "Cost ", this.axis)),
      el("figure", { class: "chart" }, this.plot, this.note), this.words);
    this.keep(place);
  }

  /** @param {{id, name, quality, interval, style}[]} rows with the cost keys; @param {{metric, base}} about */
  update(rows, about) {
    Object.assign(this, { rows, about });
    this.drawSoon();
  }

  draw() {
    const cost = this.costs.find((each) => each.key === this.axis.value);
    const rows = this.rows.filter((row) => row[cost.key] > 0);
    const ready = rows.length > 1 && Boolean(window.Plotly);
    this.note.hidden = ready;
    this.plot.hidden = !ready;
    this.words.textContent = "";
    if (!ready) return;
    const { higher_is_better: higher } = this.about.metric;
    const front = frontOf(rows, cost.key, higher);
    this.words.textContent = `On the line: ${front.map((row) => row.name).join(", ")}. No other run is both better and cheaper than one of these.`;
    const height = USUAL_HEIGHT + legendRoom(rows, this.plot.clientWidth);
    this.plot.style.height = `${height}px`;
    window.Plotly.react(this.plot, [this.line(front, cost), ...rows.map((row) => this.point(row, cost))], this.layout(cost, rows, height), (this.config ??= settings("Quality against cost", () => this.csv())));
  }

  line(front, cost) {
    return { type: "scatter", mode: "lines", x: front.map((row) => row[cost.key]), y: front.map((row) => row.quality), line: { color: isDark() ? "#5b6875" : "#b6c0cb", width: 2, dash: "dot", shape: "hv" }, hoverinfo: "skip", showlegend: false };
  }

  point(row, cost) {
    const { color } = runStyle(row.style);
    const name = plain(row.name);
    const [low, high] = row.interval || [row.quality, row.quality];
    return {
      type: "scatter", mode: "markers", name, x: [row[cost.key]], y: [row.quality], cliponaxis: false,
      marker: { color, size: 12, symbol: SYMBOLS[row.style % SYMBOLS.length], line: { width: 1, color: isDark() ? "#171e27" : "#ffffff" } },
      error_y: { type: "data", symmetric: false, array: [high - row.quality], arrayminus: [row.quality - low], color, thickness: 1, width: 3 },
      hovertemplate: `<b>${name}</b><br>${this.score(row.quality)} (${this.score(low)} to ${this.score(high)})<br>${plain(cost.title)}: ${plain(cost.words(row[cost.key]))}<extra></extra>`,
    };
  }

  layout(cost, rows, height) {
    const axis = axisStyle();
    const values = rows.map((row) => row[cost.key]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const log = high / low > WIDE;
    const base = this.about.base;
    const tall = spread([...rows.map((row) => row.quality), ...(base == null ? [] : [base])]) > WIDE;
    const shapes = base == null ? [] : [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: base, y1: base, line: { color: runStyle(BASE_INDEX).color, width: 1, dash: "dash" } }];
    const annotations = base == null ? [] : [{ xref: "paper", x: 1, xanchor: "right", y: tall ? Math.log10(base) : base, yanchor: "bottom", text: "base model", showarrow: false, font: { size: 11, color: axis.color } }];
    const ticks = ticksBetween(low, high, log);
    return {
      ...frame(), height: chartHeight(this.plot, height), margin: { l: 60, r: 20, t: 12, b: 96 }, hovermode: "closest", showlegend: true, shapes, annotations,
      legend: { orientation: "h", y: -0.22, x: 0, font: { color: axis.color, size: 11 } },
      xaxis: { ...axis, type: log ? "log" : "linear", title: { text: cost.title, standoff: 8 }, tickvals: ticks, ticktext: ticks.map((value) => cost.words(value)), tickangle: 0 },
      yaxis: { ...axis, type: tall ? "log" : "linear", title: { text: plain(this.about.metric.title) }, tickformat: this.about.metric.unit === "share" ? ".1~%" : "", automargin: true },
    };
  }

  score(value) {
    return this.about.metric.unit === "share" ? percent(value) : figure(value);
  }

  csv() {
    const cost = this.costs.find((each) => each.key === this.axis.value);
    return [["run", cost.key, this.about.metric.key].join(","), ...this.rows.map((row) => [JSON.stringify(row.name), row[cost.key], row.quality].join(","))].join("\n");
  }
}

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "hexagon", "triangle-down", "pentagon"];

/** How many times the smallest value goes into the largest; 1 where that means nothing. */
export function spread(values) {
  const low = Math.min(...values);
  return low > 0 ? Math.max(...values) / low : 1;
}

/** Runs that no other run beats in both quality and cost, by rising cost. */
export function frontOf(rows, key, higher) {
  const sign = higher ? 1 : -1;
  const sorted = [...rows].sort((one, other) => one[key] - other[key] || sign * (other.quality - one.quality));
  let best = -Infinity;
  return sorted.filter((row) => {
    if (sign * row.quality <= best) return false;
    best = sign * row.quality;
    return true;
  });
}

function ticksBetween(low, high, log) {
  if (low === high) return [low];
  const parts = window.innerWidth < 700 ? 2 : 4;
  return Array.from({ length: parts + 1 }, (_, at) => (log ? low * (high / low) ** (at / parts) : low + ((high - low) * at) / parts)).map((value) => (value > 10 ? Number(value.toPrecision(2)) : value));
}
