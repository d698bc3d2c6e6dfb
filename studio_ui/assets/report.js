// The report about a data set: verdict, task and mapping, problems, labels, splits, lengths, all rows, versions.

import { nameField } from "./name_field.js";
import { lengths } from "./report_lengths.js";
import { mapping } from "./report_mapping.js";
import { problems } from "./report_problems.js";
import { rowBrowser } from "./row_browser.js";
import { Draft } from "./row_draft.js";
import { PAGE } from "./row_table.js";
import { splits } from "./splits_form.js";
import { leaveOut, undecidedRows } from "./row_errors.js";
import { api, banner, count, counted, el, errorBanner } from "./studio.js";
import { suspects } from "./suspects.js";
import { lastChange, versions } from "./versions.js";

const LABELS_SHOWN = 12;

/**
 * Fill `place` with the report of a data set as `GET /api/v1/datasets/{id}` tells it.
 * @param changed called with the data set when a re-check made a new version
 * @param renamed called when it got another name
 */
export async function renderReport(place, dataset, changed, renamed) {
  const id = encodeURIComponent(dataset.id);
  const [rows, catalog] = await Promise.all([api(`/api/v1/datasets/${id}/rows?limit=${PAGE}&version=${dataset.version}`), api("/api/v1/catalog")]);
  const { report } = dataset;
  const draft = new Draft(dataset, changed);
  place.replaceChildren(el("section", { id: "report", class: "card report", "aria-label": `Report about ${dataset.name}` },
    head(dataset, report, renamed),
    verdict(dataset, report),
    el("div", { class: "actions report-actions" }, el("a", { id: "report-tune", class: "button primary large", href: `/new?dataset=${id}`, text: "Tune a model with this data" }),
      el("a", { id: "report-shootout", class: "button", href: `/experiments?dataset=${id}`, text: "Compare methods" })),
    lastChange(dataset, changed), el("div", { id: "report-progress" }), leaveAll(dataset, changed),
    problems(dataset, rows.columns, draft),
    suspects(dataset, draft),
    mapping(dataset, rows, catalog.task_types, changed),
    el("div", { class: "report-grid" }, splits(dataset, rows.columns, changed), labels(dataset), lengths(dataset)),
    rowBrowser(dataset, rows, draft),
    versions(dataset, changed),
    draft.bar));
}

/** The name, which can be typed over, and what was read. */
function head(dataset, report, renamed) {
  const name = nameField("report-name", "Name of the data set (change it here)", `/api/v1/datasets/${encodeURIComponent(dataset.id)}/rename`, renamed);
  name.show(dataset.name);
  return el("div", { class: "card-head" }, el("h2", { class: "sr-only", text: dataset.name }), name.field, el("span", { class: "muted", text: origin(dataset, report) }));
}

function origin(dataset, report) {
  const encoding = report.encoding && report.encoding !== "utf-8" ? `, ${report.encoding}` : "";
  return `version ${dataset.version}${report.format ? `, ${String(report.format).toUpperCase()}` : ""}${encoding}`;
}

/** "1,842 usable rows, 31 need attention." */
export function verdictWords(report) {
  const { total = 0, usable = 0 } = report.rows || {};
  const excluded = report.rows?.excluded || 0;
  const touched = total - usable - excluded;
  const words = [counted(usable, "usable row")];
  if (touched > 0) words.push(`${count(touched)} ${touched === 1 ? "needs" : "need"} attention`);
  if (excluded) words.push(`${count(excluded)} left out by you`);
  return `${words.join(", ")}.`;
}

/** One click for all rows with errors, where there are several kinds of them. */
function leaveAll(dataset, changed) {
  const number = undecidedRows(dataset);
  const kinds = (dataset.report.problems || []).filter((each) => each.severity === "error" && each.count);
  if (!number || kinds.length < 2) return "";
  const leave = el("button", { id: "report-leave-all", type: "button", class: "button small", text: `Leave out all ${counted(number, "row")} with errors`, onclick: async () => {
    leave.disabled = true;
    const place = document.getElementById("report-progress");
    try {
      await changed(await leaveOut(dataset, place));
    } catch (error) {
      place.replaceChildren(errorBanner(error));
      leave.disabled = false;
    }
  } });
  return el("div", { class: "actions" }, leave);
}

function verdict(dataset, report) {
  const warnings = (report.problems || []).filter((each) => each.severity === "warning").length;
  const errors = (report.problems || []).length - warnings;
  const severity = report.status === "rejected" ? "error" : report.status === "warnings" || errors ? "warning" : "good";
  const hint = { error: "It cannot be trained on yet; the list below says why.",
    warning: errors ? "No run starts until every row with an error was fixed or left out, each with one click below; both can be undone." : "Nothing stops you; the list below says what to look at.",
    good: "Every row can be used." }[severity];
  const shown = banner(severity, verdictWords(report), hint);
  shown.id = "report-verdict";
  return shown;
}

function labels(dataset) {
  const counts = Object.entries(dataset.labels || {}).sort((one, other) => other[1] - one[1]);
  if (!counts.length) return "";
  const most = counts[0][1];
  const rows = counts.map(([name, number]) => labelRow(name, number, most));
  const rest = rows.slice(LABELS_SHOWN);
  return el("section", { class: "report-part", id: "report-labels" }, el("h3", { text: `${counted(counts.length, "label")}` }),
    el("ul", { class: "label-counts" }, ...rows.slice(0, LABELS_SHOWN)),
    rest.length ? el("details", { class: "more" }, el("summary", { text: `Show ${count(rest.length)} more` }), el("ul", { class: "label-counts" }, ...rest)) : "");
}

function labelRow(name, number, most) {
  const fill = el("span", { class: "bar-fill" });
  fill.style.width = `${Math.max(1, (100 * number) / most)}%`;
  return el("li", {}, el("span", { class: "label-name", text: name, title: name }), el("span", { class: "bar", "aria-hidden": "true" }, fill), el("span", { class: "bar-number", text: count(number) }));
}
