// The part of the report that says what the columns mean and how the file was read; both can be changed here.

import { change } from "./checks.js";
import { ColumnRoles } from "./column_roles.js";
import { readingForm } from "./reading_form.js";
import { api, el, errorBanner } from "./studio.js";

/** Goal and roles over the first rows. @param changed called with the next version */
export function mapping(dataset, page, tasks, changed) {
  const status = el("div", { role: "status" });
  const check = el("button", { id: "report-recheck", type: "button", class: "button", text: "Check again", disabled: true });
  const roles = new ColumnRoles({
    columns: page.columns, rows: page.rows.map((row) => row.cells), tasks, taskType: dataset.task_type, mapping: dataset.columns, name: "report",
    changed: () => { check.disabled = !roles.touched; },
  });
  check.addEventListener("click", async () => {
    check.disabled = true;
    status.textContent = "Checking every row…";
    try {
      await changed(await change(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/columns`, roles.chosen, status));
    } catch (error) {
      status.replaceChildren(errorBanner(error));
      check.disabled = false;
    }
  });
  const remembered = dataset.change?.remembered ? el("p", { id: "report-remembered", class: "last-change", text: "Taken from last time: you have said what these columns mean for a file with the same columns." }) : "";
  return el("section", { id: "report-mapping", class: "report-part" }, el("h3", { text: "What the columns mean" }), remembered, roles.node, el("div", { class: "actions" }, check, status), reading(dataset, changed));
}

function reading(dataset, changed) {
  const status = el("div", { role: "status" });
  const box = el("details", { id: "report-reading", class: "more" }, el("summary", { text: "Read the file in another way" }));
  const path = `/api/v1/datasets/${encodeURIComponent(dataset.id)}/reading`;
  const decide = async (choices) => {
    try {
      await changed(await change(path, choices, status));
    } catch (error) {
      status.replaceChildren(errorBanner(error));
    }
  };
  box.addEventListener("toggle", async () => {
    if (!box.open || box.querySelector(".reading-form, .muted")) return;
    try {
      const payload = await api(path);
      const note = payload.kept ? "Changes made by hand are not in a version that is read anew; the version you see keeps them." : "The file itself is not kept here. Upload it again to read it in another way.";
      box.append(el("p", { class: "muted small", text: note }), payload.kept ? readingForm({ reading: payload, path, action: "Read it like this", decide }) : "", status);
    } catch (error) {
      box.append(errorBanner(error));
    }
  });
  return box;
}
