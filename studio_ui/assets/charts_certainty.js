// The reliability diagram: accuracy by confidence, with the number of rows below. Fetches nothing.

import { Redrawn, axisStyle, chartHeight, frame, isDark, runStyle, settings } from "./charts.js";
import { count, el, percent } from "./studio.js";

/** Bars show accuracy; the dotted diagonal is perfect calibration. */
export class ReliabilityChart extends Redrawn {
  /** @param {HTMLElement} place; @param {{low, high, rows, confidence, accuracy, interval}[]} bins */
  constructor(place, bins) {
    super();
    this.bins = bins;
    this.plot = el("div", { class: "chart-plot reliability-plot" });
    const words = bins.filter((bin) => bin.rows).map((bin) => `${counted(bin)}: confidence ${percent(bin.confidence)}, accuracy ${percent(bin.accuracy)}`);
    this.figure = el("figure", { class: "chart", id: "reliability", role: "group", "aria-label": `Calibration. ${words.join("; ")}` }, el("figcaption", {}, el("strong", { text: "Calibration" })), this.plot);
    place.append(this.figure);
    this.keep(this.figure);
    this.draw();
  }

  draw() {
    if (!window.Plotly || !this.plot.clientWidth) return;
    const filled = this.bins.filter((bin) => bin.rows);
    const { color } = runStyle(0);
    const grey = isDark() ? "#5b6875" : "#b6c0cb";
    const middle = filled.map((bin) => (bin.low + bin.high) / 2);
    const text = filled.map((bin) => `${counted(bin)}, confidence ${percent(bin.confidence)}, accuracy ${percent(bin.accuracy)} (95 %: ${percent(bin.interval[0])} to ${percent(bin.interval[1])})`);
    const truth = { type: "bar", x: middle, y: filled.map((bin) => bin.accuracy), text, textposition: "none", width: 0.094, marker: { color, opacity: 0.75 }, hovertemplate: "%{text}<extra></extra>",
      error_y: { type: "data", symmetric: false, array: filled.map((bin) => bin.interval[1] - bin.accuracy), arrayminus: filled.map((bin) => bin.accuracy - bin.interval[0]), color: isDark() ? "#c3cbd4" : "#3d4a59", thickness: 1, width: 3 } };
    const rows = { type: "bar", x: middle, y: filled.map((bin) => bin.rows), text: filled.map((bin) => count(bin.rows)), textposition: "auto", width: 0.094, yaxis: "y2", marker: { color: grey }, hovertemplate: "%{text} rows<extra></extra>" };
    const diagonal = { type: "scatter", mode: "lines", x: [0, 1], y: [0, 1], line: { color: isDark() ? "#c3cbd4" : "#5a6672", dash: "dot", width: 1.5 }, hoverinfo: "skip" };
    window.Plotly.react(this.plot, [truth, rows, diagonal], this.layout(), (this.config ??= settings("Calibration", () => this.csv())));
  }

  layout() {
    const axis = axisStyle();
    return {
      ...frame(), height: chartHeight(this.plot, 360), margin: { l: 60, r: 12, t: 8, b: 44 }, showlegend: false, bargap: 0, hovermode: "closest",
      xaxis: { ...axis, range: [0, 1], tickformat: ".0%", title: { text: "confidence of the model", standoff: 4 }, anchor: "y2" },
      yaxis: { ...axis, range: [0, 1.02], tickformat: ".0%", title: { text: "accuracy" }, domain: [0.32, 1] },
      yaxis2: { ...axis, title: { text: "rows" }, domain: [0, 0.22], nticks: 3, rangemode: "tozero" },
    };
  }

  csv() {
    return ["low,high,rows,confidence,accuracy", ...this.bins.map((bin) => [bin.low, bin.high, bin.rows, bin.confidence ?? "", bin.accuracy ?? ""].join(","))].join("\n");
  }
}

function counted(bin) {
  return `${percent(bin.low)} to ${percent(bin.high)}: ${count(bin.rows)} ${bin.rows === 1 ? "row" : "rows"}`;
}
