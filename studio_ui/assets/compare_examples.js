// The same held-out rows answered by every compared run, those that the runs disagree about first.

import { remember } from "./run_curves.js";
import { api, count, counted, el, percent } from "./studio.js";

const ORDERS = [["disagreement", "Disagreement first"], ["wrong", "Most often wrong first"], ["file", "In the order of the file"]];
const PAGE = 25;

/** Fills its section whenever `show` names other runs; the order lives in the address. */
export class SharedExamples {
  constructor(place) {
    this.place = place;
    this.order = el("select", { id: "examples-order" }, ...ORDERS.map(([value, text]) => el("option", { value, text })));
    const asked = new URLSearchParams(location.search).get("rows");
    this.order.value = ORDERS.some(([value]) => value === asked) ? asked : ORDERS[0][0];
    this.order.addEventListener("change", () => {
      remember({ rows: this.order.value === ORDERS[0][0] ? null : this.order.value });
      this.show(this.runs);
    });
    this.status = el("p", { class: "muted", role: "status" });
    this.table = el("table", { id: "compare-examples-table", class: "data-table" });
    this.box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Rows side by side" }, this.table);
    this.more = el("button", { type: "button", id: "compare-examples-more", class: "button", text: "Show more rows", onclick: () => this.load() });
    place.replaceChildren(el("div", { class: "card-head" }, el("h2", { text: "What do they answer?" }), el("label", { for: "examples-order" }, "Order ", this.order)), this.status, this.box, this.more);
  }

  async show(runs) {
    this.runs = runs;
    this.tested = runs.filter((run) => run.test_rows);
    this.place.hidden = !this.tested.length;
    if (!this.tested.length) return;
    this.after = 0;
    const heads = ["Text", "Expected", "Base model", ...this.tested.map((run) => run.name)];
    this.body = el("tbody");
    this.table.replaceChildren(el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))), this.body);
    await this.load();
  }

  async load() {
    const { body } = this;
    const query = new URLSearchParams({ runs: this.tested.map((run) => run.id).join(","), order: this.order.value, limit: PAGE, after: this.after });
    try {
      const page = await api(`/api/v1/compare/examples?${query}`);
      if (body !== this.body) return;
      this.after = page.after;
      body.append(...page.rows.map((row) => this.row(row)));
      this.tell(page);
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  tell(page) {
    this.box.hidden = this.more.hidden = !page.total;
    this.more.hidden ||= this.after >= page.total;
    if (!page.comparable) this.status.textContent = "These runs were tested on different rows, so their answers cannot be put side by side.";
    else if (this.tested.length > 1) this.status.textContent = `${counted(page.total, "row")} answered by all of them; on ${count(page.disagreeing)} their answers differ.`;
    else this.status.textContent = `${counted(page.total, "row")}.`;
  }

  row(row) {
    const answers = this.tested.map((run) => el("td", {}, answer(row.answers[run.id].answer, row.expected, row.answers[run.id].score)));
    return el("tr", { class: row.different ? "differs" : "", "data-row": String(row.row_id) }, el("td", { class: "wide-text", text: row.input }), el("td", { text: row.expected }), el("td", {}, row.base_answer == null ? "–" : answer(row.base_answer, row.expected)), ...answers);
  }
}

function answer(given, expected, score) {
  const right = given === expected;
  return el("span", { class: right ? "answer answer-right" : "answer answer-wrong" }, el("span", { "aria-hidden": "true", text: right ? "✓" : "✕" }),
    el("span", {}, el("span", { class: "sr-only", text: right ? "right: " : "wrong: " }), given, score == null || score > 1 || score < 0 ? "" : el("span", { class: "muted row-note", text: percent(score) })));
}
