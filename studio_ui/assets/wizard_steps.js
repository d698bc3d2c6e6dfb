// The first four steps of the wizard: data, goal, model, method. Each fills its panel from the state and tells the
// wizard what was chosen; none of them keeps anything.

import { field, select } from "./forms.js";
import { comparisonOffer } from "./method_comparison.js";
import { verdictWords } from "./report.js";
import { bytes, count, counted, durationRange, el, emptyState, percent, when } from "./studio.js";

/** One choice as a card with a radio button; `why` is shown on the recommended one. */
export function choiceCard({ group, value, chosen, title, badge, lines, why, onchoose }) {
  const radio = el("input", { type: "radio", name: group, value, id: `${group}-${value}` });
  radio.checked = chosen;
  radio.addEventListener("change", () => onchoose(value));
  return el("label", { class: "choice", for: `${group}-${value}` }, radio,
    el("span", { class: "choice-body" },
      el("span", { class: "choice-title" }, title, badge ? el("span", { class: "badge", text: badge }) : ""),
      ...lines.filter(Boolean).map((line) => (typeof line === "string" ? el("span", { class: "choice-line", text: line }) : line)),
      why ? el("span", { class: "choice-why" }, el("strong", { text: "Why: " }), why) : ""));
}

function choices(label, cards) {
  return el("div", { class: "choices", role: "radiogroup", "aria-label": label }, ...cards);
}

export function dataStep(wizard) {
  const { datasets } = wizard;
  if (!datasets.length) return [emptyState("There is no data yet.", "Upload a file or copy a sample; then you come back here with one click.", { href: "/datasets", text: "Upload data" })];
  const cards = datasets.map((each, at) => choiceCard({
    group: "dataset", value: each.id, chosen: each.id === wizard.state.dataset_id, title: each.name, badge: at === 0 ? "Newest" : "",
    lines: [`${verdictWords(each.report || { rows: { total: each.rows, usable: each.usable_rows } })} ${counted(Object.keys(each.labels || {}).length, "label")}.`, `Version ${each.version}, added ${when(each.created_at)}`],
    why: at === 0 && datasets.length > 1 ? "it is what you uploaded last." : "", onchoose: (id) => wizard.chooseDataset(id),
  }));
  return [choices("Data set", cards), el("p", {}, el("a", { href: "/datasets", text: "Upload other data" }))];
}

export function goalStep(wizard) {
  const { state, dataset } = wizard;
  const labels = Object.keys(dataset.labels || {}).length;
  const cards = wizard.catalog.task_types.map((task) => choiceCard({
    group: "task", value: task.kind, chosen: task.kind === state.task_type, title: task.title, badge: task.kind === dataset.task_type ? "Recommended" : "",
    lines: [task.summary, el("span", { class: "choice-line example", text: task.example })],
    why: task.kind === dataset.task_type ? `your data has ${labels ? `${counted(labels, "different label")}` : "the columns"} for it.` : "",
    onchoose: (kind) => wizard.change({ task_type: kind, columns: kind === dataset.task_type ? dataset.columns : {} }, true),
  }));
  return [choices("Goal", cards), columnFields(wizard)];
}

function columnFields(wizard) {
  const { state, columns } = wizard;
  const task = wizard.catalog.task_types.find((each) => each.kind === state.task_type);
  const boxes = task.roles.map((role) => {
    const id = `goal-role-${role.name}`;
    const box = select(id, [["", role.required ? "choose a column" : "none"], ...columns.map((name) => [name, name])], state.columns[role.name] || "");
    box.addEventListener("change", () => {
      const { [role.name]: _, ...rest } = wizard.state.columns;
      wizard.change({ columns: box.value ? { ...rest, [role.name]: box.value } : rest });
    });
    return field(id, role.title, role.help, box);
  });
  return el("section", { class: "report-part" }, el("h3", { text: "Columns" }), el("div", { class: "fields" }, ...boxes));
}

export function modelStep(wizard) {
  const fitting = wizard.catalog.base_models.filter((model) => model.task_types.includes(wizard.state.task_type));
  const recommended = wizard.catalog.recommended_base_models[wizard.state.task_type];
  const cards = fitting.map((model) => {
    const reason = model.name === recommended?.name ? recommended.reason : "";
    const fit = el("span", { class: "choice-line fit", text: "Estimating…" });
    wizard.estimate({ base_model: model.name }).then((cost) => fit.replaceChildren(...fitWords(cost)), (error) => (fit.textContent = error.message));
    return choiceCard({
      group: "model", value: model.name, chosen: model.name === wizard.state.base_model, title: model.title, badge: reason ? "Recommended" : "",
      lines: [model.summary, `${count(Math.round(model.parameters / 1e6))} million parameters, reads up to ${count(model.context_length)} tokens, licence ${model.licence}`, fit],
      why: reason, onchoose: (name) => wizard.change({ base_model: name }),
    });
  });
  return [choices("Base model", cards)];
}

/** The methods that serve the goal, the recommended one first; special ones wait behind a disclosure. */
export function methodStep(wizard) {
  const box = el("div", { class: "method-groups", "aria-busy": "true" }, el("p", { class: "muted", text: "Ranking the methods for your data…" }));
  const fill = (ranked, before = []) => {
    box.replaceChildren(...before.map((each) => el("p", { class: "muted", title: each.source, text: each.words })), comparisonOffer(wizard, ranked), ...methodGroups(wizard, ranked));
    box.removeAttribute("aria-busy");
  };
  // Without advice the order of the menu stands, and nothing is called recommended.
  wizard.advice().then((payload) => fill(payload.ranked, payload.before), () => fill([]));
  return [box];
}

function methodGroups(wizard, ranked) {
  const place = new Map(ranked.map((each, at) => [each.kind, at]));
  const fitting = wizard.catalog.methods.filter((method) => method.task_types.includes(wizard.state.task_type));
  fitting.sort((one, other) => (place.get(one.kind) ?? 99) - (place.get(other.kind) ?? 99));
  const card = (method) => methodCard(wizard, method, ranked[place.get(method.kind)], place.get(method.kind) === 0);
  const shown = fitting.filter((method) => method.level === "plain" || place.get(method.kind) === 0);
  const special = fitting.filter((method) => !shown.includes(method));
  const plain = choices("Method", shown.map(card));
  if (!special.length) return [plain];
  const more = el("details", { class: "more" }, el("summary", { text: `Show ${counted(special.length, "specialist method")}` }));
  // Their costs are asked for only once somebody looks.
  const open = () => more.childElementCount === 1 && more.append(choices("Specialist methods", special.map(card)));
  more.addEventListener("toggle", open);
  if (special.some((method) => method.kind === wizard.state.method.kind)) {
    more.open = true;
    open();
  }
  return [plain, more];
}

function methodCard(wizard, method, advice, first) {
  const cost = el("span", { class: "choice-line fit", text: "Counting…" });
  wizard.estimate({ method: { kind: method.kind } }).then((payload) => cost.replaceChildren(...costWords(payload)), (error) => (cost.textContent = error.message));
  return choiceCard({
    group: "method", value: method.kind, chosen: method.kind === wizard.state.method.kind, title: method.title, badge: first ? "Recommended" : "",
    lines: [method.summary, labelled("Choose it when", method.when), labelled("Against it", method.against), cost,
      ...wizard.refused(method).map(([title, said]) => el("span", { class: "choice-line field-wrong", text: `${title}: ${said}` }))],
    why: first && advice ? el("span", {}, advice.sentence, " ", el("span", { class: "muted", text: `(${advice.reasons.filter((each) => each.points > 0).map((each) => each.source).join("; ")})` })) : "",
    onchoose: (kind) => wizard.change({ method: { kind, ...advice?.settings } }),
  });
}

function labelled(title, text) {
  return el("span", { class: "choice-line" }, el("span", { class: "muted", text: `${title}: ` }), text);
}

const FITS = { fits: ["✓", "Fits in memory"], tight: ["!", "Tight in memory"], "too large": ["✕", "Too large for this machine"] };

/** Whether it fits and how long it takes, as nodes of one line. */
export function fitWords(cost) {
  const [mark, words] = FITS[cost.fit];
  return [el("span", { class: `fit-chip fit-${cost.fit.replace(" ", "-")}` }, el("span", { "aria-hidden": "true", text: `${mark} ` }), words),
    el("span", { class: "muted", text: `needs ${rangeOf(cost.memory_bytes, bytes)}, ${bytes(cost.available_bytes)} free` })];
}

function costWords(cost) {
  return [...fitWords(cost), el("span", { class: "muted", text: `trains ${count(cost.trainable_parameters)} parameters (${percent(cost.trainable_parameters / cost.total_parameters)}), download ${bytes(cost.adapter_bytes)}, ${durationRange(cost.seconds)}` })];
}

/** "1.2 GB to 2.4 GB", or one value when both ends read the same. */
export function rangeOf([low, high], words) {
  return words(low) === words(high) ? words(low) : `${words(low)} to ${words(high)}`;
}
