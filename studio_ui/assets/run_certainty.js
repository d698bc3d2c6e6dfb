// The Calibration tab: reliability diagram, expected calibration error, and the effect of an abstention threshold.

import { ReliabilityChart } from "./charts_certainty.js";
import { remember } from "./run_curves.js";
import { api, count, el, percent } from "./studio.js";

/** Fetch once and fill the panel; moving the threshold asks the server nothing. */
export async function renderCertainty(place, id) {
  const payload = await api(`/api/v1/runs/${encodeURIComponent(id)}/calibration`);
  const charts = el("div");
  place.replaceChildren(
    el("p", { id: "calibration-words" }, verdict(payload)),
    el("div", { class: "certainty-layout" }, charts, thresholdPart(payload)),
    el("p", { class: "muted small", text: `The expected calibration error is the mean distance between bar and dotted line, weighted by rows (ten equal bins, ${count(payload.rows)} test rows). Thin lines are 95 % intervals: short bars over few rows say little.` }));
  return new ReliabilityChart(charts, payload.bins);
}

function verdict({ error, confidence, accuracy }) {
  const way = confidence - accuracy > 0.02 ? "Overconfident" : accuracy - confidence > 0.02 ? "Underconfident" : "Well calibrated on average";
  return el("span", {}, el("strong", { text: `${way}. ` }), `Its mean confidence is ${percent(confidence)}, its accuracy ${percent(accuracy)}. `,
    el("span", { id: "calibration-error", text: `Expected calibration error ${percent(error)}.` }));
}

function thresholdPart({ rows, thresholds }) {
  const asked = Number(new URLSearchParams(location.search).get("threshold")) || 0;
  const slider = el("input", { id: "threshold", type: "range", min: "0", max: "100", step: "1", value: String(Math.round(Math.min(1, Math.max(0, asked)) * 100)) });
  const shown = el("output", { for: "threshold" });
  const facts = el("dl", { id: "threshold-facts", class: "facts" });
  const labels = el("div", { id: "threshold-labels" });
  const draw = () => {
    const at = thresholds[Number(slider.value)];
    shown.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", `${slider.value} %: answers ${percent(at.answered / rows)} of the rows`);
    const pairs = [["Answered", `${percent(at.answered / rows)} (${count(at.answered)} of ${count(rows)})`], ["Right, of those answered", at.answered ? percent(at.right / at.answered) : "nothing is answered"], ["Left to people", count(rows - at.answered)]];
    facts.replaceChildren(...pairs.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    labels.replaceChildren(labelTable(at.labels));
  };
  slider.addEventListener("input", () => {
    draw();
    remember({ threshold: slider.value === "0" ? null : String(Number(slider.value) / 100) });
  });
  draw();
  return el("section", { class: "card", id: "threshold-part" }, el("h3", { text: "Abstention threshold" }),
    el("p", { class: "muted", text: "Below this confidence nothing is answered and a person decides. Fewer answers, more of them right." }),
    el("label", { class: "threshold-row", for: "threshold" }, "Confidence at least ", slider, shown), facts, labels);
}

function labelTable(labels) {
  const found = Object.entries(labels);
  if (!found.length) return "";
  const share = (value) => el("td", { class: "number", text: value == null ? "–" : percent(value) });
  const heads = ["Label", "Precision", "Recall"].map((text, at) => el("th", { scope: "col", class: at ? "number" : "", text }));
  return el("div", { class: "table-box" }, el("table", { class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)),
    el("tbody", {}, ...found.map(([label, { precision, recall }]) => el("tr", { "data-label": label }, el("th", { scope: "row", text: label }), share(precision), share(recall))))));
}
