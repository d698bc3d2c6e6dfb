// What a model that writes will see of the rows: three examples with the loss mask, lengths, and what is truncated.
// Shown in the wizard before anything is trained. The text of the rows is only ever shown as text.

import { api, count, el, errorBanner, percent, skeleton } from "./studio.js";

const LOOKS = { read: "", learned: "seen-learned", cut: "seen-cut" };
const WORDS = { read: "context: ", learned: "in the loss: ", cut: "truncated: " };

/** A section for the wizard; empty for tasks with labels, filled when the answer has arrived. */
export function supervisionPart(wizard) {
  const { state, dataset, catalog } = wizard;
  const task = catalog.task_types.find((each) => each.kind === state.task_type);
  if (task?.family !== "generation" || dataset.task_type !== state.task_type) return "";
  const place = el("section", { id: "supervision", class: "report-part", "aria-live": "polite" }, el("h3", { text: "What the loss covers" }), skeleton(3));
  const body = { base_model: state.base_model, method: state.method, training: state.training };
  api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/supervision`, { method: "POST", body })
    .then((payload) => place.replaceChildren(place.firstChild, ...content(payload)))
    .catch((error) => place.replaceChildren(place.firstChild, errorBanner(error)));
  return place;
}

function content(payload) {
  const about = payload.template ? `Conversations are written by the chat template: ${payload.template}. ` : "Running text is read in pieces; nothing is cut. ";
  const learned = payload.template && payload.learn_from === "answers" ? "The loss covers only the marked parts, the assistant's turns; the rest is context." : "The loss covers everything that is marked.";
  const legend = el("p", { class: "seen-legend small" }, el("span", { class: "seen-learned", text: "in the loss" }), el("span", { text: "context" }), el("span", { class: "seen-cut", text: "truncated" }));
  return [el("p", { class: "muted", text: about + learned }), legend, ...lengthWords(payload), histogram(payload.lengths, payload.max_length), el("div", { class: "seen-examples" }, ...payload.examples.map(example))];
}

function lengthWords(payload) {
  const share = payload.counted_rows < payload.rows ? ` (counted on ${count(payload.counted_rows)} of ${count(payload.rows)} rows)` : "";
  const cut = payload.cut_rows ? `${count(payload.cut_rows)} rows (${percent(payload.cut_rows / payload.counted_rows)}) are longer than ${count(payload.max_length)} tokens and lose their end${share}.` : `No row is cut at ${count(payload.max_length)} tokens${share}.`;
  const lost = payload.left_out_rows ? `${count(payload.left_out_rows)} rows are left out: their answers begin after the longest text. Allow more tokens in the settings to use them.` : "";
  return [el("p", { id: "supervision-cut", class: "small", text: `${cut} On average ${payload.lengths.mean.toFixed(0)} tokens, at most ${count(payload.lengths.longest)}.` }), lost ? el("p", { class: "notice small", text: lost }) : ""];
}

function histogram({ bars, longest }, limit) {
  const most = Math.max(1, ...bars.map((bar) => bar.rows));
  const chart = el("div", { class: "histogram", role: "img", "aria-label": `Histogram of lengths from 0 to ${longest} tokens; the longest text is ${limit}` }, ...bars.map((each) => {
    const bar = el("span", { class: each.cut ? "bar-cut" : "", title: `${each.from} to ${each.to} tokens: ${count(each.rows)} rows` });
    bar.style.height = `${each.rows ? Math.max(3, (100 * each.rows) / most) : 0}%`;
    return bar;
  }));
  return el("div", {}, chart, el("div", { class: "histogram-axis", "aria-hidden": "true" }, el("span", { text: "0" }), el("span", { text: `${count(longest)} tokens` })));
}

function example(each) {
  const parts = each.parts.map((part) => el("span", { class: LOOKS[part.kind] }, el("span", { class: "sr-only", text: WORDS[part.kind] }), part.text));
  const first = each.parts.findIndex((part) => part.kind === "cut");
  if (first >= 0) parts.splice(first, 0, el("span", { class: "seen-cut-mark", "aria-hidden": "true", text: "✂" }));
  return el("figure", { class: "seen-example" },
    el("figcaption", { class: "muted small", text: `Row ${count(each.line)}: ${count(each.tokens)} tokens, ${count(each.learned_tokens)} of them in the loss${each.cut ? "; the end is truncated" : ""}.` }),
    el("p", { class: "seen-text", tabindex: "0" }, ...parts));
}
