// The wizard: from data to a queued run in six steps, each filled in with a recommendation. Keeps the choices in the
// session, the step and the data set in the address, so that a reload or the back button loses nothing.

import { reviewStep, settingsStep, presetOf } from "./wizard_review.js";
import { refusalOf, settingsOf } from "./forms.js";
import { dataStep, goalStep, methodStep, modelStep } from "./wizard_steps.js";
import { undecidedPart, undecidedWords } from "./row_errors.js";
import { api, el, emptyState, errorBanner, ready } from "./studio.js";

const KEY = "studio-new-run";
const STEPS = [
  { key: "data", title: "Data", question: "Which data should it train on?", fill: dataStep },
  { key: "goal", title: "Goal", question: "What should it learn to do?", fill: goalStep },
  { key: "model", title: "Model", question: "Which base model?", fill: modelStep },
  { key: "method", title: "Method", question: "Which tuning method?", fill: methodStep },
  { key: "settings", title: "Settings", question: "How thoroughly?", fill: settingsStep },
  { key: "review", title: "Review", question: "Ready to start?", fill: reviewStep },
];

class Wizard {
  constructor(root) {
    Object.assign(this, { root, state: null, dataset: null, columns: [], complaints: { method: {}, training: {} }, estimates: new Map() });
    this.list = el("ol", { class: "steps", "aria-label": "Steps" });
    this.title = el("h2", { id: "step-title", tabindex: "-1" });
    this.panel = el("div", { id: "step-panel", class: "step-panel" });
    this.missing = el("p", { id: "step-missing", class: "step-missing", role: "status" });
    this.error = el("div", { id: "step-error" });
    this.back = el("button", { id: "step-back", type: "button", class: "button", text: "Back", onclick: () => this.move(-1) });
    this.skip = el("button", { id: "step-skip", type: "button", class: "button quiet", text: "Take all recommendations", onclick: () => this.go("review") });
    this.next = el("button", { id: "step-next", type: "button", class: "button primary large", onclick: () => (this.at === STEPS.length - 1 ? this.start() : this.move(1)) });
  }

  async open() {
    const query = new URLSearchParams(location.search);
    const [catalog, { datasets }] = await Promise.all([api("/api/v1/catalog"), api("/api/v1/datasets")]);
    Object.assign(this, { catalog, datasets });
    this.state = query.get("clone") ? await this.cloned(query.get("clone")) : stored();
    const wanted = query.get("dataset") || this.state?.dataset_id || datasets[0]?.id;
    if (wanted) await this.useDataset(wanted, query.get("clone") !== null || wanted === this.state?.dataset_id);
    if (this.dataset) this.take(query);
    const asked = query.get("step") || (query.get("clone") ? "settings" : query.get("dataset") ? "goal" : "data");
    this.root.replaceChildren(this.list, el("section", { class: "card step-card", "aria-labelledby": "step-title" }, this.title, this.panel, this.error,
      el("div", { class: "step-actions" }, this.back, this.skip, this.missing, this.next)));
    window.addEventListener("popstate", () => this.show(new URLSearchParams(location.search).get("step") || "data", false));
    this.show(this.dataset ? asked : "data", false);
    this.remember(false);
  }

  async cloned(id) {
    const { columns, training, method, name, ...rest } = await api(`/api/v1/runs/${encodeURIComponent(id)}/clone`, { method: "POST" });
    const kind = this.catalog.methods.find((each) => each.kind === method.kind);
    return { ...rest, columns, name, method: { kind: method.kind, ...differing(kind.schema, method) }, training: { ...differing(this.catalog.training.schema, training), ...this.asked() } };
  }

  /** The model and method that the address names, where they serve the goal. */
  take(query) {
    const serves = (all, name, key) => all.some((each) => each[key] === name && each.task_types.includes(this.state.task_type));
    if (serves(this.catalog.base_models, query.get("model"), "name")) this.state.base_model = query.get("model");
    if (serves(this.catalog.methods, query.get("method"), "kind")) this.state.method = { kind: query.get("method") };
  }

  /** Training settings that the address asks for, such as `training.learning_rate=0.001`; others are not taken. */
  asked() {
    const known = this.catalog.training.schema.properties;
    const wanted = [...new URLSearchParams(location.search)].filter(([key]) => key.startsWith("training.") && known[key.slice(9)]);
    return Object.fromEntries(wanted.map(([key, value]) => [key.slice(9), Number.isFinite(Number(value)) ? Number(value) : value]));
  }

  /** Load a data set; what was chosen before is kept only if it was chosen for this one. */
  async useDataset(id, keep) {
    const base = `/api/v1/datasets/${encodeURIComponent(id)}`;
    const [dataset, preview] = await Promise.all([api(base), api(`${base}/preview?limit=1`)]);
    Object.assign(this, { dataset, columns: preview.columns.filter((name) => !name.startsWith("_")) });
    this.estimates.clear();
    const fresh = !keep || !this.state;
    if (fresh) this.state = this.recommended(dataset);
    this.state.dataset_id = id;
    if (fresh) await this.takeAdvice();
  }

  /** The whole run as the studio would set it up. */
  recommended(dataset) {
    const task = this.catalog.task_types.find((each) => each.kind === dataset.task_type) || this.catalog.task_types[0];
    const serves = (each) => each.task_types.includes(task.kind);
    return { dataset_id: dataset.id, task_type: task.kind, columns: { ...dataset.columns }, base_model: this.catalog.base_models.find(serves)?.name,
      method: { kind: this.catalog.methods.find(serves)?.kind }, training: {}, name: "" };
  }

  /** Which method to try first on this data with this model, and why; asked once for each combination. */
  advice() {
    const { dataset_id, base_model, task_type } = this.state;
    const body = { dataset_id, base_model, task_type };
    const key = `advice ${JSON.stringify(body)}`;
    if (!this.estimates.has(key)) this.estimates.set(key, api("/api/v1/recommendations", { method: "POST", body }));
    return this.estimates.get(key);
  }

  async takeAdvice() {
    const first = await this.advice().then((payload) => payload.ranked[0], () => null);
    if (first) this.state.method = { kind: first.kind, ...first.settings };
  }

  async chooseDataset(id) {
    try {
      await this.useDataset(id, false);
      this.error.replaceChildren();
    } catch (error) {
      this.error.replaceChildren(errorBanner(error));
    }
    this.remember();
    this.draw();
  }

  /** The data has a new version; everything that was chosen stays. */
  async again() {
    await this.useDataset(this.dataset.id, true);
    this.draw();
  }

  /** Take over a choice. @param {boolean} again whether the step must be drawn anew because of it */
  change(values, again = false) {
    Object.assign(this.state, values);
    if (values.task_type) Object.assign(this.state, this.fitting(values.task_type));
    this.remember();
    if (again) this.fillPanel();
    this.drawFrame();
  }

  /** A model and method that serve the goal; the chosen ones if they do. */
  fitting(task) {
    const pick = (all, chosen, name) => (all.find((each) => each[name] === chosen && each.task_types.includes(task)) || all.find((each) => each.task_types.includes(task)))?.[name];
    const kind = pick(this.catalog.methods, this.state.method.kind, "kind");
    return { base_model: pick(this.catalog.base_models, this.state.base_model, "name"), ...(kind === this.state.method.kind ? {} : { method: { kind } }) };
  }

  settings(values, part, complaints) {
    this.complaints[part] = complaints;
    this.change(values);
  }

  /** The training settings of the chosen task, with its defaults, bounded by what the chosen model can read. */
  trainingSchema() {
    const { schema } = this.catalog.training;
    const task = this.catalog.task_types.find((each) => each.kind === this.state.task_type);
    const most = this.catalog.base_models.find((each) => each.name === this.state.base_model)?.context_length;
    const fitting = Object.entries(schema.properties).filter(([, each]) => !each.families || !task || each.families.includes(task.family));
    const properties = Object.fromEntries(fitting.map(([name, each]) => [name, { ...each, default: task?.training_defaults[name] ?? each.default }]));
    const length = properties.max_length;
    if (length && most) properties.max_length = { ...length, default: Math.min(length.default, most), maximum: Math.min(length.maximum ?? most, most) };
    return { ...schema, properties };
  }

  /** What a run would cost with some choices replaced; asked once for each combination. */
  estimate(replaced) {
    const { base_model, method, training, dataset_id } = { ...this.state, ...replaced };
    const body = { base_model, method, training, dataset_id };
    const key = JSON.stringify(body);
    if (!this.estimates.has(key)) this.estimates.set(key, api("/api/v1/estimates", { method: "POST", body }));
    return this.estimates.get(key);
  }

  /** What keeps the run from starting, in words; empty when nothing does. */
  lacking() {
    if (!this.dataset) return ["data"];
    const task = this.catalog.task_types.find((each) => each.kind === this.state.task_type);
    const found = task.roles.filter((role) => role.required && !this.state.columns[role.name]).map((role) => `a column for “${role.title}”`);
    if (!this.state.base_model) found.push("a base model");
    if (!this.state.method.kind) found.push("a method");
    found.push(...undecidedWords(this.dataset));
    if (this.dataset.report?.status === "rejected") found.push("data that can be trained on (see its report)");
    found.push(...this.refused(this.catalog.methods.find((each) => each.kind === this.state.method.kind)).map(([title]) => `a method that can do what “${title}” asks`));
    for (const part of Object.values(this.complaints)) found.push(...Object.keys(part).map((title) => `an allowed value for “${title}”`));
    return found;
  }

  /** [setting, sentences] for everything that the training settings ask of this method and it cannot do. */
  refused(method) {
    return settingsOf(this.trainingSchema()).map((about) => [about.title, refusalOf(about, this.state.training[about.name], method?.refusals || {})]).filter(([, said]) => said);
  }

  go(key) {
    this.show(key, true);
  }

  move(by) {
    this.show(STEPS[this.at + by].key, true);
  }

  show(key, pushed) {
    this.at = Math.max(0, STEPS.findIndex((step) => step.key === key));
    if (pushed) {
      history.pushState(null, "", this.address());
      this.draw();
      this.title.focus({ preventScroll: true });
      this.root.scrollIntoView({ block: "start" });
      return;
    }
    this.draw();
  }

  address() {
    const query = new URLSearchParams({ ...(this.dataset ? { dataset: this.dataset.id } : {}), step: STEPS[this.at].key });
    return `${location.pathname}?${query}`;
  }

  remember(address = true) {
    sessionStorage.setItem(KEY, JSON.stringify(this.state));
    history.replaceState(null, "", address || this.dataset ? this.address() : location.href);
  }

  draw() {
    this.title.textContent = STEPS[this.at].question;
    this.fillPanel();
    this.drawFrame();
  }

  fillPanel() {
    const asks = ["data", "review"].includes(STEPS[this.at].key) && this.dataset;
    const undecided = asks ? undecidedPart(this.dataset, () => this.again()) : "";
    this.panel.replaceChildren(...[undecided, ...STEPS[this.at].fill(this)].filter(Boolean));
  }

  drawFrame() {
    const last = this.at === STEPS.length - 1;
    const lacking = this.lacking();
    this.back.disabled = this.at === 0;
    this.skip.hidden = last || this.at === STEPS.length - 2 || !this.dataset;
    this.next.textContent = last ? "Start" : "Next";
    this.next.disabled = lacking.length > 0 && (last || !this.dataset);
    this.missing.textContent = lacking.length && (last || this.dataset) ? `Still missing: ${lacking.join(", ")}.` : "";
    this.list.replaceChildren(...STEPS.map((step, at) => this.stepEntry(step, at)));
  }

  stepEntry(step, at) {
    const words = el("span", { class: "step-words" }, el("span", { class: "step-name", text: step.title }), el("span", { class: "step-value", text: this.dataset ? this.valueOf(step.key) : "" }));
    const mark = el("span", { class: "step-mark", "aria-hidden": "true", text: at < this.at ? "✓" : String(at + 1) });
    const button = el("button", { type: "button", class: "step", "aria-current": at === this.at ? "step" : null, onclick: () => this.go(step.key) }, mark, words);
    button.disabled = !this.dataset && at > 0;
    return el("li", { class: at < this.at ? "step-done" : "" }, button);
  }

  valueOf(key) {
    const { state, catalog } = this;
    const method = catalog.methods.find((each) => each.kind === state.method.kind);
    return { data: this.dataset.name, goal: catalog.task_types.find((each) => each.kind === state.task_type)?.title,
      model: catalog.base_models.find((each) => each.name === state.base_model)?.title, method: method?.title,
      settings: Object.keys(state.method).length === 1 && presetOf(catalog, state.training)?.title || "Your own", review: "" }[key] || "";
  }

  async start() {
    this.next.disabled = true;
    this.next.textContent = "Starting…";
    this.error.replaceChildren();
    // One key for one set of choices: a second click, or a try after a broken connection, never makes a second run.
    this.key ??= String(crypto.getRandomValues(new BigUint64Array(2)).join("-"));
    try {
      const run = await api("/api/v1/runs", { method: "POST", body: this.state, headers: { "Idempotency-Key": this.key } });
      sessionStorage.removeItem(KEY);
      location.assign(`/run?id=${encodeURIComponent(run.id)}`);
    } catch (error) {
      if (error.status) this.key = undefined;
      this.error.replaceChildren(errorBanner(error));
      this.drawFrame();
    }
  }
}

/** The settings that differ from the schema's defaults. */
function differing(schema, values) {
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => schema.properties[name] && schema.properties[name].const === undefined && !same(value, schema.properties[name])));
}

function same(value, about) {
  return JSON.stringify(value) === JSON.stringify(about.default ?? (about.type === "array" ? [] : about.default));
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

ready("#new-run-page", async (root) => {
  try {
    await new Wizard(root).open();
  } catch (error) {
    root.replaceChildren(emptyState(error.message, error.hint || "", { href: "/", text: "Go to Home" }));
  }
});
