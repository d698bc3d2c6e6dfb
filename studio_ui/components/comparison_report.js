// The comparison on one printed page: nodes from Python (see comparison/report.py) and the first curves as pictures. The browser
// prints it or saves it as PDF, so every script and script direction that it can show is in it.

import { LANGUAGE, el, t, toast } from "./studio.js";
import { build } from "./view.js";

const MOST_CHARTS = 2;
// From so many runs on the page lies on its side.
const WIDE = 5;
// A4 at 96 dots an inch, less margins of 12 mm; `results.css` names the same paper.
const PAPER = { portrait: [703, 1032], landscape: [1032, 703] };

/** @param nodes what is said; @param charts the curve charts; @param {number} runs how many are on it */
export async function openReport(nodes, charts, runs) {
  document.getElementById("paper-report")?.remove();
  const wide = runs >= WIDE;
  const report = el("section", { id: "paper-report", class: wide ? "report-wide" : "", "aria-hidden": "true" });
  report.append(...nodes.map((node) => build(node)), await pictures(charts));
  report.querySelector("header p").append(` · ${new Date().toLocaleDateString(LANGUAGE, { dateStyle: "long" })}`);
  document.body.append(report);
  fit(report, PAPER[wide ? "landscape" : "portrait"]);
  window.addEventListener("afterprint", () => report.remove(), { once: true });
  toast(t("In the print window choose “Save as PDF”, or a printer."));
  window.print();
}

/** The first curves that have values, as pictures in the colours of paper. */
async function pictures(charts) {
  // A chart that nobody has scrolled to is not drawn yet.
  for (const chart of charts) chart.draw(true);
  const drawn = charts.filter((chart) => chart.drawn && !chart.figure.hidden && chart.series.some((one) => one.points.length)).slice(0, MOST_CHARTS);
  const dark = [document.documentElement, document.body].filter((each) => each.classList.contains("dark"));
  const toggle = (on) => {
    for (const each of dark) each.classList.toggle("dark", on);
    for (const chart of drawn) chart.draw(true);
  };
  toggle(false);
  try {
    return el("div", { class: "report-charts" }, ...(await Promise.all(drawn.map(picture))));
  } finally {
    toggle(true);
  }
}

async function picture({ about, plot }) {
  const src = await window.Plotly.toImage(plot, { format: "svg", width: 520, height: 260 });
  return el("figure", {}, el("figcaption", { text: about.title }), el("img", { alt: "", src }));
}

/** Shrink until it fits on the paper; a report of few runs stays as it is. */
function fit(report, [width, height]) {
  for (let scale = 1; scale > 0.35; scale -= 0.05) {
    report.style.width = `${width / scale}px`;
    report.style.zoom = String(scale);
    // Both are in dots of the paper, whatever the zoom.
    const tall = report.getBoundingClientRect().height;
    const inside = [...report.querySelectorAll("table")].every((table) => table.offsetWidth <= report.offsetWidth + 1);
    if (tall <= height && inside) return;
  }
}
