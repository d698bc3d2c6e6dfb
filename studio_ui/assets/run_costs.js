// What a run was estimated to cost when it began, beside what it did cost; and how good estimates are on each machine.

import { api, bytes, count, counted, duration, durationRange, el, percent, when } from "./studio.js";

/** A part of the Config tab that fills itself. */
export function costGroup(run) {
  const place = el("section", { id: "run-cost", class: "config-group", "aria-live": "polite" });
  api(`/api/v1/runs/${encodeURIComponent(run.id)}/cost`).then((payload) => place.replaceChildren(...costTable(payload)), (error) => place.replaceChildren(el("p", { class: "muted", text: error.message })));
  return place;
}

function costTable({ estimate, actual }) {
  if (!estimate) return [];
  const rows = [
    ["Peak memory", bytes(estimate.memory_likely), range(estimate.memory_bytes, bytes), actual && bytes(actual.memory), actual && off(estimate.memory_likely, actual.memory)],
    ["Time", duration(estimate.seconds_likely), durationRange(estimate.seconds), actual && duration(actual.seconds), actual && off(estimate.seconds_likely, actual.seconds)],
    ["Trainable parameters", count(estimate.trainable_parameters), "exact", actual && count(actual.trainable_parameters), actual && off(estimate.trainable_parameters, actual.trainable_parameters)],
    ["Download", bytes(estimate.adapter_bytes), "", actual && bytes(actual.adapter_bytes), actual && off(estimate.adapter_bytes, actual.adapter_bytes)],
  ];
  const heads = ["", "Estimate", "Range", "Actual", "Estimate was off by"].map((text, at) => el("th", { scope: "col", class: at ? "number" : "" }, text || el("span", { class: "sr-only", text: "Cost" })));
  const cells = rows.map(([name, ...values]) => el("tr", {}, el("th", { scope: "row", text: name }), ...values.map((text) => el("td", { class: "number", text: text || "–" }))));
  return [el("h3", { text: "Estimate before, actual after" }),
    el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Estimate and actual" }, el("table", { id: "cost-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...cells))),
    el("p", { class: "muted small", text: `${estimate.basis}${actual ? " What it took corrects later estimates." : ""}` })];
}

function range([low, high], words) {
  return words(low) === words(high) ? words(low) : `${words(low)} to ${words(high)}`;
}

/** "+12 %": how much the estimate was too high, as a share of what it was. */
function off(estimate, actual) {
  if (!actual) return "–";
  const share = (estimate - actual) / actual;
  if (Math.abs(share) < 5e-4) return "nothing";
  return `${share > 0 ? "+" : "−"}${percent(Math.abs(share))}`;
}

/** The section of the Models page that says how far estimates can be trusted. */
export async function estimateAccuracy() {
  const { machines } = await api("/api/v1/estimates/accuracy");
  const rows = machines.map((each) => el("tr", {}, el("th", { scope: "row", text: each.machine }),
    el("td", { class: "number", text: count(each.runs) }), el("td", { class: "number", text: each.memory_error == null ? "–" : percent(each.memory_error) }),
    el("td", { class: "number", text: each.time_error == null ? "–" : percent(each.time_error) }), el("td", { text: each.measured_at ? when(each.measured_at) : "not yet" })));
  const heads = ["Machine", "Finished runs", "Memory off by", "Time off by", "Speed measured"].map((text, at) => el("th", { scope: "col", class: at > 0 && at < 4 ? "number" : "", text }));
  const table = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "How good estimates are" }, el("table", { id: "estimate-accuracy", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...rows)));
  const runs = machines.reduce((sum, each) => sum + each.runs, 0);
  return el("section", { class: "section" }, el("h2", { text: "How good the estimates are" }),
    el("p", { class: "muted", text: runs ? `Median error of what was estimated before a run against what it took, over the last ${counted(runs, "finished run")}. Every finished run corrects the next estimate on its machine.` : "No run has finished yet. Until then estimates come from arithmetic and the measured speed of the machine, and their ranges are wide." }),
    machines.length ? table : "");
}
