// The split: sizes, the rule by which it was made, and a form to change it.

import { change as asked } from "./checks.js";
import { field, select } from "./forms.js";
import { api, count, el, errorBanner } from "./studio.js";
import { peekWords } from "./test_peek.js";

const SPLITS = [["train", "for training"], ["validation", "for validation"], ["test", "for the final test"]];
const WAYS = [["ratio", "By ratio, stratified by label"], ["group", "By group: values of a column stay together"], ["time", "By time, the newest rows for the test"]];
const HELP = {
  ratio: "The usual way.",
  group: "For example the customer: all rows of one customer are on the same side, so the test is on customers that the model has not seen.",
  time: "Trains on the past and tests on what came later, as it will be used.",
};

/** The section of the report; `changed` is called with the next version. */
export function splits(dataset, columns, changed) {
  const sizes = dataset.split_sizes || {};
  const total = SPLITS.reduce((sum, [name]) => sum + (sizes[name] || 0), 0) || 1;
  const bar = el("div", { class: "split-bar", "aria-hidden": "true" }, ...SPLITS.map(([name]) => {
    const part = el("span", { class: `split-${name}` });
    part.style.flexGrow = String((sizes[name] || 0) / total);
    return part;
  }));
  const how = el("p", { id: "splits-how", class: "muted small", text: "Chosen once and kept for every run, so that results can be compared. Duplicates and near-duplicates stay in one split." });
  return el("section", { class: "report-part", id: "report-splits" }, el("h3", { text: "Split" }), bar,
    el("ul", { class: "split-words" }, ...SPLITS.map(([name, words]) => el("li", {}, el("span", { class: `split-mark split-${name}`, "aria-hidden": "true" }),
      el("strong", { class: "number", text: count(sizes[name] || 0) }), ` ${words}`))), how, peeks(dataset), change(dataset, columns, changed));
}

/** How often the rows of the final test were seen; filled when it is known. */
function peeks(dataset) {
  const words = el("p", { id: "splits-peeks", class: "muted small" });
  api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/splits?version=${dataset.version}`).then((payload) => (words.textContent = peekWords(payload.peeks)), () => {});
  return words;
}

function change(dataset, columns, changed) {
  const box = el("details", { id: "splits-change", class: "more" }, el("summary", { text: "Change the split" }));
  box.addEventListener("toggle", async () => {
    if (!box.open || box.querySelector("form")) return;
    try {
      const payload = await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/splits?version=${dataset.version}`);
      box.append(form(dataset, columns, payload, changed));
    } catch (error) {
      box.append(errorBanner(error));
    }
  });
  return box;
}

function form(dataset, columns, payload, changed) {
  const free = columns.filter((name) => !Object.values(dataset.columns).includes(name));
  const way = select("splits-way", WAYS, payload.plan.how);
  const column = select("splits-column", [["", "choose a column"], ...(free.length ? free : columns).map((name) => [name, name])], payload.plan.column);
  const wayField = field("splits-way", "Way", HELP[payload.plan.how], way);
  const columnField = field("splits-column", "Column", "", column);
  const [validation, test] = ["validation", "test"].map((name) => shareInput(name, payload, dataset));
  const status = el("div", { role: "status" });
  const show = () => {
    columnField.hidden = way.value === "ratio";
    wayField.querySelector("p").textContent = HELP[way.value];
  };
  way.addEventListener("change", show);
  show();
  const made = el("form", { id: "splits-form", class: "split-form" }, el("p", { class: "small muted", text: `Now: ${payload.how}.` }), wayField, columnField,
    field("splits-validation", "Validation, %", "", validation), field("splits-test", "Test, %", "", test),
    el("p", { class: "small", text: "Runs before and after this cannot be compared: they are tested on other rows." }),
    el("div", { class: "actions" }, el("button", { id: "splits-save", type: "submit", class: "button small primary", text: "Make the new split" })), status);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    status.textContent = "Splitting…";
    const share = (input) => (input.value === "" ? null : Number(input.value) / 100);
    const body = { how: way.value, column: way.value === "ratio" ? "" : column.value, validation: share(validation), test: share(test), seed: payload.plan.seed };
    try {
      await changed(await asked(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/splits`, body, status));
    } catch (error) {
      status.replaceChildren(errorBanner(error));
    }
  });
  return made;
}

function shareInput(name, payload, dataset) {
  const total = SPLITS.reduce((sum, [each]) => sum + (dataset.split_sizes[each] || 0), 0) || 1;
  const input = el("input", { id: `splits-${name}`, type: "number", min: "1", max: "40", step: "any" });
  const share = payload.plan[name];
  input.value = share == null ? "" : String(100 * share);
  input.placeholder = `${((100 * (dataset.split_sizes[name] || 0)) / total).toFixed(1)} (chosen by the number of rows)`;
  return input;
}
