// A file that has arrived but is no data set yet: its rows while they are checked, or why it was refused and what else can
// be made of it. Knows no upload.

import { watched } from "./checks.js";
import { ColumnRoles } from "./column_roles.js";
import { problemRow } from "./report_problems.js";
import { readingForm } from "./reading_form.js";
import { api, banner, counted, el, errorBanner } from "./studio.js";

/** Show the rows of a file whose report is being made; resolves with the data set. */
export function showArriving(place, fileName, payload) {
  const progress = el("div", { class: "arriving-check" });
  place.replaceChildren(el("section", { id: "data-arriving", class: "card report", "aria-label": `Rows of ${fileName}` },
    el("div", { class: "card-head" }, el("h2", { text: fileName }), el("span", { class: "muted", text: counted(payload.preview.total, "row") })),
    progress, el("p", { class: "muted small", text: "These are the first rows. The report about all of them follows; you can leave this page meanwhile." }), rowsTable(payload.preview)));
  return watched(payload.check, progress);
}

/**
 * Why a file was not taken, and forms to read it or to understand its columns in another way.
 * @param done called with the data set when one of them worked
 */
export function showRefused(place, fileName, error, done) {
  const box = el("div", { class: "stack refused" }, banner("error", `${fileName} was not taken. ${error.message}`, error.hint, error.code));
  // The refusal itself is often the first problem of its report; it is shown once.
  const problems = (error.details?.report?.problems || []).filter((each) => each.message !== error.message);
  if (problems.length) box.append(el("ul", { class: "problems" }, ...problems.map((each) => problemRow(each))));
  const rows = error.details?.rows || [];
  if (rows.length > 1 && !problems.length) box.append(el("p", { class: "muted", text: `${counted(rows.length, "row")}: lines ${rows.slice(0, 20).join(", ")}${rows.length > 20 ? "…" : ""}` }));
  place.replaceChildren(box);
  if (error.details?.staged) offer(place, box, fileName, error, done);
}

async function offer(place, box, fileName, error, done) {
  const { staged, preview, reading } = error.details;
  const path = `/api/v1/uploads/${encodeURIComponent(staged)}`;
  const status = el("div", { role: "status" });
  const decide = async (body) => {
    status.replaceChildren(el("p", { class: "muted", text: "Checking every row…" }));
    try {
      const answer = await api(path, { method: "POST", body });
      if (answer.check) {
        done(await showArriving(place, fileName, answer));
      } else done(answer);
    } catch (refused) {
      refused.details = { ...error.details, ...refused.details };
      showRefused(place, fileName, refused, done);
    }
  };
  if (preview) box.append(await meaning(preview, error, decide));
  if (reading) box.append(el("details", { class: "more", open: !preview }, el("summary", { text: "Read the file in another way" }),
    readingForm({ reading, path, action: "Read it like this", decide: (choices) => decide({ reading: choices }) })));
  box.append(status);
}

async function meaning(preview, error, decide) {
  let tasks;
  try {
    tasks = (await api("/api/v1/catalog")).task_types;
  } catch (silence) {
    return errorBanner(silence);
  }
  const report = error.details.report || {};
  const check = el("button", { type: "button", class: "button primary decide-columns", text: "Check with these columns" });
  const roles = new ColumnRoles({ columns: preview.columns, rows: preview.rows, tasks, taskType: report.task || tasks[0].kind, mapping: report.columns || {}, changed: () => {}, name: "waiting" });
  check.addEventListener("click", () => decide({ task_type: roles.chosen.task_type, columns: roles.chosen.columns }));
  return el("section", { class: "report-part" }, el("h3", { text: "Or say what the columns mean" }), roles.node, el("div", { class: "actions" }, check));
}

function rowsTable({ columns, rows }) {
  const heads = [el("th", { scope: "col", class: "number", text: "Line" }), ...columns.map((text) => el("th", { scope: "col", text }))];
  const body = rows.map((row) => el("tr", {}, el("td", { class: "number muted", text: String(row._line) }), ...columns.map((name) => el("td", { class: "cell-text", text: row[name] ?? "" }))));
  return el("div", { class: "table-box preview-box", tabindex: "0", role: "region", "aria-label": "First rows" }, el("table", { class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...body)));
}
