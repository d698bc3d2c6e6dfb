// The comparison on one printed page: what was compared, who was better and how sure that is, what was different, curves.
// The browser prints it or saves it as PDF, so every script and script direction that it can show is in it.

import { settingWords } from "./run_details.js";
import { methodTitle, modelTitle } from "./run_words.js";
import { count, counted, el, percent, toast } from "./studio.js";

const MOST_SETTINGS = 14;
const MOST_CHARTS = 2;
// A4 at 96 dots an inch, less margins of 12 mm; `results.css` names the same paper.
const PAPER = { portrait: [703, 1032], landscape: [1032, 703] };
const VERDICTS = { better: "better", worse: "worse", same: "the same", unclear: "cannot tell apart" };

/** @param {{data, runs, show, charts}} about the comparison, the runs shown, how values are written, the curve charts */
export async function openReport(about) {
  document.getElementById("paper-report")?.remove();
  const wide = about.runs.length > 4;
  const report = el("section", { id: "paper-report", class: wide ? "report-wide" : "", "aria-hidden": "true" }, ...content(about), await pictures(about.charts));
  document.body.append(report);
  fit(report, PAPER[wide ? "landscape" : "portrait"]);
  const done = () => report.remove();
  window.addEventListener("afterprint", done, { once: true });
  toast("In the print window choose “Save as PDF”, or a printer.");
  window.print();
}

function content({ data, runs, show }) {
  const first = runs[0];
  const baseline = data.runs.find((run) => run.id === data.baseline)?.name || "the base model";
  const data_sets = [...new Set(runs.map((run) => `${run.dataset.name} @ ${run.dataset.version}`))].join(", ");
  const rows = [...new Set(runs.map((run) => run.test_rows).filter(Boolean))].map((number) => counted(number, "test row")).join(", ");
  return [
    el("header", {}, el("h1", { text: `Comparison of ${counted(runs.length, "run")}` }), el("p", { text: `${data_sets}${rows ? ` · ${rows}` : ""} · ${[...new Set(runs.map((run) => modelTitle(run.base_model)))].join(", ")} · compared with ${baseline} · ${new Date().toLocaleDateString(undefined, { dateStyle: "long" })}` })),
    ...data.notes.map((note) => el("p", { class: "report-note", text: note.message })),
    el("h2", { text: "Results" }), metricTable(data, runs, show),
    el("h2", { text: "What was different" }), settingTable(data, runs),
    first ? el("p", { class: "report-small", text: "▲ better, ▼ worse, ≈ not distinguishable from the baseline with this many test rows. Test scores are judged on the same rows (paired tests, corrected for the number of runs), with 95 % intervals." }) : "",
  ];
}

function metricTable(data, runs, show) {
  const head = el("tr", {}, el("th", { text: "" }), el("th", { text: "Base model" }), ...runs.map((run) => el("th", {}, run.name, el("span", { class: "report-small", text: methodTitle(run.method) }))));
  const body = data.metrics.filter((metric) => runs.some((run) => metric.values[run.id] != null)).map((metric) => el("tr", {}, el("th", { text: metric.title }), el("td", { text: metric.baseline == null ? "–" : show(metric.unit, metric.baseline) }), ...runs.map((run) => metricCell(metric, run.id, show))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
}

function metricCell(metric, id, show) {
  const value = metric.values[id];
  if (value == null) return el("td", { text: "–" });
  const mark = { better: "▲", worse: "▼", same: "=", unclear: "≈" }[metric.verdicts[id]];
  const interval = metric.intervals[id];
  return el("td", { class: metric.best.includes(id) ? "report-best" : "" }, `${show(metric.unit, value)}${mark ? ` ${mark}` : ""}`,
    interval ? el("span", { class: "report-small", text: `${percent(interval[0])} to ${percent(interval[1])}` }) : "", mark === "≈" ? el("span", { class: "report-small", text: VERDICTS.unclear }) : "");
}

function settingTable(data, runs) {
  const rows = data.settings.filter((row) => row.differs && row.key !== "fingerprint");
  if (!rows.length) return el("p", { text: "No setting differs." });
  const body = rows.slice(0, MOST_SETTINGS).map((row) => el("tr", {}, el("th", { text: row.title }), ...runs.map((run) => el("td", { text: settingWords(row.values[run.id]) }))));
  const rest = rows.length - MOST_SETTINGS;
  return el("table", {}, el("thead", {}, el("tr", {}, el("th", { text: "" }), ...runs.map((run) => el("th", { text: run.name })))), el("tbody", {}, ...body),
    rest > 0 ? el("caption", { text: `${count(rest)} further settings differ; the comparison's own page and its CSV have them all.` }) : "");
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
    const figures = drawn.map(async (chart) => el("figure", {}, el("figcaption", { text: chart.about.title }), el("img", { alt: "", src: await window.Plotly.toImage(chart.plot, { format: "svg", width: 520, height: 260 }) })));
    return el("div", { class: "report-charts" }, ...(await Promise.all(figures)));
  } finally {
    toggle(true);
  }
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
