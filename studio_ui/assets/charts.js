// Every chart of the studio: curves with smoothing over a raw underlay, and what all charts share. Draws with the global
// Plotly; colours come from the page's CSS tokens, so charts follow light and dark. Knows no page and fetches nothing.

// Told apart by colour-blind readers in this order (after Okabe and Ito), with a dash pattern as second signal.
const LIGHT = ["#0a6ebd", "#c2410c", "#047857", "#a21caf", "#92650a", "#0e7490", "#be123c", "#4d5b6a", "#5b4bd6", "#4d7c0f"];
const DARK = ["#63b3ff", "#ff9e66", "#4fd1a1", "#e58cf0", "#e5c15b", "#5fd4e8", "#ff8fa6", "#b6c2cf", "#a99cff", "#b0d968"];
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash", "dot", "dashdot"];
export const BASE_INDEX = -1;

const USUAL_HEIGHT = 260;
const NARROW = 480;
// With fewer points nothing is an outlier.
const FEW = 25;

const live = new Set();

// Charts are drawn one by one from the top, and the page may answer between two of them: those in sight after the next
// picture of the page, the others when the browser has nothing else to do. Where a chart is comes from the observer, which
// tells it after each picture; asking would lay out the page anew.
const byFigure = new WeakMap();
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting, boundingClientRect } of entries) byFigure.get(target)?.comes(isIntersecting, boundingClientRect.top);
}, { rootMargin: "400px" });
const waiting = new Set();
const planned = { soon: false, idle: false };
const whenIdle = window.requestIdleCallback || ((act) => setTimeout(act, 30));

function planDrawing() {
  const drawable = [...waiting].filter((chart) => chart.near || !chart.heavy);
  const when = drawable.some((chart) => chart.near) ? "soon" : "idle";
  if (!drawable.length || planned[when]) return;
  planned[when] = true;
  const act = () => {
    planned[when] = false;
    drawNext();
  };
  if (when === "soon") requestAnimationFrame(() => setTimeout(act));
  else whenIdle(act);
}

function drawNext() {
  const drawable = [...waiting].filter((chart) => chart.near || !chart.heavy);
  const [chart] = drawable.sort((one, other) => Number(other.near) - Number(one.near) || one.top - other.top);
  if (!chart) return;
  waiting.delete(chart);
  chart.drawNow();
  planDrawing();
}

/** A chart that is drawn again when the theme changes or the chart library arrives; subclasses have `draw`. */
export class Redrawn {
  /** @param {HTMLElement} figure what has to come into sight for `drawSoon` to draw at once */
  keep(figure) {
    live.add(this);
    Object.assign(this, { watched: figure, near: false, top: 0, late: false });
    byFigure.set(figure, this);
    sight.observe(figure);
  }

  /** Draw as soon as the page has answered, where it can be seen; otherwise when nothing else is to be done, or if `heavy` never. */
  drawSoon() {
    waiting.add(this);
    planDrawing();
  }

  drawNow() {
    // In a tab that is not open a chart has no width; it is drawn when it comes into sight.
    this.late = !this.plot.clientWidth;
    this.draw();
  }

  /** It comes near the visible part of the page, or leaves it. */
  comes(near, top) {
    Object.assign(this, { near, top });
    if (near && (this.late || waiting.has(this))) this.drawSoon();
  }

  forget() {
    live.delete(this);
    waiting.delete(this);
    sight.unobserve(this.watched);
    if (window.Plotly && this.plot) window.Plotly.purge(this.plot);
  }
}

/** Whether the page is shown dark at the moment. */
export function isDark() {
  return document.documentElement.classList.contains("dark") || document.body.classList.contains("dark");
}

/** Colour and dash pattern that belong to the run at this place; the base model has a grey of its own. */
export function runStyle(index) {
  const colours = isDark() ? DARK : LIGHT;
  if (index === BASE_INDEX) return { color: isDark() ? "#c3cbd4" : "#5a6672", dash: "dot" };
  return { color: colours[index % colours.length], dash: DASHES[index % DASHES.length] };
}

/**
 * Exponential moving average that starts unbiased; returns as many points as it was given, never more.
 * @param {number[][]} points (x, y) by rising x; @param {number} weight 0 (raw) to 0.99.
 */
export function smoothed(points, weight) {
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
  /** @param {HTMLElement} place; @param {{title, unit?, format?, hover?, empty?, tickformat?}} about */
  constructor(place, about) {
    super();
    this.about = about;
    this.series = [];
    this.options = { smoothing: 0, log: false, xTitle: "step" };
    this.figure = document.createElement("figure");
    this.figure.className = "chart";
    const caption = document.createElement("figcaption");
    this.heading = document.createElement("strong");
    this.heading.textContent = about.title;
    this.latest = document.createElement("span");
    this.latest.className = "chart-latest";
    caption.append(this.heading, this.latest);
    this.plot = document.createElement("div");
    this.plot.className = "chart-plot";
    this.note = document.createElement("p");
    this.note.className = "chart-empty";
    this.figure.append(caption, this.plot, this.note);
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

  /** Let one curve stand out, or none; `about.linked` charts tell each other through `lightUp`. */
  highlight(style) {
    if (!this.drawn || !this.plot.data) return;
    const fade = (trace) => (trace.fill ? 0.18 : trace.showlegend === false ? 0.28 : 1) * (style == null || trace.meta === style ? 1 : 0.18);
    window.Plotly.restyle(this.plot, { opacity: this.plot.data.map(fade) });
  }

  draw() {
    const filled = this.series.filter((one) => one.points.length);
    const ready = filled.length > 0 && Boolean(window.Plotly);
    this.note.hidden = ready;
    this.plot.classList.toggle("chart-waiting", !ready);
    this.note.textContent = filled.length ? "The chart library is loading." : this.about.empty || "No values yet.";
    this.latest.textContent = filled.length === 1 ? this.describe(filled[0]) : filled.length === 2 && !this.about.quiet ? filled.map((one) => `${one.name} ${this.describe(one)}`).join(", ") : "";
    this.figure.setAttribute("aria-label", [this.about.title, ...filled.map((one) => `${one.name}: ${this.describe(one)}`)].join("; "));
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
    this.drawn = true;
  }

  describe(one) {
    const value = one.points[one.points.length - 1][1];
    return Number.isFinite(value) ? (this.about.format || short)(value) : "not a number";
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
    const log = this.options.log && !this.about.noLog;
    return {
      ...frame(),
      height,
      margin: { l: 56, r: 12, t: 8, b: legend ? 62 : 40 },
      hovermode: this.about.linked ? "closest" : "x unified",
      showlegend: legend,
      legend: { orientation: "h", y: -0.2, x: 0, font: { color: axis.color } },
      xaxis: { ...axis, title: { text: this.options.xTitle, standoff: 4 }, rangemode: "tozero" },
      yaxis: { ...axis, type: log ? "log" : "linear", tickformat: this.about.tickformat || "", automargin: true, nticks: 6, ...(log ? {} : yRange(this.series, this.about.tickformat?.includes("%"), this.options.clip)) },
      ...markLines(this.marks || []),
      uirevision: `${this.options.xTitle}-${log}-${Boolean(this.options.clip)}`,
    };
  }

  csv() {
    const lines = [["series", this.options.xTitle, "value", ...(this.series.some((one) => one.band) ? ["low", "high"] : [])].join(",")];
    for (const one of this.series) {
      const edges = new Map((one.band || []).map(([x, low, high]) => [x, [low, high]]));
      for (const [x, y] of one.points) lines.push([JSON.stringify(one.name), x, y, ...(edges.get(x) || [])].join(","));
    }
    return lines.join("\n");
  }
}

let lit = null;

/** Let the run of this style stand out in every linked chart; null ends it. */
export function lightUp(style) {
  if (style === lit) return;
  lit = style;
  for (const chart of live) if (chart.about?.linked) chart.highlight(style);
}

/** Draw every chart again; needed when the theme changes, and when Plotly has arrived. */
export function redrawAll() {
  for (const chart of live) chart.drawSoon();
}

document.querySelector('script[src$="/plotly.min.js"]')?.addEventListener("load", redrawAll);

// Drawn for Plotly's bar of buttons, in the same 1000 units as its own.
const CORNERS = { width: 1000, height: 1000, path: "M0 0h400v120H120v280H0zM600 0h400v400H880V120H600zM0 600h120v280h280v120H0zM880 600h120v400H600V880h280z" };
const FULL_SCREEN = { name: "full-screen", title: "Full screen", icon: CORNERS, click: toggleFullScreen };
const CAPTION_ROOM = 90;

/** Show a chart's figure alone, or end that; charts draw themselves again when the screen has changed. */
function toggleFullScreen(plot) {
  const figure = plot.closest("figure") || plot;
  if (document.fullscreenElement) document.exitFullscreen();
  else figure.requestFullscreen?.();
}

/** The height of a plot in pixels: its usual one, or what the screen has while its figure fills it. */
export function chartHeight(plot, usual) {
  return document.fullscreenElement?.contains(plot) ? Math.max(usual, window.innerHeight - CAPTION_ROOM) : usual;
}

document.addEventListener("fullscreenchange", () => redrawAll());

/** Options of a chart, made once: Plotly takes new functions for a change of options and draws all over again. */
export function settings(title, csv) {
  const buttons = csv ? [{ name: "csv", title: "Download as CSV", icon: window.Plotly.Icons.disk, click: () => save(`${title}.csv`, csv()) }] : [];
  return {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"], ["toImage", ...buttons, FULL_SCREEN]],
    toImageButtonOptions: { filename: title },
  };
}

/** Offer a text as a CSV file to save. */
export function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** A thin line with a sign on top for each mark; pointing at the sign says what it was. */
function markLines(marks) {
  const color = isDark() ? "#7d8894" : "#98a2ad";
  return {
    shapes: marks.map(({ x }) => ({ type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, line: { color, width: 1, dash: "dot" } })),
    annotations: marks.map(({ x, sign, text }) => ({ x, yref: "paper", y: 1, yanchor: "top", text: sign, hovertext: plain(text), showarrow: false, font: { size: 13, color: axisStyle().color } })),
  };
}

/** Pixels that a legend needs below its first row, so that long names do not press the curves flat. */
export function legendRoom(series, width) {
  if (series.length < 2) return 0;
  const longest = Math.max(...series.map((one) => Math.min(44, one.name.length)));
  const perRow = Math.max(1, Math.floor((width - 70) / (60 + 7 * longest)));
  return 19 * (Math.ceil(series.length / perRow) - 1);
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

export function frame() {
  const ink = token("--ink", isDark() ? "#e6e9ee" : "#1d2733");
  const hoverlabel = { bgcolor: isDark() ? "#1b222b" : "#ffffff", bordercolor: isDark() ? "#3a4552" : "#cfd6de", font: { color: ink, size: 12 } };
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("--font", "sans-serif"), size: 12, color: ink },
    hoverlabel,
    modebar: { bgcolor: "rgba(0,0,0,0)", color: isDark() ? "#7d8894" : "#98a2ad", activecolor: runStyle(0).color },
    dragmode: "zoom",
  };
}

export function axisStyle() {
  return {
    color: isDark() ? "#aab4bf" : "#52606d",
    gridcolor: isDark() ? "#2b343f" : "#e7ebef",
    linecolor: isDark() ? "#3a4552" : "#cfd6de",
    zeroline: false,
    fixedrange: false,
  };
}

function token(name, fallback) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || fallback;
}

// Plotly reads a little markup in names; a person's words must stay words.
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function shortened(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function short(value) {
  return Number(value.toPrecision(4)).toString();
}

new MutationObserver(redrawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
document.addEventListener("DOMContentLoaded", () => new MutationObserver(redrawAll).observe(document.body, { attributes: true, attributeFilter: ["class"] }));
