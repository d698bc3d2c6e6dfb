// Curves with smoothing over a raw underlay, in a chart that grows as data arrives.

import { Redrawn, axisStyle, charts, chartHeight, frame, legendRoom, plain, runStyle, settings, token } from "./charts.js";
import { csv, decimal, el, percent, t } from "./studio.js";

const USUAL_HEIGHT = 260;
const NARROW = 480;
// With fewer points nothing is an outlier.
const FEW = 25;
// Unit of a chart -> how its values are written.
const FORMATS = {
  share: { hover: ".1%", tickformat: ".1~%", format: percent },
  rate: { hover: ".3e", tickformat: ".2~g", format: (value) => value.toExponential(2) },
};

/** How the values of a chart are written, which has a unit or a number of digits. */
function looks({ unit, digits }) {
  const words = (value) => `${decimal(value, digits, false)}${unit ? ` ${unit}` : ""}`;
  return FORMATS[unit] || (digits == null ? {} : { hover: `.${digits}f`, format: words });
}

/**
 * Exponential moving average that starts unbiased; returns as many points as it was given, never more.
 * @param {number[][]} points (x, y) by rising x; @param {number} weight 0 (raw) to 0.99.
 */
function smoothed(points, weight) {
  if (!weight) return points;
  let mean = 0;
  let mass = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y];
    mean = weight * mean + (1 - weight) * y;
    mass = weight * mass + (1 - weight);
    return [x, mean / mass];
  });
}

/**
 * Range of the y axis where Plotly's own choice misleads: shares never leave 0 to 1, so a flat curve at 100 % must not
 * be drawn up to 200 %; and one value alone, or a flat curve, gets half its size as room on both sides.
 */
function yRange(series, share, clip) {
  const values = series.flatMap((one) => [...one.points.map(([, y]) => y), ...(one.band || []).flatMap(([, low, high]) => [low, high])]).filter(Number.isFinite);
  if (!values.length) return {};
  let [low, high] = [Math.min(...values), Math.max(...values)];
  if (clip && values.length >= FEW) {
    const sorted = [...values].sort((one, other) => one - other);
    [low, high] = [0.02, 0.98].map((part) => sorted[Math.round(part * (sorted.length - 1))]);
    const room = (high - low) * 0.05;
    if (!share && high > low) return { range: [low - room, high + room] };
  }
  if (share) {
    const room = Math.max(0.01, (high - low) * 0.1);
    return { range: [Math.max(-0.005, low - room), Math.min(1.005, high + room)] };
  }
  return low === high && low !== 0 ? { range: [low - Math.abs(low) / 2, low + Math.abs(low) / 2] } : {};
}

/** A chart of curves in a figure of its own; `update` may be called as often as data arrives. */
export class CurveChart extends Redrawn {
  /** @param {HTMLElement} place; @param {{title, unit?, digits?, log?, hover?, empty?}} about as Python describes it */
  constructor(place, about) {
    super();
    this.about = { ...about, ...looks(about) };
    this.series = [];
    this.options = { smoothing: 0, log: false, xTitle: "step" };
    this.latest = el("span", { class: "chart-latest" });
    this.plot = el("div", { class: "chart-plot" });
    this.note = el("p", { class: "chart-empty" });
    this.figure = el("figure", { class: "chart" }, el("figcaption", {}, el("strong", { text: about.title }), this.latest), this.plot, this.note);
    place.append(this.figure);
    this.keep(this.figure);
    this.draw();
  }

  /**
   * @param {{name, points, style, smooth?, marker?, width?, band?}[]} series replaces what is shown; `style` is a run index
   * @param {{x, sign, text}[]} marks places along the x axis where something happened
   */
  update(series, marks = []) {
    this.series = series;
    this.marks = marks;
    this.write();
    this.drawSoon();
  }

  /** @param {{smoothing?: number, log?: boolean, xTitle?: string, namedElsewhere?: boolean}} options */
  configure(options) {
    Object.assign(this.options, options);
    this.drawSoon();
  }

  remove() {
    this.forget();
    this.figure.remove();
  }

  /** Show this range of the x axis, or all of it. @param {number[] | null} range */
  zoom(range) {
    if (this.drawn) window.Plotly.relayout(this.plot, range ? { "xaxis.range": range } : { "xaxis.autorange": true });
  }

  /** Let one curve stand out, or none; `about.linked` charts tell each other through `lightUp`. */
  highlight(style) {
    if (!this.drawn || !this.plot.data) return;
    const fade = (trace) => (trace.fill ? 0.18 : trace.showlegend === false ? 0.28 : 1) * (style == null || trace.meta === style ? 1 : 0.18);
    window.Plotly.restyle(this.plot, { opacity: this.plot.data.map(fade) });
  }

  /** The numbers and what is missing; a chart below the screen has them before it is drawn. */
  write() {
    const filled = this.series.filter((one) => one.points.length);
    this.note.textContent = filled.length ? t("The chart is drawn in a moment.") : this.about.empty || t("No values yet.");
    const two = filled.length === 2 && !this.about.quiet ? filled.map((one) => `${one.name} ${this.describe(one)}`).join(", ") : "";
    this.latest.textContent = filled.length === 1 ? this.describe(filled[0]) : two;
    this.figure.setAttribute("aria-label", [this.about.title, ...filled.map((one) => `${one.name}: ${this.describe(one)}`)].join("; "));
  }

  draw() {
    this.write();
    const filled = this.series.filter((one) => one.points.length);
    const ready = filled.length > 0 && Boolean(window.Plotly);
    this.note.hidden = ready;
    this.plot.classList.toggle("chart-waiting", !ready);
    // In a tab that is not shown a chart has no width; it is drawn when the tab is opened.
    if (!ready || !this.plot.clientWidth) return;
    const traces = filled.flatMap((one) => this.traces(one));
    // On a narrow screen names that the page shows elsewhere would take more room than the curves.
    const legend = filled.length > 1 && !(this.options.namedElsewhere && this.plot.clientWidth < NARROW);
    const height = USUAL_HEIGHT + (legend ? legendRoom(filled, this.plot.clientWidth) : 0);
    this.plot.style.height = `${height}px`;
    window.Plotly.react(this.plot, traces, this.layout(legend, height), (this.config ??= settings(this.about.title, () => this.csv())));
    if (!this.drawn && this.about.linked) {
      this.plot.on("plotly_hover", (event) => lightUp(event.points[0].data.meta));
      this.plot.on("plotly_unhover", () => lightUp(null));
    }
    if (!this.drawn && this.about.zoomed) this.plot.on("plotly_relayout", (change) => this.about.zoomed(this, change));
    this.drawn = true;
    if (this.about.linked && lit != null) this.highlight(lit);
  }

  describe(one) {
    const value = one.points[one.points.length - 1][1];
    return Number.isFinite(value) ? (this.about.format || short)(value) : t("not a number");
  }

  traces(one) {
    const { color, dash } = runStyle(one.style);
    const weight = one.smooth ? this.options.smoothing : 0;
    const name = plain(shortened(one.name, 44));
    const hover = `%{y:${this.about.hover || ".4g"}}<extra>${name}</extra>`;
    // A few points are drawn as dots: a line alone would hide where something was really measured.
    const few = one.points.length < 25;
    const mode = few ? "lines+markers" : "lines";
    const base = { type: "scatter", name, meta: one.style, connectgaps: false, hovertemplate: hover };
    const line = { color, dash, width: one.width || 2 };
    const strong = { ...base, mode, line, marker: { color, size: few ? 6 : 4, symbol: one.marker || "circle" }, ...columns(smoothed(one.points, weight)) };
    const band = one.band?.length ? [bandTrace(one, color)] : [];
    if (!weight) return [...band, strong];
    if (band.length) return [...band, strong];
    const faint = { ...base, mode: "lines", line: { color, width: 1 }, opacity: 0.28, showlegend: false, hoverinfo: "skip", hovertemplate: null, ...columns(one.points) };
    return [faint, strong];
  }

  layout(legend, usual) {
    const axis = axisStyle();
    const height = chartHeight(this.plot, usual);
    const log = this.options.log && this.about.log;
    const { tickformat = "" } = this.about;
    const range = log ? {} : yRange(this.series, tickformat.includes("%"), this.options.clip);
    return {
      ...frame(),
      height,
      margin: { l: 56, r: 12, t: 8, b: legend ? 62 : 40 },
      hovermode: this.about.linked ? "closest" : "x unified",
      showlegend: legend,
      legend: { orientation: "h", y: -0.2, x: 0, font: { color: axis.color } },
      xaxis: { ...axis, title: { text: this.options.xTitle, standoff: 4 }, rangemode: "tozero" },
      yaxis: { ...axis, type: log ? "log" : "linear", tickformat, automargin: true, nticks: 6, ...range },
      ...markLines(this.marks || []),
      uirevision: `${this.options.xTitle}-${log}-${Boolean(this.options.clip)}`,
    };
  }

  csv() {
    const lines = [["series", this.options.xTitle, "value", ...(this.series.some((one) => one.band) ? ["low", "high"] : [])]];
    for (const one of this.series) {
      const edges = new Map((one.band || []).map(([x, low, high]) => [x, [low, high]]));
      for (const [x, y] of one.points) lines.push([one.name, x, y, ...(edges.get(x) || [])]);
    }
    return csv(lines);
  }
}

let lit = null;

/** Let the run of this style stand out in every linked chart; null ends it. */
export function lightUp(style) {
  if (style === lit) return;
  lit = style;
  for (const chart of charts()) if (chart.about?.linked) chart.highlight(style);
}

/** A thin line with a sign on top for each mark; pointing at the sign says what it was. */
function markLines(marks) {
  const color = token("--chart-line");
  const font = { size: 13, color: axisStyle().color };
  return {
    shapes: marks.map(({ x }) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color, width: 1, dash: "dot" } })),
    annotations: marks.map(({ x, sign, text }) => ({ x, yref: "paper", y: 1, yanchor: "top", text: sign, hovertext: plain(text), showarrow: false, font })),
  };
}

/** The area between the lowest and the highest of several runs, walked forth along the top and back along the bottom. */
function bandTrace(one, color) {
  const back = [...one.band].reverse();
  return { type: "scatter", mode: "lines", meta: one.style, fill: "toself", fillcolor: color, line: { width: 0 }, opacity: 0.18, showlegend: false, hoverinfo: "skip",
    x: [...one.band.map(([x]) => x), ...back.map(([x]) => x)], y: [...one.band.map(([, , high]) => high), ...back.map(([, low]) => low)] };
}

function columns(points) {
  return { x: points.map((point) => point[0]), y: points.map((point) => (Number.isFinite(point[1]) ? point[1] : null)) };
}

export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function short(value) {
  return Number(value.toPrecision(4)).toString();
}

