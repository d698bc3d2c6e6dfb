// Settings against results: scatter, parallel coordinates whose brushed ranges filter the whole page, and setting importance
// with the result. The choices live in the address. Fetches nothing.

import { ParallelChart, ScatterChart } from "./charts_parameters.js";
import { remember } from "./run_curves.js";
import { settingWords } from "./run_details.js";
import { probability } from "./run_answers.js";
import { counted, el } from "./studio.js";

const FEWEST = 3;
const NO_CHOICES = new Set(["fingerprint", "dataset", "labels"]);
const RUN = "run";

export class Parameters {
  /** @param {(ids: Set<string> | null) => void} brushed called with the runs that lie in all brushed ranges; null for all */
  constructor(place, brushed) {
    Object.assign(this, { place, brushed });
    const query = new URLSearchParams(location.search);
    this.asked = { x: query.get("x"), y: query.get("y"), tint: query.get("tint") };
    try {
      this.ranges = JSON.parse(query.get("brush") || "{}") || {};
    } catch {
      this.ranges = {};
    }
    const choice = (id) => el("select", { id, onchange: () => this.changed() });
    Object.assign(this, { x: choice("parameter-x"), y: choice("parameter-y"), tint: choice("parameter-tint") });
    this.scatterPlace = el("div");
    this.parallelPlace = el("div");
    this.words = el("p", { id: "brush-words", class: "muted", role: "status" });
    this.clear = el("button", { type: "button", id: "brush-clear", class: "button small", text: "Show all runs again", onclick: () => this.setRanges({}) });
    this.importance = el("section", { id: "compare-importance", "aria-label": "Setting importance" });
    place.replaceChildren(el("h2", { text: "Settings and results" }),
      el("div", { class: "chart-controls" }, el("label", { for: "parameter-x" }, "Setting ", this.x), el("label", { for: "parameter-y" }, "Result ", this.y), el("label", { for: "parameter-tint" }, "Colour ", this.tint)),
      el("div", { class: "parameter-layout" }, this.scatterPlace, this.importance),
      this.parallelPlace, el("div", { class: "brush-row" }, this.words, this.clear));
  }

  /**
   * @param data the whole answer of the comparison; @param ids the runs in order; @param places their colours
   * @param {Promise} curves the charts here are costly to draw and farther down, so they wait for the curves
   */
  show(data, ids, places, curves) {
    Object.assign(this, { data, ids, places, curves: curves.catch(() => {}) });
    this.settings = data.settings.filter((row) => row.differs && !NO_CHOICES.has(row.key));
    this.metrics = data.metrics.filter((row) => Object.keys(row.values).length >= FEWEST);
    this.place.hidden = !this.settings.length || !this.metrics.length;
    if (this.place.hidden) {
      if (Object.keys(this.ranges).length) this.setRanges({});
      return;
    }
    fill(this.x, this.settings.map((row) => [row.key, row.title]), this.asked.x || this.strongest());
    fill(this.y, this.metrics.map((row) => [row.key, row.title]), this.asked.y);
    fill(this.tint, [[RUN, "by run"], ...this.settings.map((row) => [row.key, `by ${row.title}`])], this.asked.tint);
    this.charts ||= [new ScatterChart(this.scatterPlace), new ParallelChart(this.parallelPlace, (ranges) => this.setRanges(ranges))];
    this.draw();
    this.showImportance();
  }

  strongest() {
    return this.data.importance?.rows[0]?.key;
  }

  changed() {
    this.asked = { x: this.x.value, y: this.y.value, tint: this.tint.value };
    remember({ x: this.x.value, y: this.y.value, tint: this.tint.value === RUN ? null : this.tint.value });
    this.draw();
  }

  setRanges(ranges) {
    this.ranges = ranges;
    remember({ brush: Object.keys(ranges).length ? JSON.stringify(ranges) : null });
    this.draw();
    this.brushed(this.inside());
  }

  /** The runs inside every brushed range; null when nothing is brushed. */
  inside() {
    const wanted = Object.entries(this.ranges);
    if (!wanted.length || !this.axes) return null;
    const fits = (id) => wanted.every(([key, [low, high]]) => {
      const axis = this.axes.find((each) => each.key === key);
      const value = axis?.places[id];
      return !axis || (value != null && value >= low && value <= high);
    });
    return new Set(this.ids.filter(fits));
  }

  draw() {
    const metric = this.metrics.find((row) => row.key === this.y.value);
    const setting = this.settings.find((row) => row.key === this.x.value);
    const runs = this.data.runs.filter((run) => metric.values[run.id] != null);
    this.axes = [...this.settings.map((row) => axisOf(row, this.data.runs)), { ...axisOf(metric, runs), share: metric.unit === "share" }];
    const inside = this.inside();
    const shown = runs.filter((run) => !inside || inside.has(run.id));
    const points = { metric, setting: axisOf(setting, this.data.runs), runs: shown.map((run) => ({ id: run.id, name: run.name, style: this.style(run) })) };
    const lines = { axes: this.axes, runs, metric, ranges: this.ranges };
    this.curves.then(() => [points, lines].forEach((about, at) => this.charts[at].update(about)));
    const missing = this.data.runs.length - runs.length;
    this.clear.hidden = !inside;
    this.words.textContent = [inside ? `${counted(inside.size, "run")} of ${this.data.runs.length} inside the chosen ranges; the whole page shows only these.` : "Drag along an axis to keep only the runs that pass there; click the axis to undo.", missing ? `${counted(missing, "run")} without this result ${missing === 1 ? "is" : "are"} not drawn.` : ""].filter(Boolean).join(" ");
  }

  style(run) {
    if (this.tint.value === RUN) return this.places.of(run.id);
    const values = this.settings.find((row) => row.key === this.tint.value).values;
    const distinct = [...new Set(this.ids.map((id) => settingWords(values[id])))];
    return distinct.indexOf(settingWords(values[run.id]));
  }

  showImportance() {
    const { importance } = this.data;
    const head = el("h3", { text: "Setting importance" });
    if (!importance) return this.importance.replaceChildren(head, el("p", { class: "muted", text: "These runs were tested on different rows, so there is no common result." }));
    if (!importance.rows.length) return this.importance.replaceChildren(head, el("p", { class: "muted", text: importance.runs < importance.fewest ? `Needs ${importance.fewest} runs with a result; there are ${importance.runs}.` : "No setting that can be analysed was varied." }));
    const items = importance.rows.map((row) => el("li", { "data-key": row.key }, el("span", { class: "importance-name" }, row.title, row.direction ? el("span", { class: "muted", text: row.direction === "up" ? " (higher setting, higher result)" : " (higher setting, lower result)" }) : ""),
      probability(row.strength), el("span", { class: "muted small importance-note", text: noteOf(row) })));
    return this.importance.replaceChildren(head, el("p", {}, el("span", { class: "badge", text: "indicative" }), el("span", { class: "muted small", text: ` What goes along with the result: the share of the variance in ${importance.title} that each setting explains by itself, over ${importance.runs} runs. It shows correlation, not cause.` })),
      el("ol", { class: "importance" }, ...items));
  }
}

function noteOf(row) {
  const chance = row.p_value >= 0.05 ? `may be chance (p = ${row.p_value.toPrecision(2)})` : `hardly chance (p ${row.p_value < 0.001 ? "< 0.001" : `= ${row.p_value.toPrecision(2)}`})`;
  return row.together.length ? `${chance}; changed together with ${row.together.join(", ")}` : chance;
}

function fill(box, options, asked) {
  const before = asked || box.value;
  box.replaceChildren(...options.map(([value, text]) => el("option", { value, text })));
  box.value = options.some(([value]) => value === before) ? before : options[0][0];
}

/** A setting or metric as numbers along an axis: its own, or places of words. `places` maps a run to its number. */
function axisOf(row, runs) {
  const values = runs.map((run) => row.values[run.id]);
  const numeric = values.some((value) => typeof value === "number") && values.every((value) => value == null || typeof value === "number");
  if (numeric) {
    const known = values.filter((value) => value != null);
    const log = Math.min(...known) > 0 && Math.max(...known) / Math.min(...known) > 20;
    return { key: row.key, title: row.title, numeric, log, places: Object.fromEntries(runs.map((run) => [run.id, row.values[run.id]])) };
  }
  const words = [...new Set(values.map(settingWords))].sort();
  return { key: row.key, title: row.title, numeric, log: false, words, places: Object.fromEntries(runs.map((run) => [run.id, words.indexOf(settingWords(row.values[run.id]))])) };
}
