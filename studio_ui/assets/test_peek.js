// Test rows are hidden until somebody asks for them; each view is counted with the version.

import { api, banner, counted, el } from "./studio.js";

// Data sets whose test rows were looked at since this page was opened.
const looked = new Set();

/** Whether the test rows of a data set are still veiled. */
export function isVeiled(dataset) {
  return !looked.has(dataset.id);
}

/** Count a look at test rows. */
export function noteLook(dataset, rows) {
  looked.add(dataset.id);
  return api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/peeks`, { method: "POST", body: { rows: rows.length, version: dataset.version } }).then(showCount, () => {});
}

/** What stands above rows of which some are kept for the test. @param unveil called when the person wants to see them */
export function peekNote(dataset, rows, unveil) {
  if (!rows.length) return "";
  const some = rows.length === 1 ? "1 row here is" : `${counted(rows.length, "row")} here are`;
  if (!isVeiled(dataset)) return banner("warning", `${some} kept for the final test.`, "This look is counted. A test score is less reliable on rows that people have seen; do not choose by them.");
  const look = el("button", { type: "button", class: "button small peek-look", text: "Look at them", onclick: unveil });
  const notice = banner("info", `${some} kept for the final test and not shown.`, "Test scores are most reliable while nobody has looked at these rows.");
  notice.lastChild.append(el("div", { class: "actions problem-actions" }, look));
  return notice;
}

/** "Looked at 2 times (24 rows), 3 rows changed", or that nobody has. */
export function peekWords({ looks = 0, rows_seen: seen = 0, rows_changed: changed = 0 } = {}) {
  if (!looks && !changed) return "Nobody has looked at the rows of the final test here.";
  const parts = [looks ? `looked at ${counted(looks, "time")} (${counted(seen, "row")} shown)` : "", changed ? `${counted(changed, "row")} changed by hand` : ""];
  return `Rows of the final test were ${parts.filter(Boolean).join(", ")}.`;
}

function showCount(payload) {
  const place = document.getElementById("splits-peeks");
  if (place) place.textContent = peekWords(payload);
}
