// The last two steps of the wizard: settings from the catalog's schemas, and the review before the run is queued.

import { SchemaForm, settingsOf } from "./forms.js";
import { choiceCard, fitWords, rangeOf } from "./wizard_steps.js";
import { api, banner, bytes, count, counted, duration, durationRange, el, errorBanner, percent, skeleton } from "./studio.js";
import { settingWords } from "./run_details.js";
import { supervisionPart } from "./supervision.js";

/** The catalog's preset with exactly these changes of the training settings, if there is one. */
export function presetOf(catalog, training) {
  const same = (one, other) => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
  return catalog.presets.find((preset) => same(preset.training, training));
}

export function settingsStep(wizard) {
  const { state, catalog } = wizard;
  const method = catalog.methods.find((each) => each.kind === state.method.kind);
  const { kind, ...own } = state.method;
  const methodForm = new SchemaForm("method", method.schema, own, (values, wrong) => wizard.settings({ method: { kind, ...values } }, "method", wrong));
  const trainingForm = new SchemaForm("training", wizard.trainingSchema(), state.training, (values, wrong) => {
    wizard.settings({ training: values }, "training", wrong);
    mark(values);
  }, method.refusals);
  const cards = catalog.presets.map((preset) => choiceCard({
    group: "preset", value: preset.name, chosen: false, title: preset.title, badge: preset.reason ? "Recommended" : "", lines: [preset.summary], why: preset.reason,
    onchoose: () => {
      trainingForm.fill(preset.training);
      wizard.settings({ training: preset.training }, "training", {});
    },
  }));
  const mark = (training) => cards.forEach((card, at) => (card.querySelector("input").checked = catalog.presets[at] === presetOf(catalog, training)));
  mark(state.training);
  const changed = Object.keys(state.training).length + Object.keys(own).length > 0 && !presetOf(catalog, state.training);
  const details = el("details", { class: "more all-settings" }, el("summary", { text: "All settings" }),
    methodForm.fields.length ? el("section", {}, el("h3", { text: method.title }), methodForm.node) : "",
    el("section", {}, el("h3", { text: "Training" }), trainingForm.node));
  details.open = changed || Object.keys(own).length > 0;
  return [el("div", { class: "choices choices-row", role: "radiogroup", "aria-label": "Preset" }, ...cards), details];
}

export function reviewStep(wizard) {
  const { state } = wizard;
  const name = el("input", { id: "run-name-new", type: "text", maxlength: "200", autocomplete: "off", placeholder: "A name is made up if you leave this empty" });
  name.value = state.name || "";
  name.addEventListener("input", () => wizard.change({ name: name.value }));
  const cost = el("section", { id: "review-cost", class: "review-cost", "aria-live": "polite" }, skeleton(3));
  showCost(cost, wizard);
  return [cost, el("section", { class: "report-part" }, el("h3", { text: "What will happen" }), summary(wizard)), warnings(wizard), supervisionPart(wizard),
    el("div", { class: "field" }, el("label", { for: "run-name-new", text: "Name (optional)" }), name)];
}

async function showCost(place, wizard) {
  try {
    const [cost, queue] = await Promise.all([wizard.estimate({}), api("/api/v1/queue")]);
    const waiting = queue.running.length + queue.waiting.length;
    place.replaceChildren(el("div", { class: "cost-tiles" },
      costTile("Time", durationRange(cost.seconds), `about ${duration(cost.seconds_likely)}, ${counted(cost.steps, "update")}`),
      costTile("Memory", rangeOf(cost.memory_bytes, bytes), `${bytes(cost.available_bytes)} free on this machine`),
      costTile("Trainable parameters", count(cost.trainable_parameters), `${percent(cost.trainable_parameters / cost.total_parameters)} of ${count(cost.total_parameters)}`),
      costTile("Download", bytes(cost.adapter_bytes), "the adapter at the end")),
      el("p", { class: "fit" }, fitWords(cost)[0]), remedies(cost, wizard), deviceWords(wizard, queue), lengthWords(cost.lengths),
      el("p", { class: "muted small", text: `${cost.basis} ${waiting ? `${counted(waiting, "run")} ${waiting === 1 ? "works or waits" : "work or wait"} in the queue now.` : "Nothing is ahead in the queue."}` }));
  } catch (error) {
    place.replaceChildren(errorBanner(error));
  }
}

/** What would make a run fit that does not: one button for each single change. */
function remedies(cost, wizard) {
  if (cost.fit === "fits") return "";
  if (!cost.remedies.length) return el("p", { id: "review-remedies", class: "notice", text: "No single change makes it fit here; choose a smaller base model." });
  const take = ({ training, method }) => wizard.change(method ? { method } : { training: { ...wizard.state.training, ...training } }, true);
  return el("div", { id: "review-remedies", class: "notice" }, el("p", { text: "It would fit with one of these:" }),
    el("div", { class: "actions" }, ...cost.remedies.map((each) => el("button", { type: "button", class: "button small", text: `${each.words}: up to ${bytes(each.memory_bytes)}`, onclick: () => take(each) }))));
}

/** How many texts lose their end at the chosen length; counted, or estimated where the tokenizer is not installed. */
function lengthWords(lengths) {
  if (!lengths) return "";
  const about = lengths.measured ? "" : " (estimated)";
  if (!lengths.cut_rows) return el("p", { id: "review-cut", class: "muted small", text: `No text is longer than ${count(lengths.max_length)} tokens${about}, so nothing is truncated.` });
  return el("p", { id: "review-cut", class: "notice", text: `${count(lengths.cut_rows)} of ${counted(lengths.rows, "row")}${about} (${percent(lengths.cut_rows / lengths.rows)}) are longer than ${count(lengths.max_length)} tokens: the rest is truncated. The longest has ${count(lengths.longest)}; raise the longest text in the settings to keep more.` });
}

function costTile(title, value, note) {
  return el("div", { class: "tile" }, el("span", { class: "tile-title", text: title }), el("span", { class: "tile-value", text: value }), el("span", { class: "tile-note", text: note }));
}

function summary(wizard) {
  const { state, dataset, catalog } = wizard;
  const sizes = dataset.split_sizes || {};
  const method = catalog.methods.find((each) => each.kind === state.method.kind);
  const rows = [
    ["data", "Data", `${dataset.name}, version ${dataset.version}: ${count(sizes.train || 0)} training rows, ${count(sizes.validation || 0)} validation rows, ${count(sizes.test || 0)} test rows`],
    ["goal", "Goal", `${catalog.task_types.find((each) => each.kind === state.task_type).title} (${Object.entries(state.columns).map(([role, column]) => `${role}: ${column}`).join(", ")})`],
    ["model", "Model", catalog.base_models.find((each) => each.name === state.base_model).title],
    ["method", "Method", method.title],
    ["settings", "Settings", settingsWords(wizard, method)],
    ...(devicesOf(wizard) > 1 ? [["settings", "Devices", `${count(devicesOf(wizard))} at once on one machine; each computes its share of every update, and the result is one model`]] : []),
  ];
  return el("dl", { id: "review-summary", class: "summary" }, ...rows.map(([step, title, words]) => el("div", {}, el("dt", { text: title }), el("dd", { text: words }),
    el("button", { type: "button", class: "link", "aria-label": `Change: ${title}`, text: "Change", onclick: () => wizard.go(step) }))));
}

function devicesOf(wizard) {
  return Number(wizard.state.training.devices) || 1;
}

/** A run that asks for more devices than any worker has would be refused; better said before the button is pressed. */
function deviceWords(wizard, queue) {
  const wanted = devicesOf(wizard);
  const most = Math.max(1, ...queue.workers.filter((each) => each.alive).map((each) => each.machine.offer?.devices || 1));
  if (wanted <= most || !queue.workers.length) return "";
  return el("p", { id: "review-devices", class: "notice", text: `${count(wanted)} devices are asked for, and no worker here has more than ${count(most)}. Choose at most ${count(most)} in the settings.` });
}

function settingsWords(wizard, method) {
  const { kind: _, ...own } = wizard.state.method;
  const titles = Object.fromEntries([...settingsOf(method.schema), ...settingsOf(wizard.trainingSchema())].map((each) => [each.name, each.title]));
  const changed = Object.entries({ ...own, ...wizard.state.training }).map(([name, value]) => `${titles[name] || name} ${settingWords(value)}`);
  const preset = Object.keys(own).length ? null : presetOf(wizard.catalog, wizard.state.training);
  return `${preset ? `${preset.title}: ` : ""}${changed.length ? changed.join(", ") : "all defaults"}`;
}

function warnings(wizard) {
  const found = wizard.dataset.report?.problems || [];
  if (!found.length) return "";
  const hint = found.map((each) => each.message).slice(0, 3).join(" ");
  const shown = banner("warning", `The data report names ${counted(found.length, "thing")} that ${found.length === 1 ? "needs" : "need"} attention.`, hint);
  shown.lastChild.append(el("p", {}, el("a", { href: `/datasets?id=${encodeURIComponent(wizard.dataset.id)}`, text: "Read the report" })));
  return shown;
}
