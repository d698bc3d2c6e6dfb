// Rows with errors that nobody has decided about: how many there are, and the one click that leaves them out.

import { change } from "./checks.js";
import { banner, count, el, errorBanner, toast } from "./studio.js";

/** Rows that can neither be used nor were left out by anybody. */
export function undecidedRows(dataset) {
  const { total = 0, usable = 0, excluded = 0 } = dataset.report?.rows || {};
  return Math.max(0, total - usable - excluded);
}

/** "a decision about 3 rows with errors", or nothing. */
export function undecidedWords(dataset) {
  const number = undecidedRows(dataset);
  return number ? [`a decision about ${number === 1 ? "1 row with an error" : `${count(number)} rows with errors`}`] : [];
}

/** Leave all rows with errors out, as the next version. @returns the data set with it */
export async function leaveOut(dataset, place) {
  const keys = dataset.report.problems.filter((each) => each.severity === "error" && each.count).map((each) => each.key);
  const body = { changes: keys.map((problem) => ({ op: "exclude", rows: { problem } })), version: dataset.version };
  const made = await change(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/changes`, body, place);
  toast(`Version ${made.version}: ${made.change?.summary || "saved"}`);
  return made;
}

/** What stands before a run, with both ways on. @param decided called with the next version */
export function undecidedPart(dataset, decided) {
  const number = undecidedRows(dataset);
  if (!number) return "";
  const one = number === 1;
  const causes = dataset.report.problems.filter((each) => each.severity === "error" && each.count).map((each) => `${count(each.count)}: ${each.message}`);
  const payload = banner("error", `${one ? "1 row has an error" : `${count(number)} rows have errors`} that ${one ? "needs" : "need"} your decision.`, causes.slice(0, 3).join(" "));
  payload.id = "rows-undecided";
  const status = el("div", { role: "status" });
  const leave = el("button", { id: "rows-leave-out", type: "button", class: "button small primary", text: `Leave ${one ? "it" : "them"} out`, onclick: async () => {
    leave.disabled = true;
    try {
      await decided(await leaveOut(dataset, status));
    } catch (error) {
      status.replaceChildren(errorBanner(error));
      leave.disabled = false;
    }
  } });
  payload.lastChild.append(el("div", { class: "actions problem-actions" }, leave, el("a", { class: "button small", href: `/datasets?id=${encodeURIComponent(dataset.id)}`, text: `Fix ${one ? "it" : "them"} on the Data page` })), status);
  return payload;
}
