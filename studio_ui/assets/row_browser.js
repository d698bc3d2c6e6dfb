// All rows of a version: search, filter, add, and one change for everything that was found.

import { field, select } from "./forms.js";
import { RowTable } from "./row_table.js";
import { confirmed, counted, el } from "./studio.js";

const MOST_LABELS = 500;

/** The section below the report. @param first the first page of all rows, which is shown at once */
export function rowBrowser(dataset, first, draft) {
  const { columns } = first;
  const label = dataset.columns.label;
  const names = Object.keys(dataset.labels || {});
  const search = el("input", { id: "rows-search", type: "search", placeholder: "Search in all cells", "aria-label": "Search in all cells", maxlength: "200" });
  const labels = select("rows-label", [["", "All labels"], ...names.slice(0, MOST_LABELS).map((name) => [name, name])]);
  labels.setAttribute("aria-label", "Only rows with this label");
  const state = select("rows-state", [["", "All rows"], ["false", "Not left out"], ["true", "Left out by hand"]]);
  state.setAttribute("aria-label", "Which rows");
  const bulk = el("div", { id: "rows-bulk", class: "bulk-bar", hidden: true });
  const title = el("h3", { text: "Rows" });
  const table = new RowTable({ dataset, columns, draft, name: "Rows", browsing: true, loaded: (page) => showBulk(page.matching) });
  const filter = () => ({
    ...(search.value.trim() && { search: search.value.trim() }), ...(labels.value && (label ? { column: label, value: labels.value } : { search: labels.value })), ...(state.value && { excluded: state.value }),
  });
  const wanted = () => {
    const { excluded, ...rest } = filter();
    return { ...rest, ...(excluded && { excluded: excluded === "true" }) };
  };
  const showBulk = (matching) => {
    const found = Object.keys(filter()).length > 0 && matching > 0;
    bulk.hidden = !found;
    if (found) bulk.replaceChildren(...bulkTools(dataset, matching, wanted, draft));
  };
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => table.load(filter()), 250);
  });
  for (const box of [labels, state]) box.addEventListener("change", () => table.load(filter()));
  const adder = el("div", {});
  const add = el("button", { id: "rows-add", type: "button", class: "button small", text: "Add a row", onclick: () => adder.replaceChildren(addForm(columns, label, draft, () => adder.replaceChildren())) });
  const toolbar = el("div", { class: "toolbar" }, search, names.length ? labels : "", state, add);
  table.begin(first);
  return el("section", { class: "report-part", id: "report-preview" }, title, toolbar, adder, bulk, table.node,
    el("datalist", { id: "label-names" }, ...names.slice(0, MOST_LABELS).map((value) => el("option", { value }))));
}

function bulkTools(dataset, matching, wanted, draft) {
  const label = dataset.columns.label;
  const found = counted(matching, "row");
  const name = el("input", { id: "bulk-label", type: "text", list: "label-names", placeholder: "Label", "aria-label": "New label", maxlength: "1000" });
  const set = el("button", { id: "bulk-set", type: "button", class: "button small", text: "Set the label", onclick: async () => {
    if (!name.value.trim()) return name.focus();
    if (await confirmed({ title: `Label ${found} “${name.value.trim()}”?`, text: "This makes a new version; the one you see stays.", action: "Set the label" })) draft.send([{ op: "set", rows: wanted(), column: label, value: name.value.trim() }]);
    return undefined;
  } });
  const leave = el("button", { id: "bulk-exclude", type: "button", class: "button small", text: "Leave out", onclick: () => draft.send([{ op: "exclude", rows: wanted() }]) });
  const remove = el("button", { id: "bulk-delete", type: "button", class: "button small stop", text: "Delete", onclick: async () => {
    if (await confirmed({ title: `Delete ${found}?`, text: "They are gone from the next version; the version you see keeps them.", action: "Delete", look: "stop" })) draft.send([{ op: "delete", rows: wanted() }]);
  } });
  return [el("strong", { text: `All ${found} found:` }), ...(label ? [name, set] : []), leave, remove];
}

function addForm(columns, label, draft, close) {
  const inputs = columns.map((name, at) => [name, name === label ? el("input", { id: `add-${at}`, type: "text", list: "label-names" }) : el("textarea", { id: `add-${at}`, rows: "2" })]);
  const form = el("form", { id: "rows-add-form", class: "add-row" }, ...inputs.map(([name, input], at) => field(`add-${at}`, name, "", input)),
    el("div", { class: "actions" }, el("button", { type: "submit", class: "button small primary", text: "Add" }), el("button", { type: "button", class: "button small", text: "Cancel", onclick: close })));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const cells = Object.fromEntries(inputs.filter(([, input]) => input.value !== "").map(([name, input]) => [name, input.value]));
    if (!Object.keys(cells).length) return inputs[0][1].focus();
    draft.add(cells);
    return close();
  });
  queueMicrotask(() => inputs[0][1].focus());
  return form;
}
