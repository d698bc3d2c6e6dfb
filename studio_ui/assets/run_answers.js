// Held-out rows answered by base and tuned model, the confusion matrix and the scores per label.

import { HeatMap, heatColour } from "./charts_heat.js";
import { api, count, el, percent } from "./studio.js";

const FILTERS = [["wrong", "Wrong"], ["improved", "Wrong → right"], ["worsened", "Right → wrong"], ["right", "Right"], ["", "All"]];
const SMALL = 12;
const PAGE = 50;
const HEADS = ["Text", "Expected", "Base model", "Tuned model", "Probability"];

/** The Examples tab; loads its first page when shown. */
export class Examples {
  constructor(place, id, { heads = HEADS, row = exampleRow } = {}) {
    Object.assign(this, { id, only: "wrong", rowOf: row });
    this.filters = el("div", { class: "segments", role: "group", "aria-label": "Which rows to show" });
    this.buttons = FILTERS.map(([only, text]) => el("button", { type: "button", class: "segment", "data-only": only || "all", "aria-pressed": "false", text, onclick: () => this.choose(only) }));
    this.filters.append(...this.buttons);
    this.body = el("tbody");
    this.status = el("p", { class: "muted", role: "status", text: "Loading the rows…" });
    this.more = el("button", { type: "button", class: "button", text: "Show more rows", hidden: true, onclick: () => this.load() });
    this.box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Held-out rows", hidden: true }, el("table", { id: "examples-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))), this.body));
    place.append(
      el("p", { class: "muted", text: "Rows the model never trained on. Choosing settings to fit these very rows makes the test number look better than it is." }),
      this.filters, this.status,
      this.box,
      this.more,
    );
  }

  choose(only) {
    this.only = only;
    this.after = 0;
    this.body.replaceChildren();
    this.load();
  }

  async load() {
    const asked = this.only;
    for (const [at, button] of this.buttons.entries()) button.setAttribute("aria-pressed", String(FILTERS[at][0] === asked));
    const query = new URLSearchParams({ limit: PAGE, after: this.after || 0, ...(asked ? { only: asked } : {}) });
    try {
      const page = await api(`/api/v1/runs/${encodeURIComponent(this.id)}/predictions?${query}`);
      if (asked !== this.only) return;
      this.after = page.after;
      this.label(page.counts);
      this.body.append(...page.rows.map(this.rowOf));
      this.more.hidden = page.rows.length < PAGE;
      const shown = this.body.children.length;
      this.box.hidden = shown === 0;
      this.status.textContent = shown ? `${count(shown)} of ${count(this.total(page.counts))} rows shown.` : EMPTY[asked || "all"];
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  total(counts) {
    return this.only ? counts[this.only] : counts.right + counts.wrong;
  }

  label(counts) {
    const totals = { ...counts, "": counts.right + counts.wrong };
    for (const [at, [only, text]] of FILTERS.entries()) this.buttons[at].textContent = `${text} (${count(totals[only] ?? 0)})`;
  }
}

const EMPTY = {
  wrong: "No wrong answers on the test rows.",
  right: "No right answers on the test rows.",
  improved: "No row that the base model got wrong and the tuned model gets right.",
  worsened: "No row that the base model got right and the tuned model gets wrong.",
  all: "No test rows were stored.",
};

function exampleRow(row) {
  return el("tr", {},
    el("td", { class: "wide-text", text: row.input }),
    el("td", { text: row.expected }),
    el("td", {}, answer(row.base_answer, row.expected)),
    el("td", {}, answer(row.answer, row.expected)),
    el("td", {}, probability(row.score)));
}

function answer(given, expected) {
  if (given == null) return "–";
  const right = given === expected;
  return el("span", { class: right ? "answer answer-right" : "answer answer-wrong" },
    el("span", { "aria-hidden": "true", text: right ? "✓" : "✕" }), el("span", {}, el("span", { class: "sr-only", text: right ? "right: " : "wrong: " }), given));
}

/** A bar with its number; the number alone carries the meaning. */
export function probability(share) {
  const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("span", { class: "bar-fill" }));
  bar.firstChild.style.width = `${Math.max(1, Math.round(share * 100))}%`;
  return el("span", { class: "probability" }, bar, el("span", { class: "bar-number", text: percent(share) }));
}

/** The Confusion tab: a table for few labels, a zoomable heat map for many, and the pairs that matter in words. */
export function renderConfusion(place, results) {
  const { labels, confusion } = results;
  const small = labels.length <= SMALL;
  const box = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Confusion matrix" });
  place.replaceChildren(
    el("div", { class: small ? "confusion-layout" : "confusion-layout confusion-large" },
      el("section", { class: "confusion-matrix", id: "confusion-matrix" },
        el("h3", { text: "Expected against answered" }),
        el("p", { class: "muted", text: small ? "Rows are the expected labels, columns the answers." : "Rows are the expected labels, columns the answers; stronger colour is a larger share of the row. Point at a cell, or drag to zoom; double-click shows all." }),
        box),
      confusedPairs(labels, confusion)),
  );
  if (small) box.append(confusionTable(labels, confusion));
  else return new HeatMap(box, labels, confusion);
  return null;
}

function confusionTable(labels, counts) {
  const head = el("tr", {}, el("th", { scope: "col", text: "expected ↓ answered →" }), ...labels.map((label) => el("th", { scope: "col", text: label })));
  const rows = counts.map((row, at) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    const cells = row.map((value, to) => {
      const cell = el("td", { class: at === to ? "cell cell-right" : "cell", text: count(value), title: `${count(value)} of “${labels[at]}” answered “${labels[to]}”` });
      if (total && value) cell.style.background = heatColour(value / total);
      return cell;
    });
    return el("tr", {}, el("th", { scope: "row", text: labels[at] }), ...cells);
  });
  return el("table", { class: "data-table confusion-table" }, el("thead", {}, head), el("tbody", {}, ...rows));
}

function confusedPairs(labels, counts) {
  const pairs = [];
  counts.forEach((row, at) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    row.forEach((value, to) => at !== to && value && pairs.push({ value, share: value / total, expected: labels[at], answered: labels[to] }));
  });
  pairs.sort((one, other) => other.value - one.value || other.share - one.share);
  const items = pairs.slice(0, 12).map((pair) =>
    el("li", {},
      el("div", {}, el("strong", { text: pair.expected }), el("span", { class: "muted", text: " taken for " }), el("strong", { text: pair.answered })),
      el("span", { class: "muted", text: `${count(pair.value)} ${pair.value === 1 ? "row" : "rows"}, ${percent(pair.share)} of this label` })));
  return el("section", { class: "confused", id: "confused-pairs" },
    el("h3", { text: "Most confused pairs" }),
    pairs.length ? el("ol", {}, ...items) : el("p", { text: "Nothing was confused on the test rows." }));
}

const COLUMNS = [["label", "Label"], ["f1", "F1"], ["precision", "Precision"], ["recall", "Recall"], ["count", ""]];

/** The Labels tab: precision, recall and F1 per label, weakest first; every column sorts. */
export function renderLabels(place, rows, counted = "Test rows") {
  let key = "f1";
  let down = false;
  const body = el("tbody");
  const heads = COLUMNS.map(([name, text]) => {
    const sorted = el("th", { scope: "col", "data-key": name }, el("button", { type: "button", class: "sort", text: text || counted, onclick: () => sort(name) }));
    return sorted;
  });
  const draw = () => {
    const order = [...rows].sort((one, other) => (typeof one[key] === "string" ? one[key].localeCompare(other[key]) : one[key] - other[key]) * (down ? -1 : 1));
    for (const head of heads) head.setAttribute("aria-sort", head.dataset.key !== key ? "none" : down ? "descending" : "ascending");
    body.replaceChildren(...order.map((row) => el("tr", {},
      el("th", { scope: "row", text: row.label }), el("td", {}, probability(row.f1)),
      el("td", { class: "number", text: percent(row.precision) }), el("td", { class: "number", text: percent(row.recall) }), el("td", { class: "number", text: count(row.count) }))));
  };
  const sort = (name) => {
    down = name === key ? !down : name === "count";
    key = name;
    draw();
  };
  place.replaceChildren(
    el("p", { class: "muted", text: "F1 is high only when the label is both found (recall) and not given wrongly (precision). Labels with few test rows jump by chance." }),
    el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Scores per label" }, el("table", { id: "labels-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), body)));
  draw();
}
