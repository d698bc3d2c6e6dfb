// A new experiment: which methods, or which settings with which values, and how much may be spent on it.

import { choiceCard } from "./wizard_steps.js";
import { field, select, settingsOf } from "./forms.js";
import { api, bytes, count, counted, durationRange, el, errorBanner } from "./studio.js";

// Worth trying first: the families that differ most from each other in cost and reach.
const FIRST = ["lora", "full", "head-only", "ia3", "bottleneck-adapter", "bitfit", "dora", "prefix-tuning"];
const PRESELECTED = 6;
const MOST = 12;
const MOST_SWEEP = 48;

/** Fill the page with the form; `from` names a data set or a finished run. */
export async function newExperiment(root, from) {
  const [catalog, run] = await Promise.all([api("/api/v1/catalog"), from.run ? api(`/api/v1/runs/${encodeURIComponent(from.run)}`) : null]);
  const dataset = await api(`/api/v1/datasets/${encodeURIComponent(run ? run.dataset.id : from.dataset)}`);
  root.replaceChildren(new ExperimentForm(catalog, dataset, run).node);
}

class ExperimentForm {
  constructor(catalog, dataset, run) {
    Object.assign(this, { catalog, dataset, run, mode: "methods", chosen: new Set(), axes: new Map() });
    this.task = run ? run.task_type : dataset.task_type;
    this.model = run ? run.base_model : catalog.base_models.find((each) => each.task_types.includes(this.task))?.name;
    const serves = catalog.methods.filter((each) => each.task_types.includes(this.task));
    this.methods = [...serves].sort((one, other) => rank(one) - rank(other));
    for (const each of this.methods.filter((one) => one.kind !== run?.method).slice(0, PRESELECTED - (run ? 1 : 0))) this.chosen.add(each.kind);
    this.error = el("div", { id: "experiment-error" });
    this.total = el("p", { id: "experiment-total", role: "status" });
    this.startButton = el("button", { type: "submit", id: "experiment-start", class: "button primary large" });
    this.body = el("div", { class: "experiment-body" });
    this.minutes = el("input", { id: "experiment-minutes", type: "number", min: "0.1", step: "any", placeholder: "no limit" });
    this.most = el("input", { id: "experiment-runs", type: "number", min: "2", max: String(MOST_SWEEP), step: "1", value: "12" });
    this.search = select("experiment-search", [["grid", "Grid search (every combination)"], ["random", "Random search (as many as the budget)"], ["adaptive", "Adaptive search (TPE)"]], "grid");
    this.hopeless = el("input", { id: "experiment-hopeless", type: "checkbox" });
    this.halving = el("input", { id: "experiment-halving", type: "checkbox" });
    for (const control of [this.minutes, this.most, this.search, this.hopeless, this.halving]) control.addEventListener("input", () => this.tell());
    this.node = this.build();
    this.fill();
  }

  build() {
    const about = this.run
      ? el("p", {}, "Beside ", el("a", { href: `/run?id=${encodeURIComponent(this.run.id)}`, text: this.run.name }), `, on the same rows of ${this.dataset.name} @ ${this.run.dataset.version}, with the same split, seed and epochs.`)
      : el("p", {}, "On ", el("a", { href: `/datasets?id=${encodeURIComponent(this.dataset.id)}`, text: this.dataset.name }), ": the same rows, split, seed and epochs for every run.");
    const modes = [["methods", "Compare methods", "Which tuning method is worth it on this data?"], ["settings", "Vary settings", "Which values of one method's settings work best?"]].map(([value, title, words]) =>
      choiceCard({ group: "mode", value, chosen: value === this.mode, title, lines: [words], onchoose: (mode) => { this.mode = mode; this.fill(); } }));
    const form = el("form", { id: "experiment-form", class: "card stack" }, el("div", {}, el("h2", { text: this.run ? "Compare with other methods" : "New experiment" }), about),
      el("div", { class: "choices choices-row", role: "radiogroup", "aria-label": "Kind of experiment" }, ...modes), this.body, this.error,
      el("div", { class: "experiment-foot" }, this.total, this.startButton));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    return form;
  }

  fill() {
    if (this.mode === "methods") this.body.replaceChildren(this.methodList(), this.limits(false));
    else this.body.replaceChildren(this.settingList(), this.limits(true));
    this.tell();
  }

  methodList() {
    const entries = this.methods.map((method) => this.methodEntry(method));
    const shown = Math.max(PRESELECTED + 2, this.chosen.size);
    return el("fieldset", { class: "method-picks", id: "experiment-methods" }, el("legend", { text: `Methods (2 to ${MOST})` }), ...entries.slice(0, shown),
      entries.length > shown ? el("details", { class: "more" }, el("summary", { text: `${counted(entries.length - shown, "more method")}` }), el("div", { class: "method-picks" }, ...entries.slice(shown))) : "");
  }

  methodEntry(method) {
    const box = el("input", { type: "checkbox", id: `pick-${method.kind}`, value: method.kind });
    box.checked = this.chosen.has(method.kind);
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(method.kind);
      else this.chosen.delete(method.kind);
      this.tell();
    });
    const cost = el("span", { class: "pick-cost muted small" });
    this.estimate(method.kind).then((payload) => { cost.textContent = payload ? `${bytes(payload.adapter_bytes)} · ${durationRange(payload.seconds)}` : ""; });
    return el("label", { class: "pick", for: box.id }, box, el("span", { class: "pick-words" }, el("strong", { text: method.title }), el("span", { class: "muted small", text: method.summary })), cost);
  }

  async estimate(kind) {
    this.estimates ??= {};
    const body = { base_model: this.model, method: { kind }, training: this.shared(), dataset_id: this.dataset.id };
    this.estimates[kind] ??= api("/api/v1/estimates", { method: "POST", body }).catch(() => null);
    return this.estimates[kind];
  }

  shared() {
    if (!this.run) return {};
    const { learning_rate: _, ...rest } = this.run.spec.training;
    return rest;
  }

  settingList() {
    this.kind ??= this.run?.method || this.methods[0].kind;
    const pick = select("experiment-method", this.methods.map((each) => [each.kind, each.title]), this.kind);
    pick.addEventListener("change", () => {
      this.kind = pick.value;
      this.axes.clear();
      this.fill();
    });
    const method = this.methods.find((each) => each.kind === this.kind);
    const rooms = [["method", method.schema], ["training", this.catalog.training.schema]];
    const entries = rooms.flatMap(([room, schema]) => settingsOf(schema).filter((about) => about.kind !== "several").map((about) => this.axisEntry(`${room}.${about.name}`, about)));
    return el("div", { class: "stack" }, field("experiment-method", "Method", "", pick),
      el("fieldset", { class: "axis-picks", id: "experiment-settings" }, el("legend", { text: "Values to try" }),
        el("p", { class: "muted small", text: "Separate values with commas. A search other than every combination also takes a range, such as 0.0001..0.01. Fields left empty keep their default." }), ...entries));
  }

  axisEntry(key, about) {
    const id = `axis-${key.replace(".", "-")}`;
    const box = el("input", { id, type: "text", autocomplete: "off", placeholder: about.default == null ? "recommended" : String(about.default) });
    box.value = this.axes.get(key)?.text || "";
    box.addEventListener("input", () => {
      if (box.value.trim()) this.axes.set(key, { text: box.value, values: valuesOf(box.value, about) });
      else this.axes.delete(key);
      this.tell();
    });
    return field(id, about.title, about.choices ? `One or more of ${about.choices.join(", ")}.` : "", box);
  }

  limits(sweep) {
    return el("div", { class: "fields" },
      sweep ? field("experiment-search", "How to search", "Adaptive search begins with four random draws; after that each run is proposed from the validation results before it (Optuna's TPE).", this.search) : "",
      sweep ? field("experiment-runs", "At most this many runs", "", this.most) : "",
      field("experiment-minutes", "At most this many minutes of training", "Runs that still wait when the time is spent are taken out of the queue.", this.minutes),
      el("label", { class: "check", for: "experiment-hopeless" }, this.hopeless, el("span", {}, "Early stopping of runs that fall behind ", el("span", { class: "muted small", text: "halfway, when clearly below the best; they get no test result" }))),
      el("label", { class: "check", for: "experiment-halving" }, this.halving, el("span", {}, "Successive halving ", el("span", { class: "muted small", text: "only the better half continues at 20, 40 and 80 % of the steps; stopped runs get no test result" }))));
  }

  request() {
    const shared = { ...(this.run ? { run_id: this.run.id } : { dataset_id: this.dataset.id, base_model: this.model }), stop_hopeless: this.hopeless.checked, halving: this.halving.checked,
      ...(Number(this.minutes.value) > 0 ? { most_minutes: Number(this.minutes.value) } : {}) };
    if (this.mode === "methods") return { ...shared, methods: this.methods.filter((each) => this.chosen.has(each.kind)).map(({ kind }) => ({ kind })), most_runs: MOST };
    return { ...shared, methods: [{ kind: this.kind }], vary: Object.fromEntries([...this.axes].map(([key, axis]) => [key, axis.values])), search: this.search.value, most_runs: Number(this.most.value) };
  }

  number() {
    if (this.mode === "methods") return this.chosen.size;
    if (!this.axes.size) return 0;
    if (this.search.value !== "grid") return Number(this.most.value);
    return [...this.axes.values()].reduce((product, axis) => product * (axis.values.length || 0), 1);
  }

  async tell() {
    const number = this.number();
    const least = this.run && this.mode === "methods" ? 1 : 2;
    const most = this.mode === "methods" ? MOST : Number(this.most.value);
    this.startButton.disabled = number < least || number > most;
    this.startButton.textContent = number ? `Queue ${counted(number, "run")}` : "Queue the runs";
    if (number < least) this.total.textContent = this.mode === "methods" ? "Choose at least two methods." : "Give at least two values of one setting.";
    else if (number > most) this.total.textContent = `${counted(number, "run")} are more than ${count(most)}. Choose fewer values, or another search.`;
    else this.total.textContent = await this.costWords(number);
  }

  async costWords(number) {
    const kinds = this.mode === "methods" ? [...this.chosen] : [this.kind];
    const payload = (await Promise.all(kinds.map((kind) => this.estimate(kind)))).filter(Boolean);
    if (!payload.length) return `${counted(number, "run")}.`;
    const times = this.mode === "methods" ? 1 : number;
    const sum = (at) => payload.reduce((total, each) => total + each.seconds[at], 0) * times;
    return `${counted(number, "run")}, one after the other: ${durationRange([sum(0), sum(1)])} in all on this machine.`;
  }

  async start() {
    this.startButton.disabled = true;
    this.error.replaceChildren();
    try {
      const made = await api("/api/v1/experiments", { method: "POST", body: this.request() });
      location.assign(`/experiments?id=${encodeURIComponent(made.id)}`);
    } catch (error) {
      this.error.replaceChildren(errorBanner(error));
      this.startButton.disabled = false;
    }
  }
}

function rank(method) {
  const at = FIRST.indexOf(method.kind);
  return at < 0 ? FIRST.length : at;
}

/** "4, 8" becomes a list, "0.001..0.1" a range; numbers where the setting wants numbers. */
function valuesOf(text, about) {
  const typed = (word) => (about.kind === "boolean" ? word === "true" || word === "yes" : about.choices || about.kind === "string" ? word : Number(word));
  const range = text.trim().match(/^(\S+)\s*\.\.\s*(\S+)$/);
  if (range) {
    const [low, high] = [Number(range[1]), Number(range[2])];
    return { low, high, log: low > 0 && high / low >= 20 };
  }
  return text.split(",").map((word) => word.trim()).filter(Boolean).map(typed);
}
