// The versions of a data set: who changed what and when, every difference, back to any of them, downloads.

import { change } from "./checks.js";
import { api, count, counted, el, errorBanner, toast, when } from "./studio.js";

const FORMATS = [["csv", "CSV"], ["jsonl", "JSON Lines"], ["parquet", "Parquet"]];

/** What made the newest version, with the way back; nothing for a first version. */
export function lastChange(dataset, changed) {
  if (dataset.version < 2 || !dataset.change) return "";
  return el("p", { id: "report-change", class: "last-change" }, el("strong", { text: `Version ${dataset.version}` }), ` ${when(dataset.version_created_at)}: ${dataset.change.summary} `,
    el("button", { id: "report-undo", type: "button", class: "button small", text: "Undo", onclick: () => restore(dataset, dataset.version - 1, changed) }));
}

/** Links that download a version. */
export function downloads(dataset, number) {
  const id = encodeURIComponent(dataset.id);
  return el("span", { class: "downloads" }, ...FORMATS.map(([format, text]) => el("a", { class: "link small", href: `/api/v1/datasets/${id}/export?format=${format}&version=${number}`, download: "", text, "aria-label": `Download version ${number} as ${text}` })));
}

/** The list of versions, filled when it is opened. */
export function versions(dataset, changed) {
  const place = el("div", {});
  const box = el("details", { id: "report-versions", class: "more report-part" }, el("summary", { text: `${counted(dataset.version, "version")} and downloads` }), place);
  box.addEventListener("toggle", async () => {
    if (!box.open || place.childNodes.length) return;
    try {
      const { versions: found } = await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/versions`);
      place.replaceChildren(el("ol", { class: "version-list" }, ...found.map((each) => versionRow(dataset, each, changed))));
    } catch (error) {
      place.replaceChildren(errorBanner(error));
    }
  });
  return box;
}

function versionRow(dataset, version, changed) {
  const differences = el("div", {});
  const counts = version.change.counts || {};
  const number = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const show = number ? el("button", { type: "button", class: "link small", text: `Show ${counted(number, "difference")}`, onclick: () => showDifferences(dataset, version.number, differences, 0) }) : "";
  const back = version.number === dataset.version ? el("span", { class: "muted small", text: "in use" }) : el("button", { type: "button", class: "button small", text: "Go back to this", "aria-label": `Go back to version ${version.number}`, onclick: () => restore(dataset, version.number, changed) });
  return el("li", { "data-version": String(version.number) },
    el("div", { class: "version-head" }, el("strong", { text: `Version ${version.number}` }), el("span", { class: "muted small", text: `${version.author ? `${version.author}, ` : ""}${when(version.created_at)} · ${count(version.usable_rows)} of ${count(version.rows)} rows usable` }), back),
    el("p", { text: version.change.summary }), el("div", { class: "version-tools" }, show, downloads(dataset, version.number)), differences);
}

async function showDifferences(dataset, number, place, after) {
  try {
    const page = await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/versions/${number}/changes?after=${after}`);
    const list = place.querySelector("ul") || place.appendChild(el("ul", { class: "differences" }));
    list.append(...page.entries.map(difference));
    place.querySelector(".button")?.remove();
    if (page.after < page.total) place.append(el("button", { type: "button", class: "button small", text: "Show more", onclick: () => showDifferences(dataset, number, place, page.after) }));
  } catch (error) {
    place.replaceChildren(errorBanner(error));
  }
}

const KINDS = { edited: "changed", added: "added", deleted: "deleted", excluded: "left out", included: "brought back" };

function difference(entry) {
  const line = el("li", {}, el("span", { class: "muted", text: `line ${entry.line}, ${KINDS[entry.kind]}: ` }));
  if (entry.kind === "edited") line.append(`${entry.column}: `, el("del", { text: entry.before ?? "empty" }), " → ", el("ins", { text: entry.after || "empty" }));
  else line.append(Object.entries(entry.values || {}).map(([name, value]) => `${name}: ${value ?? "empty"}`).join("; "));
  return line;
}

async function restore(dataset, number, changed) {
  try {
    const made = await change(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/versions/${number}/restore`, undefined, document.getElementById("report-progress"));
    toast(`Version ${made.version} is what version ${number} was.`);
    await changed(made);
  } catch (error) {
    toast(`${error.message} ${error.hint || ""}`, "error");
  }
}
