// Runs side by side; see comparison.py. Python describes tables, words and most charts for what the address says; curves and
// examples are kept here.

import { lightUp } from "./curve_chart.js";
import { ComparedCurves } from "./comparison_curves.js";
import { SharedExamples } from "./comparison_examples.js";
import { openReport } from "./comparison_report.js";
import { followAdder } from "./run_adder.js";
import { addressed, call, copy, emptyState, remember, save, skeleton, t } from "./studio.js";
import { build, keepingFocus, reconcile } from "./view.js";

class Comparison {
  /** @param trigger what Gradio hands to `mount`; null where nothing can be changed */
  constructor(root, server, trigger, { frame, curves }) {
    Object.assign(this, { root, trigger, readOnly: !trigger, ask: (name, data) => call(server, name, data), turn: 0 });
    const listed = (name) => (addressed()[name] || "").split(",").filter(Boolean);
    this.ids = listed("runs");
    const asked = listed("colours").map(Number);
    this.places = new Map(this.ids.map((id, at) => [id, asked.length === this.ids.length ? asked[at] : at]));
    this.frame = frame.map((node) => build(node));
    const [chips, notes, matrix, charts, settings, parameters, pareto, examples] = this.frame;
    Object.assign(this, { chips, notes, matrix, settings, parameters, pareto });
    [this.list, this.adder, this.baseline] = chips.children;
    settings.oninput = () => this.drawSettings();
    this.curves = new ComparedCurves(charts, curves, this.ask, () => this.drawCurves());
    this.examples = new SharedExamples(examples, this.ask);
    this.listenToChips();
  }

  async start() {
    this.root.replaceChildren(skeleton(6));
    await this.load();
  }

  /** Ask for everything anew and show it. @param {object} changes of the address */
  async load(changes = {}) {
    this.turn += 1;
    const mine = this.turn;
    remember(changes);
    if (!this.ids.length) remember({ runs: null, baseline: null, colours: null });
    const curves = this.curves.fetch(this.ids);
    // A refusal of the comparison says more than one of its curves, and comes first.
    curves.catch(() => {});
    try {
      const data = await this.ask("describe_comparison", { query: addressed() });
      if (mine !== this.turn) return;
      this.offerRuns(data.adder);
      if (data.runs.length) await this.show(data, curves);
      else this.root.replaceChildren(build(data.empty), this.adder);
      if (this.reported !== this.ids.join()) this.trigger?.("compared", { runs: this.ids });
      this.reported = this.ids.join();
    } catch (error) {
      if (mine !== this.turn) return;
      this.root.replaceChildren(emptyState(error.message, error.hint || "", this.readOnly ? null : { href: "/runs", text: t("Go to Runs") }));
    }
  }

  async show(data, curves) {
    this.data = data;
    this.ids = data.runs.map((run) => run.id);
    if (!this.root.contains(this.matrix)) this.root.replaceChildren(...this.frame);
    this.chips.insertBefore(this.adder, this.baseline);
    this.describe(this.list, data.chips);
    this.describe(this.baseline, [t("Baseline "), data.bases]);
    for (const name of ["notes", "matrix", "parameters", "pareto"]) this.describe(this[name], data[name]);
    if (!this.settings.childElementCount) this.describe(this.settings, data.settings_frame);
    this.describe(this.curves.choices, data.grouping);
    for (const name of ["parameters", "pareto"]) this[name].hidden = !data[name].length;
    this.drawSettings();
    await Promise.all([curves.then(() => this.drawCurves()), this.examples.show(data.examples)]);
  }

  /** The box that finds runs to add; only one that can be used is offered. */
  offerRuns(nodes) {
    this.adder.hidden = !nodes;
    if (!nodes || this.adder.childElementCount) return;
    this.describe(this.adder, nodes);
    followAdder(this.adder, (words) => this.ask("find_runs", { words, taken: this.ids }), (id) => this.add(id));
  }

  describe(place, nodes) {
    keepingFocus(place, () => reconcile(place, nodes, (detail) => this.act(detail)));
  }

  /** The runs inside the ranges that were chosen on the parallel axes; all while nothing is chosen. */
  shown() {
    return this.data.runs.filter((run) => run.inside);
  }

  drawCurves() {
    return this.data && this.curves.draw(this.data, this.shown().filter((run) => !this.data.hidden.includes(run.id)));
  }

  drawSettings() {
    const [all, search, box] = ["#compare-all-settings", "#compare-setting-search", ".table-box"].map((each) => this.settings.querySelector(each));
    remember({ all: all.checked ? "1" : null });
    const words = search.value.trim().toLowerCase();
    const [tag, attributes, head, [, , ...known]] = this.data.settings;
    const wanted = known.filter(([, row]) => (all.checked || row.class === "differs") && row["data-search"].includes(words));
    const rows = wanted.length ? wanted : [this.data.no_settings[words ? "found" : "differs"]];
    this.describe(box, [[tag, attributes, head, ["tbody", {}, ...rows]]]);
  }

  settingsText() {
    const [head, ...rows] = [...this.settings.querySelectorAll("tr")].map((row) => [...row.cells]);
    const heads = ["", ...head.slice(2).map((cell) => cell.textContent)];
    const lines = rows.map(([, key, ...cells]) => [key.title, ...cells.map((cell) => cell.querySelector("code").textContent)]);
    return [heads, ...lines].map((cells) => cells.join("\t")).join("\n");
  }

  /** Pointing at a run lights it up in every chart; Alt with the arrow keys, or dragging, moves it. */
  listenToChips() {
    const idOf = (event) => event.target.closest(".run-chip")?.dataset.run;
    const styleOf = (id) => this.data.runs.find((run) => run.id === id)?.style;
    const on = (name, act) => this.list.addEventListener(name, (event) => idOf(event) && act(event, idOf(event)));
    for (const name of ["mouseover", "focusin"]) on(name, (event, id) => lightUp(styleOf(id)));
    for (const name of ["mouseout", "focusout"]) on(name, () => lightUp(null));
    on("keydown", (event, id) => {
      const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.altKey && way) this.move(event, id, this.ids.indexOf(id) + way);
    });
    on("dragstart", (event, id) => event.dataTransfer.setData("text/plain", id));
    on("dragover", (event) => event.preventDefault());
    on("drop", (event, id) => this.move(event, event.dataTransfer.getData("text/plain"), this.ids.indexOf(id)));
  }

  act({ query, name, value }) {
    if (query) return this.load(query);
    const acts = {
      remove: () => this.change(this.ids.filter((id) => id !== value)),
      csv: async () => save("comparison.csv", await this.ask("describe_csv", { query: addressed() })),
      report: () => this.print(),
      copy: () => copy(this.settingsText()),
      share: () => this.trigger("sharing", { runs: this.ids }),
    };
    return acts[name]();
  }

  async print() {
    const ids = this.shown().map((run) => run.id);
    await openReport(await this.ask("describe_report", { query: addressed(), shown: ids }), this.curves.charts, ids.length);
  }

  add(id) {
    if (this.ids.length) return this.change([...this.ids, id]);
    this.places = new Map();
    return this.change([id]);
  }

  /** Compare these runs; each keeps its colour, newcomers get the lowest that is free. */
  change(ids) {
    const { baseline } = addressed();
    this.places = new Map([...this.places].filter(([id]) => ids.includes(id)));
    for (const id of ids) {
      const taken = new Set(this.places.values());
      if (!this.places.has(id)) this.places.set(id, [...Array(ids.length).keys()].find((place) => !taken.has(place)));
    }
    const colours = ids.map((id) => this.places.get(id));
    this.ids = ids;
    const usual = colours.every((place, at) => place === at);
    const others = ids.includes(baseline) ? {} : { baseline: null };
    return this.load({ runs: ids.join(","), colours: usual ? null : colours.join(","), ...others });
  }

  async move(event, id, to) {
    event.preventDefault();
    if (!this.ids.includes(id) || to < 0 || to >= this.ids.length) return;
    const ids = this.ids.filter((each) => each !== id);
    ids.splice(to, 0, id);
    await this.change(ids);
    this.list.querySelector(`[data-run="${CSS.escape(id)}"] .swatch-button`)?.focus();
  }
}

export function mount({ element, trigger, props, server }) {
  return new Comparison(element.querySelector(".browser-component"), server, trigger, props).start();
}
