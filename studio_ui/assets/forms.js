// Form fields: single labelled controls, and whole forms made from JSON schemas of the catalog. Knows no setting by name.

import { count, el } from "./studio.js";

/** A labelled control with its sentence of help. */
export function field(id, title, help, control) {
  if (help) control.setAttribute("aria-describedby", `${id}-help`);
  return el("div", { class: "field" }, el("label", { for: id, text: title }), control, help ? el("p", { id: `${id}-help`, class: "muted small", text: help }) : "");
}

/** A list to choose from. @param {[string, string][]} choices value and words */
export function select(id, choices, chosen) {
  const box = el("select", { id }, ...choices.map(([value, text]) => el("option", { value, text })));
  if (chosen != null) box.value = chosen;
  return box;
}

/** What the schema says about one setting, in one shape: kind, bounds, choices, whether it may stay empty. */
export function describe(name, schema, required = false) {
  const options = schema.anyOf || [schema];
  const main = options.find((each) => each.type !== "null") || schema;
  // Beside a number a setting may take a word, such as `auto`.
  const words = options.filter((each) => each !== main && each.const !== undefined).map((each) => each.const);
  const several = main.type === "array";
  const choices = main.enum || main.items?.enum || (main.const !== undefined ? [main.const] : null);
  return {
    name, title: schema.title || name, help: schema.description || "", default: schema.default ?? (several ? [] : schema.default), required, choices, words,
    asks: schema.asks || {}, labels: schema.words || {}, kind: several ? "several" : choices ? "choice" : main.type || "string", optional: options.some((each) => each.type === "null"),
    least: main.minimum ?? main.exclusiveMinimum, most: main.maximum ?? main.exclusiveMaximum,
    aboveLeast: main.exclusiveMinimum !== undefined, belowMost: main.exclusiveMaximum !== undefined,
  };
}

/** The settings of a schema that a person can choose, in its order. */
export function settingsOf(schema) {
  return Object.entries(schema.properties || {}).filter(([, each]) => each.const === undefined)
    .map(([name, each]) => describe(name, each, (schema.required || []).includes(name)));
}

/** "0 to 0.5", "above 0 up to 100", or nothing for settings without bounds. */
export function rangeWords(about) {
  if (about.choices) return about.choices.join(" or ");
  if (about.least === undefined && about.most === undefined) return "";
  const low = about.least === undefined ? "" : `${about.aboveLeast ? "above " : ""}${numberWords(about.least)}`;
  const high = about.most === undefined ? "" : `${about.belowMost ? "below " : ""}${numberWords(about.most)}`;
  const range = low && high ? `${low} to ${high}` : low ? `at least ${low}` : `at most ${high}`;
  return [range, ...about.words].join(" or ");
}

/** What a method answers to a value that asks for something it cannot do, or an empty string. @param {object} refusals ability to sentences */
export function refusalOf(about, value, refusals) {
  const given = value === undefined ? about.default : value;
  const asked = (Array.isArray(given) ? given : [given]).map((each) => about.asks[String(each).toLowerCase()]);
  return asked.map((ability) => refusals[ability]).find(Boolean) || "";
}

function numberWords(value) {
  return Number.isInteger(value) && Math.abs(value) >= 10000 ? count(value) : String(value);
}

/** Why a typed text is no good value, or an empty string. */
export function complaint(about, text) {
  if (text === "") return about.optional || !about.required ? "" : "This is needed.";
  if ((about.kind !== "integer" && about.kind !== "number") || about.words.includes(text)) return "";
  const value = Number(text);
  if (!Number.isFinite(value)) return "This is not a number.";
  if (about.kind === "integer" && !Number.isInteger(value)) return "This must be a whole number.";
  const low = about.least !== undefined && (about.aboveLeast ? value <= about.least : value < about.least);
  const high = about.most !== undefined && (about.belowMost ? value >= about.most : value > about.most);
  return low || high ? `Allowed: ${rangeWords(about)}.` : "";
}

/**
 * A form made from a JSON schema. `values` holds only what differs from the default; `changed(values, complaints)` is
 * called on every edit. A value that the method refuses stays, with the reason beneath it; the form's owner holds the run back.
 */
export class SchemaForm {
  constructor(prefix, schema, values, changed, refusals = {}) {
    Object.assign(this, { prefix, values: { ...values }, changed, complaints: {} });
    this.fields = settingsOf(schema).map((about) => new SettingField(`${prefix}-${about.name}`, about, this.values[about.name], (value, wrong) => this.take(about, value, wrong), refusals));
    this.node = el("div", { class: "settings-form", role: "group" }, ...this.fields.map((each) => each.node));
  }

  take(about, value, wrong) {
    if (value === undefined) delete this.values[about.name];
    else this.values[about.name] = value;
    if (wrong) this.complaints[about.title] = wrong;
    else delete this.complaints[about.title];
    this.changed({ ...this.values }, { ...this.complaints });
  }

  /** Show other values, e.g. those of a preset. */
  fill(values) {
    this.values = { ...values };
    this.complaints = {};
    for (const each of this.fields) each.show(values[each.about.name]);
  }
}

class SettingField {
  constructor(id, about, value, notify, refusals) {
    Object.assign(this, { id, about, notify, refusals });
    this.dot = el("span", { class: "changed-dot", title: "changed from the default" }, el("span", { class: "sr-only", text: "changed from the default" }));
    this.wrong = el("p", { id: `${id}-wrong`, class: "field-wrong", role: "alert" });
    this.reset = el("button", { type: "button", class: "link small", "aria-label": `Back to the default of ${about.title}`, text: "back to default", onclick: () => this.back() });
    this.control = this.makeControl();
    this.control.id = id;
    this.control.name = about.name;
    this.control.setAttribute("aria-describedby", `${id}-help ${id}-wrong`);
    this.control.addEventListener("input", () => this.read());
    this.node = el("div", { class: "field setting" }, el("div", { class: "setting-head" }, el("label", { for: id, text: about.title }), this.dot, this.reset),
      this.control, this.wrong, el("p", { id: `${id}-help`, class: "muted small", text: this.helpWords() }));
    this.show(value);
  }

  makeControl() {
    if (this.about.kind === "boolean") return el("input", { type: "checkbox" });
    if (this.about.kind === "several") return el("div", { class: "checks", role: "group", "aria-label": this.about.title }, ...this.about.choices.map((each) => this.makeCheck(each)));
    if (this.about.choices) return select(this.id, this.about.choices.map((each) => [each, String(each)]));
    const number = (this.about.kind === "number" || this.about.kind === "integer") && !this.about.words.length;
    return el("input", { type: "text", inputmode: number ? "decimal" : "text", autocomplete: "off", spellcheck: "false", placeholder: this.about.default == null ? "recommended" : String(this.about.default) });
  }

  makeCheck(value) {
    const id = `${this.id}-${value}`;
    return el("label", { class: "check", for: id }, el("input", { type: "checkbox", id, value }), el("span", { text: this.about.labels[value] || value }));
  }

  helpWords() {
    const { about } = this;
    const usual = about.default === undefined || about.kind === "several" ? "" : `Default ${about.default === null ? "recommended" : about.default}`;
    const range = about.choices ? "" : rangeWords(about);
    return [about.help, [usual, range ? `allowed ${range}` : ""].filter(Boolean).join(", ")].filter(Boolean).join(" ").replace(/([^.])$/, "$1.");
  }

  show(value) {
    const shown = value === undefined ? this.about.default : value;
    if (this.about.kind === "boolean") this.control.checked = Boolean(shown);
    else if (this.about.kind === "several") for (const box of this.boxes()) box.checked = shown.includes(box.value);
    else this.control.value = shown == null ? "" : String(shown);
    this.mark(value !== undefined, refusalOf(this.about, value, this.refusals));
  }

  boxes() {
    return [...this.control.querySelectorAll("input")];
  }

  read() {
    const typed = !["boolean", "several"].includes(this.about.kind);
    const text = typed ? this.control.value.trim() : "";
    const wrong = typed ? complaint(this.about, text) : "";
    const value = typed ? this.parsed(text) : this.about.kind === "boolean" ? this.control.checked : this.boxes().filter((box) => box.checked).map((box) => box.value);
    const same = value === undefined || JSON.stringify(value) === JSON.stringify(this.about.default);
    this.mark(!same, wrong || refusalOf(this.about, value, this.refusals));
    this.notify(same || wrong ? undefined : value, wrong);
  }

  parsed(text) {
    if (text === "") return undefined;
    if (this.about.words.includes(text)) return text;
    return this.about.kind === "integer" || this.about.kind === "number" ? Number(text) : text;
  }

  mark(differs, wrong) {
    this.dot.hidden = this.reset.hidden = !(differs || wrong);
    this.wrong.textContent = wrong;
    this.control.setAttribute("aria-invalid", String(Boolean(wrong)));
  }

  back() {
    this.show(undefined);
    this.notify(undefined, "");
    (this.boxes()[0] || this.control).focus();
  }
}
