// What is particular to runs that write text: perplexity tiles, and answers of base and tuned model side by side.
// Model text is only ever shown as text.

import { ACTIVE } from "./run_words.js";
import { api, count, el, percent } from "./studio.js";

const PAGE = 50;

/** The first tiles of the run page. `tile` makes one. */
export function writingTiles(run, latest, verdict, tile) {
  const { metrics, baseline, intervals, test_rows: rows, answered_rows: answered } = run.results || {};
  const base = baseline?.untouched;
  const tiles = [metrics ? tile("tile-perplexity", "Test perplexity", short(metrics.perplexity), notes(metrics, base, intervals, rows, verdict), true) : soFar(run, latest, tile)];
  const sure = metrics?.token_accuracy ?? latest["eval/token_accuracy"]?.value;
  tiles.push(tile("tile-token-accuracy", "Token accuracy", sure == null ? "–" : percent(sure), base ? `base model ${percent(base.token_accuracy)}` : "how often the next piece of text was the likeliest"));
  if (metrics?.rouge_l != null) tiles.push(tile("tile-rouge", "Overlap with the reference", percent(metrics.rouge_l), `ROUGE-L over ${count(answered)} written answers${base?.rouge_l == null ? "" : `; base ${percent(base.rouge_l)}`}`));
  return tiles;
}

function notes(metrics, base, intervals, rows, verdict) {
  const parts = [];
  if (base) {
    const way = verdict || (metrics.perplexity < base.perplexity ? "better" : "worse");
    const mark = { same: "=", unclear: "≈", better: "▼", worse: "▲" }[way];
    parts.push(el("span", { class: `delta delta-${way}`, title: way === "unclear" ? "The difference may be chance." : "Lower is better.", text: `${mark} base model ${short(base.perplexity)}` }));
  }
  const [low, high] = intervals?.perplexity || [];
  if (low != null) parts.push(el("span", { text: `95 %: ${short(low)} to ${short(high)} · ${count(rows)} rows` }));
  return parts;
}

function soFar(run, latest, tile) {
  const value = latest["eval/perplexity"]?.value;
  const note = ACTIVE.includes(run.state) ? (value == null ? "after the first check; lower is better" : "validation rows; the test comes at the end") : "validation rows; the test was not reached";
  return tile("tile-perplexity", "Perplexity at the last check", value == null ? "–" : short(value), note, true);
}

/** The Examples tab of a run that writes: each question with the reference and both answers. */
export class WrittenAnswers {
  constructor(place, id) {
    this.id = id;
    this.after = 0;
    this.list = el("ol", { id: "written-answers", class: "written-answers" });
    this.status = el("p", { class: "muted", role: "status", text: "Loading the answers…" });
    this.more = el("button", { type: "button", class: "button", text: "Show more answers", hidden: true, onclick: () => this.load() });
    place.append(el("p", { class: "muted", text: "Questions that the model never trained on. Both models always take the likeliest next piece of text, so the same question gives the same answer." }), this.status, this.list, this.more);
  }

  async load() {
    const page = await api(`/api/v1/runs/${encodeURIComponent(this.id)}/predictions?${new URLSearchParams({ limit: PAGE, after: this.after })}`);
    this.after = page.after;
    this.list.append(...page.rows.map((row) => writtenCard(row)));
    this.more.hidden = page.rows.length < PAGE;
    this.status.textContent = this.list.children.length ? `${count(this.list.children.length)} answers.` : "No answers were stored; the test rows leave no room for one.";
  }
}

/** One question with both answers; `tuned` names the side of the tuned model. */
export function writtenCard(row, tuned = "Tuned model") {
  return el("li", { class: "card written" },
    el("p", { class: "written-question" }, el("span", { class: "sr-only", text: "Question: " }), row.input),
    el("div", { class: "written-pair" }, said("Base model", row.base_answer), said(tuned, row.answer, "written-tuned")),
    row.expected ? el("p", { class: "muted small" }, el("strong", { text: "In the data: " }), el("span", { class: "written-text", text: row.expected })) : "");
}

function said(who, words, look = "") {
  return el("section", { class: `written-side ${look}` }, el("h3", { text: who }), el("p", { class: "written-text", text: words || "(nothing)" }));
}

function short(value) {
  return value >= 1e5 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
}
