// Charts of settings: one setting against one result with its trend, and all of them as parallel axes. Fetches nothing.

import { Redrawn, axisStyle, chartHeight, frame, isDark, plain, runStyle, settings } from "./charts.js";
import { el } from "./studio.js";

const HEIGHT = 340;

/** Base of both: a figure with a caption that is drawn again with the theme. */
class Figure extends Redrawn {
  constructor(place, title, id) {
    super();
    this.plot = el("div", { class: "chart-plot parameter-plot" });
    this.figure = el("figure", { class: "chart", id, role: "group", "aria-label": title }, el("figcaption", {}, el("strong", { text: title })), this.plot);
    this.title = title;
    place.replaceChildren(this.figure);
    this.keep(this.figure);
  }

  update(about) {
    this.about = about;
    this.drawSoon();
  }

  get ready() {
    return Boolean(window.Plotly && this.about && this.plot.clientWidth);
  }
}

/** Runs as points; a straight trend line where the setting is a number and three runs have it. */
export class ScatterChart extends Figure {
  constructor(place) {
    super(place, "One setting against the result", "parameter-scatter");
  }

  draw() {
    if (!this.ready) return;
    const { runs } = this.about;
    const points = runs.filter((run) => this.across(run) != null);
    const trend = this.trend(points);
    window.Plotly.react(this.plot, [...(trend ? [trend] : []), ...points.map((run) => this.point(run))], this.layout(), (this.config ??= settings(this.title, () => this.csv())));
  }

  across(run) {
    return this.about.setting.places[run.id];
  }

  point(run) {
    const { metric, setting } = this.about;
    const x = this.across(run);
    const place = setting.words ? setting.words[x] : x;
    return { type: "scatter", mode: "markers", name: plain(run.name), x: [x], y: [metric.values[run.id]], marker: { color: runStyle(run.style).color, size: 12, line: { width: 1, color: isDark() ? "#171e27" : "#ffffff" } }, cliponaxis: false,
      hovertemplate: `<b>${plain(run.name)}</b><br>${plain(setting.title)}: ${plain(String(place))}<br>${plain(metric.title)}: %{y:${metric.unit === "share" ? ".1%" : ".4g"}}<extra></extra>` };
  }

  /** Least squares, over the logarithm where the axis is logarithmic. */
  trend(points) {
    const { metric, setting } = this.about;
    if (!setting.numeric || points.length < 3) return null;
    const along = (run) => (setting.log ? Math.log10(this.across(run)) : this.across(run));
    const xs = points.map(along);
    const ys = points.map((run) => metric.values[run.id]);
    const [mx, my] = [xs, ys].map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
    const width = xs.reduce((sum, x) => sum + (x - mx) ** 2, 0);
    if (!width) return null;
    const slope = xs.reduce((sum, x, at) => sum + (x - mx) * (ys[at] - my), 0) / width;
    const ends = [Math.min(...xs), Math.max(...xs)];
    return { type: "scatter", mode: "lines", x: ends.map((x) => (setting.log ? 10 ** x : x)), y: ends.map((x) => my + slope * (x - mx)), line: { color: isDark() ? "#7d8894" : "#98a2ad", dash: "dot", width: 2 }, hoverinfo: "skip" };
  }

  layout() {
    const { metric, setting } = this.about;
    const axis = axisStyle();
    const words = setting.words ? { tickvals: setting.words.map((_, at) => at), ticktext: setting.words.map(plain), range: [-0.5, setting.words.length - 0.5] } : { tickvals: ticksOf(setting), ticktext: ticksOf(setting).map(String) };
    return { ...frame(), height: chartHeight(this.plot, HEIGHT), margin: { l: 64, r: 16, t: 10, b: 48 }, showlegend: false, hovermode: "closest",
      xaxis: { ...axis, type: setting.log ? "log" : "linear", title: { text: plain(setting.title), standoff: 6 }, ...words },
      yaxis: { ...axis, title: { text: plain(metric.title) }, tickformat: metric.unit === "share" ? ".1~%" : "", automargin: true } };
  }

  csv() {
    const { metric, setting, runs } = this.about;
    return [["run", setting.key, metric.key].join(","), ...runs.map((run) => [JSON.stringify(run.name), setting.words ? JSON.stringify(setting.words[this.across(run)]) : this.across(run), metric.values[run.id]].join(","))].join("\n");
  }
}

/** One axis for each setting and one for the result; a line is a run, coloured by the result. */
export class ParallelChart extends Figure {
  /** @param {(ranges: Object<string, number[]>) => void} brushed called with the chosen range of each axis by key */
  constructor(place, brushed) {
    super(place, "All settings that differ, one line for each run", "parameter-parallel");
    this.brushed = brushed;
    // Lines of this kind are drawn by WebGL, which takes a second where there is no graphics card.
    this.heavy = true;
  }

  draw() {
    if (!this.ready || this.telling) return;
    const { metric, runs } = this.about;
    const ink = axisStyle().color;
    const values = runs.map((run) => metric.values[run.id]);
    const trace = { type: "parcoords", dimensions: this.about.axes.map((axis) => this.dimension(axis)), labelside: "top", labelfont: { color: ink, size: 12 }, tickfont: { color: ink, size: 11 }, rangefont: { color: "rgba(0,0,0,0)", size: 1 },
      line: { color: values, colorscale: isDark() ? [[0, "#3b5f8a"], [1, "#ffcf66"]] : [[0, "#9cc3ea"], [1, "#b3261e"]], cmin: Math.min(...values), cmax: Math.max(...values), showscale: false },
      unselected: { line: { color: isDark() ? "#3a4552" : "#cfd6de", opacity: 0.35 } } };
    const layout = { ...frame(), height: chartHeight(this.plot, HEIGHT), margin: { l: 80, r: 90, t: 56, b: 24 } };
    this.plot.style.minWidth = `${Math.min(this.about.axes.length * 120, 1200)}px`;
    window.Plotly.react(this.plot, [trace], layout, (this.config ??= settings(this.title, () => this.csv())));
    if (!this.drawn) this.plot.on("plotly_restyle", () => this.read());
    this.drawn = true;
  }

  dimension(axis) {
    const { runs, ranges } = this.about;
    const along = (value) => (axis.log ? Math.log10(value) : value);
    const values = runs.map((run) => along(axis.places[run.id]));
    const ticks = axis.words ? axis.words.map((_, at) => at) : ticksOf(axis, runs);
    const range = axis.words ? [-0.4, axis.words.length - 0.6] : room(values);
    const kept = ranges[axis.key]?.map(along);
    return { label: plain(axis.title), values, range, tickvals: ticks.map(along), ticktext: axis.words ? axis.words.map(plain) : ticks.map((value) => (axis.share ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(3))))), ...(kept ? { constraintrange: kept } : {}) };
  }

  /** What was brushed, in the units of the settings. */
  read() {
    const found = {};
    this.plot.data[0].dimensions.forEach((dimension, at) => {
      const axis = this.about.axes[at];
      const range = dimension.constraintrange;
      // Several ranges on one axis count as the one that holds them all.
      const flat = range?.flat();
      if (flat?.length) found[axis.key] = [Math.min(...flat), Math.max(...flat)].map((value) => (axis.log ? 10 ** value : value));
    });
    this.telling = true;
    this.brushed(found);
    this.telling = false;
  }

  csv() {
    const { axes, runs } = this.about;
    return [["run", ...axes.map((axis) => axis.key)].join(","), ...runs.map((run) => [JSON.stringify(run.name), ...axes.map((axis) => (axis.words ? JSON.stringify(axis.words[axis.places[run.id]]) : axis.places[run.id]))].join(","))].join("\n");
  }
}

/** Ticks at the values that were really used, as long as they are few. */
function ticksOf(axis, runs) {
  const used = [...new Set((runs ? runs.map((run) => axis.places[run.id]) : Object.values(axis.places)).filter((value) => value != null))].sort((one, other) => one - other);
  if (used.length <= 6) return used;
  return [0, 0.25, 0.5, 0.75, 1].map((share) => used[Math.round(share * (used.length - 1))]);
}

function room(values) {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const spare = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - spare, high + spare];
}
