// The curves of one run with their controls. Keeps the points; `run.js` appends what the cursor brings.

import { CurveChart } from "./charts.js";
import { el, percent } from "./studio.js";

const CHARTS = [
  { title: "Loss", keys: [["train/loss", "training", true], ["eval/loss", "evaluation", false]], empty: "The first point appears after the first training step." },
  { title: "Quality on the validation rows", keys: [["eval/accuracy", "accuracy", false], ["eval/macro_f1", "macro-F1", false]], hover: ".1%", tickformat: ".1~%", format: percent, noLog: true, empty: "Appears at the first check. More checks per pass give more points." },
  { title: "Quality on the validation sentences", keys: [["eval/f1", "entity F1", false], ["eval/precision", "precision", false], ["eval/recall", "recall", false]], hover: ".1%", tickformat: ".1~%", format: percent, noLog: true, optional: true },
  { title: "Perplexity on the validation rows", keys: [["eval/perplexity", "perplexity", false]], hover: ".3~g", optional: true },
  { title: "Learning rate", keys: [["train/learning_rate", "learning rate", false]], hover: ".3e", tickformat: ".2~g", format: (value) => value.toExponential(2), empty: "Appears with the first training step." },
  { title: "Gradient norm", keys: [["train/grad_norm", "gradient norm", true]], empty: "Appears with the first training step." },
  { title: "Memory (GB)", keys: [["system/memory_bytes", "this run", false], ["system/gpu_memory_bytes", "whole GPU", false], ["system/process_bytes", "RAM", false]], scale: 1e-9, hover: ".2f", format: (value) => `${value.toFixed(2)} GB`, noLog: true, empty: "Appears once training has started." },
  { title: "Device utilisation (%)", keys: [["system/cpu_percent", "CPU cores of this run", true], ["system/gpu_percent", "GPU", true]], hover: ".0f", format: (value) => `${Math.round(value)} %`, noLog: true, empty: "Appears with the first training step." },
  { title: "GPU power (W)", keys: [["system/gpu_power_watts", "power", true]], hover: ".0f", format: (value) => `${Math.round(value)} W`, noLog: true, optional: true },
  { title: "GPU temperature (°C)", keys: [["system/gpu_temperature_celsius", "temperature", false]], hover: ".0f", format: (value) => `${Math.round(value)} °C`, noLog: true, optional: true },
  { title: "Speed (rows per second)", keys: [["train/rows_per_second", "rows per second", true]], hover: ".1f", empty: "Appears with the first training step." },
];

const AXES = [["step", "step"], ["pass", "epochs"], ["time", "minutes"]];

export class RunCurves {
  constructor(place) {
    this.points = {};
    this.latest = {};
    this.began = null;
    this.axis = "step";
    this.marks = [];
    this.stepsPerPass = 0;
    const grid = el("div", { class: "chart-grid" });
    this.words = el("p", { id: "curve-marks", class: "muted small" });
    place.append(chartControls("run", (options) => this.configure(options), AXES), grid, this.words);
    this.charts = CHARTS.map((about) => [about, new CurveChart(grid, about)]);
  }

  /** Take in new points; draws once however many there are. */
  append(points) {
    for (const { key, step, value, at } of points) {
      const curve = (this.points[key] ||= []);
      const number = value == null ? NaN : value;
      this.began = Math.min(this.began ?? at, at);
      curve.push({ step, value: number, at });
      const last = this.latest[key];
      const best = Math.max(last?.best ?? -Infinity, Number.isFinite(number) ? number : -Infinity);
      this.latest[key] = { step, value: number, best };
    }
    if (points.length) this.draw();
  }

  /** What happened on the way: `{step, at, sign, text}`, drawn as a line through every chart and listed below them. */
  mark(marks, stepsPerPass) {
    Object.assign(this, { marks, stepsPerPass });
    this.words.textContent = marks.map(({ sign, text }) => `${sign} ${text}`).join(" · ");
    this.draw();
  }

  configure({ axis, ...options }) {
    this.axis = axis || this.axis;
    for (const [, chart] of this.charts) chart.configure({ ...options, xTitle: Object.fromEntries(AXES)[this.axis] });
    this.draw();
  }

  draw() {
    for (const [about, chart] of this.charts) {
      // Tasks with labels have no perplexity and tasks that write no accuracy; what does not apply is not shown.
      chart.figure.hidden = about.optional ? !this.has(about) : about.keys[0][0] === "eval/accuracy" && Boolean(this.points["eval/perplexity"] || this.points["eval/f1"]);
      const marks = this.marks.map((mark) => ({ x: this.across(mark), sign: mark.sign, text: mark.text }));
      chart.update(about.keys.map(([key, name, smooth], style) => ({ name, style, smooth, points: this.curve(key, about.scale || 1) })), marks);
    }
  }

  has(about) {
    return about.keys.some(([key]) => this.points[key]?.length);
  }

  across({ step, at }) {
    if (this.axis === "time") return (at - this.began) / 60;
    return this.axis === "pass" && this.stepsPerPass ? step / this.stepsPerPass : step;
  }

  curve(key, scale) {
    return (this.points[key] || []).map((point) => [this.across(point), point.value * scale]).sort((one, other) => one[0] - other[0]);
  }
}

/**
 * Smoothing, scale and axis; the choice is kept in the address so that a reload shows the same.
 * @param {[string, string][]} axes value and words of what can lie across; the first is the default
 */
export function chartControls(id, changed, axes) {
  const query = new URLSearchParams(location.search);
  const smoothing = el("input", { id: `${id}-smoothing`, type: "range", min: "0", max: "0.99", step: "0.01", value: query.get("smoothing") || "0.6" });
  const shown = el("output", { for: `${id}-smoothing` });
  const log = el("input", { id: `${id}-log`, type: "checkbox" });
  log.checked = query.get("log") === "1";
  const clip = el("input", { id: `${id}-clip`, type: "checkbox" });
  clip.checked = query.get("clip") === "1";
  const axis = el("select", { id: `${id}-axis` }, ...axes.map(([value, text]) => el("option", { value, text })));
  axis.value = axes.some(([value]) => value === query.get("axis")) ? query.get("axis") : axes[0][0];
  const tell = () => {
    shown.textContent = Number(smoothing.value).toFixed(2);
    remember({ smoothing: smoothing.value === "0.6" ? null : smoothing.value, log: log.checked ? "1" : null, clip: clip.checked ? "1" : null, axis: axis.value === axes[0][0] ? null : axis.value });
    changed({ smoothing: Number(smoothing.value), log: log.checked, clip: clip.checked, axis: axis.value });
  };
  for (const control of [smoothing, log, clip, axis]) control.addEventListener("input", tell);
  queueMicrotask(tell);
  return el("div", { class: "chart-controls" },
    el("label", { for: `${id}-smoothing` }, "Smoothing ", smoothing, shown),
    el("label", { class: "check", for: `${id}-log` }, log, " Logarithmic scale"),
    el("label", { class: "check", for: `${id}-clip`, title: "The axis leaves out the highest and the lowest two per cent of the points." }, clip, " Cut outliers"),
    el("label", { for: `${id}-axis` }, "Across ", axis));
}

/** Put values into the page's address without loading anything; null removes. */
export function remember(values) {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(values)) {
    if (value == null) address.searchParams.delete(key);
    else address.searchParams.set(key, value);
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}
