// What all charts share: they draw with the global Plotly, which is loaded when the first chart is made. Their colours are custom
// properties of `results.css`, so charts follow light and dark. Knows no page and fetches no data.

import { SEPARATORS } from "./messages.js";
import { el, save, t } from "./studio.js";

// The second signal beside the colours of runs; `run_colours.py` has the same for swatches.
const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash", "dot", "dashdot"];

const live = new Set();

let loading;

/** Load the chart library, after the numbers of the page: it is large, and nothing else moves while the browser reads it. */
function loadLibrary() {
  loading ??= numbersShown().then(() => new Promise((resolve) => {
    const arrived = () => {
      drawWithoutBase();
      resolve();
    };
    document.head.append(el("script", { src: new URL("./plotly.min.js", import.meta.url), onload: arrived }));
  })).then(redrawAll);
}

/**
 * Plotly names the clips of a chart by the page's whole address where the page has a base, as Gradio's have. Once a choice has
 * changed the address, the browser would look for them in another document: it loads the page again, and cuts off nothing.
 */
function drawWithoutBase() {
  const { react } = window.Plotly;
  window.Plotly.react = (...about) => {
    const base = document.querySelector("base[href]");
    const href = base?.getAttribute("href");
    base?.removeAttribute("href");
    try {
      return react(...about);
    } finally {
      base?.setAttribute("href", href);
    }
  };
}

const WAITING = ".skeleton, .browser-component[aria-busy]";
const LOOKS = 60;

/** Resolves when no part of the page waits for its first content, or after three seconds. */
async function numbersShown() {
  for (let look = 0; look < LOOKS && document.querySelector(WAITING); look += 1) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 30));
}

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
    loadLibrary();
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

/** What a custom property of the page says; nothing where its style sheet is missing, as in a foreign page. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || undefined;
}

/** Colour and dash pattern that belong to the run at this place. */
export function runStyle(index) {
  return { color: token(`--run-${index % DASHES.length}`), dash: DASHES[index % DASHES.length] };
}

/** Draw every chart again; needed when the theme changes, and when Plotly has arrived. What has left the page is let go. */
function redrawAll() {
  for (const chart of live) {
    if (chart.watched.isConnected) chart.drawSoon();
    else chart.forget();
  }
}

/** All charts that are on the page. */
export function charts() {
  return [...live];
}

// Drawn for Plotly's bar of buttons, in the same 1000 units as its own.
const CORNERS = { width: 1000, height: 1000, path: "M0 0h400v120H120v280H0zM600 0h400v400H880V120H600zM0 600h120v280h280v120H0zM880 600h120v400H600V880h280z" };
const FULL_SCREEN = { name: "full-screen", title: t("Full screen"), icon: CORNERS, click: toggleFullScreen };
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
  const buttons = csv ? [{ name: "csv", title: t("Download as CSV"), icon: window.Plotly.Icons.disk, click: () => save(`${title}.csv`, csv()) }] : [];
  return {
    responsive: true,
    displaylogo: false,
    modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"], ["toImage", ...buttons, FULL_SCREEN]],
    toImageButtonOptions: { filename: title },
  };
}

/** Pixels that a legend needs below its first row, so that long names do not press the curves flat. */
export function legendRoom(series, width) {
  if (series.length < 2) return 0;
  const longest = Math.max(...series.map((one) => Math.min(44, one.name.length)));
  const perRow = Math.max(1, Math.floor((width - 70) / (60 + 7 * longest)));
  return 19 * (Math.ceil(series.length / perRow) - 1);
}

/** What every layout begins with. */
export function frame() {
  const ink = inkColour();
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: token("--font") || "sans-serif", size: 12, color: ink },
    hoverlabel: { bgcolor: token("--chart-label"), bordercolor: token("--chart-border"), font: { color: ink, size: 12 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: token("--chart-line"), activecolor: token("--run-0") },
    dragmode: "zoom",
    separators: SEPARATORS,
  };
}

/** What every axis begins with. */
export function axisStyle() {
  return { color: token("--chart-axis") || inkColour(), gridcolor: token("--chart-grid"), linecolor: token("--chart-border"), zeroline: false, fixedrange: false };
}

function inkColour() {
  return token("--ink") || getComputedStyle(document.body).color;
}

// Plotly reads a little markup in names; a person's words must stay words.
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

new MutationObserver(redrawAll).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
document.addEventListener("DOMContentLoaded", () => new MutationObserver(redrawAll).observe(document.body, { attributes: true, attributeFilter: ["class"] }));
