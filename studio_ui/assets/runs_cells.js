// The cells of the table of runs. Knows how a run is shown in a row, and nothing of the page around it.

import { methodTitle, stateChip } from "./run_words.js";
import { bytes, duration, el, percent } from "./studio.js";

/** The columns; `key` is also the name by which the server sorts. `act` marks what a click in the cell does. */
export function columns(act) {
  return [
    { key: "starred", title: "★", label: "Star", cell: (run) => star(run, act) },
    { key: "state", title: "Status", cell: (run) => stateChip(run.state) },
    { key: "name", title: "Name", cell: (run) => nameCell(run, act), head: true },
    { key: "model", title: "Base model", cell: (run) => run.base_model },
    { key: "method", title: "Method", cell: (run) => methodTitle(run.method) },
    { key: "dataset", title: "Data set", cell: (run) => `${run.dataset.name} @ ${run.dataset.version}` },
    { key: "accuracy", title: "Quality", number: true, cell: qualityCell },
    { key: "loss", title: "Train loss ↓", number: true, cell: lossCell },
    { key: "duration", title: "Duration", number: true, cell: (run) => (seconds(run) == null ? "–" : duration(seconds(run))) },
    { key: "memory", title: "Memory", number: true, cell: (run) => (run.results?.peak_memory_bytes ? bytes(run.results.peak_memory_bytes) : "–") },
    { key: "created", title: "Created", number: true, cell: (run) => shortDate(run.created_at) },
  ];
}

function star(run, act) {
  return el("button", { type: "button", class: "star", "aria-pressed": String(run.starred), "aria-label": `${run.starred ? "Remove the star from" : "Give a star to"} ${run.name}`, text: run.starred ? "★" : "☆", onclick: () => act.star(run) });
}

function nameCell(run, act) {
  const { step, total_steps: total } = run.progress || {};
  const moving = run.state === "running" && total ? el("span", { class: "muted row-note", text: `${Math.round((100 * (step || 0)) / total)} % · ${run.phase}` }) : "";
  const waiting = run.state === "queued" && run.queue_position ? el("span", { class: "muted row-note", text: `number ${run.queue_position} in the queue` }) : "";
  const tags = run.tags.map((tag) => el("button", { type: "button", class: "tag", title: `Show runs with the tag ${tag}`, text: tag, onclick: () => act.tag(tag) }));
  const experiment = run.experiment_id ? el("a", { class: "tag", href: `/experiments?id=${encodeURIComponent(run.experiment_id)}`, text: "experiment" }) : "";
  return el("span", { class: "name-cell" }, el("a", { href: `/run?id=${encodeURIComponent(run.id)}`, text: run.name }), moving, waiting,
    tags.length || experiment ? el("span", { class: "tags" }, ...tags, experiment) : "",
    run.note ? el("span", { class: "muted row-note run-note", title: run.note, text: run.note }) : "");
}

/** The task's own score: a share where it is accuracy, a number otherwise. */
function qualityCell(run) {
  const metrics = run.results?.metrics;
  if (!metrics) return "–";
  const best = run.best ? el("span", { class: "badge best-badge", title: "No other finished run on this version of the data is better.", text: "best" }) : "";
  const key = ["accuracy", "f1"].find((each) => metrics[each] != null);
  if (!key) {
    const [name, value] = Object.entries(metrics).find(([metric]) => !metric.includes("loss")) || [];
    return name ? el("span", {}, Number(value.toPrecision(3)).toString(), el("span", { class: "muted row-note", text: name.replaceAll("_", " ") }), best) : "–";
  }
  const value = metrics[key];
  const base = run.results.baseline?.linear_probe?.[key];
  const way = base == null ? "" : value > base ? "better" : value < base ? "worse" : "same";
  const mark = { better: "▲", worse: "▼", same: "=" }[way];
  return el("span", {}, percent(value), mark ? el("span", { class: `delta delta-${way}`, title: `linear probe ${percent(base)}`, text: ` ${mark}${Math.abs((value - base) * 100).toFixed(1)}` }) : "", best);
}

function lossCell(run) {
  const loss = run.results?.train_loss ?? run.progress?.loss ?? run.sparkline.at(-1);
  return el("span", { class: "loss-cell" }, sparkline(run.sparkline), loss == null ? "–" : Number(loss).toPrecision(3));
}

const SVG = "http://www.w3.org/2000/svg";

/** The training loss as a curve of the size of a word; the number beside it carries the meaning. */
function sparkline(values) {
  if (values.length < 2) return "";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const points = values.map((value, at) => `${((60 * at) / (values.length - 1)).toFixed(1)},${(high > low ? 15 - (14 * (value - low)) / (high - low) : 8).toFixed(1)}`).join(" ");
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ viewBox: "0 0 60 16", width: "60", height: "16", class: "sparkline", "aria-hidden": "true" })) picture.setAttribute(name, value);
  const line = document.createElementNS(SVG, "polyline");
  line.setAttribute("points", points);
  picture.append(line);
  return picture;
}

function seconds(run) {
  if (run.results?.seconds?.total != null) return run.results.seconds.total;
  return run.started_at ? (run.finished_at || Date.now() / 1000) - run.started_at : undefined;
}

function shortDate(at) {
  return new Date(at * 1000).toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}
