// The same held-out rows answered by every compared run, those that the runs disagree about first.

import { remember } from "./run_curves.js";
import { differences, markedText as entityText } from "./marked_text.js";
import { marks, writes } from "./run_words.js";
import { Votes } from "./compare_votes.js";
import { count, counted, el, percent } from "./studio.js";
import { markedText } from "./word_diff.js";

const ORDERS = [["disagreement", "Disagreement first"], ["wrong", "Most often wrong first"], ["file", "In the order of the file"]];
const REFERENCES = [["expected", "what is in the data"], ["base", "the base model"], ["none", "nothing"]];
const PAGE = 25;

/** Fills its section whenever `show` names other runs; the order lives in the address. */
export class SharedExamples {
  /** @param source where the rows come from, and whether they are shown at all */
  constructor(place, source) {
    Object.assign(this, { place, source, votes: source.vote && new Votes(source.vote) });
    this.order = el("select", { id: "examples-order" }, ...ORDERS.map(([value, text]) => el("option", { value, text })));
    const asked = new URLSearchParams(location.search).get("rows");
    this.order.value = ORDERS.some(([value]) => value === asked) ? asked : ORDERS[0][0];
    this.order.addEventListener("change", () => {
      remember({ rows: this.order.value === ORDERS[0][0] ? null : this.order.value });
      this.show(this.runs);
    });
    this.reference = el("select", { id: "examples-diff" }, ...REFERENCES.map(([value, text]) => el("option", { value, text })));
    const diff = new URLSearchParams(location.search).get("diff");
    this.reference.value = REFERENCES.some(([value]) => value === diff) ? diff : REFERENCES[0][0];
    this.reference.addEventListener("change", () => {
      remember({ diff: this.reference.value === REFERENCES[0][0] ? null : this.reference.value });
      this.show(this.runs);
    });
    this.diffLabel = el("label", { for: "examples-diff" }, "Mark differences from ", this.reference);
    this.status = el("p", { class: "muted", role: "status" });
    this.table = el("table", { id: "compare-examples-table", class: "data-table" });
    this.box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Rows side by side" }, this.table);
    this.more = el("button", { type: "button", id: "compare-examples-more", class: "button", text: "Show more rows", onclick: () => this.load() });
    place.replaceChildren(el("div", { class: "card-head" }, el("h2", { text: "What do they answer?" }), el("span", { class: "grouping" }, this.diffLabel, el("label", { for: "examples-order" }, "Order ", this.order))), this.status, this.box, this.more);
  }

  async show(runs) {
    this.runs = runs;
    this.tested = runs.filter((run) => run.test_rows);
    this.place.hidden = !this.tested.length || !this.source.rows;
    if (this.place.hidden) return;
    this.written = this.tested.every(writes);
    this.marked = this.tested.every(marks);
    this.diffLabel.hidden = !this.written;
    this.after = 0;
    const heads = [...(this.marked ? ["Sentence and what is expected"] : ["Text", "Expected"]), "Base model"];
    this.body = el("tbody");
    this.table.replaceChildren(el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })),
      ...this.tested.map((run) => el("th", { scope: "col" }, run.name, this.votes ? this.votes.tally(run) : "")))), this.body);
    await this.load();
  }

  async load() {
    const { body } = this;
    const query = new URLSearchParams({ runs: this.tested.map((run) => run.id).join(","), order: this.order.value, limit: PAGE, after: this.after });
    try {
      const page = await this.source.examples(query);
      if (body !== this.body) return;
      this.after = page.after;
      body.append(...page.rows.map((row) => this.row(row)));
      this.tell(page);
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  tell(page) {
    this.votes?.tell(page.votes);
    this.box.hidden = this.more.hidden = !page.total;
    this.more.hidden ||= this.after >= page.total;
    if (!page.comparable) this.status.textContent = "These runs were tested on different rows, so their answers cannot be put side by side.";
    else if (this.tested.length > 1) this.status.textContent = `${counted(page.total, "row")} answered by all of them; on ${count(page.disagreeing)} their answers differ.`;
    else this.status.textContent = `${counted(page.total, "row")}.`;
  }

  row(row) {
    if (this.written) return this.writtenRow(row);
    if (this.marked) return this.markedRow(row);
    const answers = this.tested.map((run) => el("td", {}, answer(row.answers[run.id].answer, row.expected, row.answers[run.id].score), this.thumbs(run, row)));
    return el("tr", { class: row.different ? "differs" : "", "data-row": String(row.row_id) }, el("td", { class: "wide-text", text: row.input }), el("td", { text: row.expected }), el("td", {}, row.base_answer == null ? "–" : answer(row.base_answer, row.expected)), ...answers);
  }

  thumbs(run, row) {
    return this.votes ? this.votes.thumbs(run, row) : "";
  }

  /** A sentence with what is expected, and what each model made of it instead. */
  markedRow(row) {
    const expected = JSON.parse(row.expected);
    const made = (shown, thumbs = "") => el("td", {}, shown == null ? "–" : differences(row.input, expected, JSON.parse(shown)), thumbs);
    return el("tr", { class: row.different ? "differs" : "", "data-row": String(row.row_id) }, el("td", { class: "wide-text" }, entityText(row.input, expected)), made(row.base_answer), ...this.tested.map((run) => made(row.answers[run.id].answer, this.thumbs(run, row))));
  }

  /** Texts with the words marked that the chosen reference does not have, or has alone. */
  writtenRow(row) {
    const reference = { expected: row.expected, base: row.base_answer, none: "" }[this.reference.value];
    const said = (text, own, thumbs = "") => el("td", { class: "wide-text" }, text == null ? "–" : own ? el("span", { text }) : markedText(reference, text), thumbs);
    return el("tr", { class: row.different ? "differs" : "", "data-row": String(row.row_id) }, said(row.input, true), said(row.expected, true), said(row.base_answer, this.reference.value === "base"), ...this.tested.map((run) => said(row.answers[run.id].answer, false, this.thumbs(run, row))));
  }
}

function answer(given, expected, score) {
  const right = given === expected;
  return el("span", { class: right ? "answer answer-right" : "answer answer-wrong" }, el("span", { "aria-hidden": "true", text: right ? "✓" : "✕" }),
    el("span", {}, el("span", { class: "sr-only", text: right ? "right: " : "wrong: " }), given, score == null || score > 1 || score < 0 ? "" : el("span", { class: "muted row-note", text: percent(score) })));
}
