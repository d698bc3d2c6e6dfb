// Held-out sentences and headline tiles of a run that labels words.

import { differences, knownTypes, markedText } from "./marked_text.js";
import { probability } from "./run_answers.js";
import { count, el, percent } from "./studio.js";

/** The heads of the Examples table and how a sentence fills a row; every type has the same colour on all pages. */
export function markedRows(results) {
  knownTypes(results.labels || []);
  return ROWS;
}

const ROWS = {
  heads: ["Sentence and what is expected", "Base model", "Tuned model", "Least certain word"],
  row: (row) => {
    const expected = JSON.parse(row.expected);
    return el("tr", {},
      el("td", { class: "wide-text" }, markedText(row.input, expected)),
      el("td", {}, row.base_answer == null ? "–" : differences(row.input, expected, JSON.parse(row.base_answer))),
      el("td", {}, differences(row.input, expected, JSON.parse(row.answer))),
      el("td", {}, probability(row.score)));
  },
};

/** Entity F1 with its interval, then precision and recall, then what a list of names would find. */
export function markedTiles(run, latest, verdict, { tile, delta }) {
  const { metrics, baseline, intervals } = run.results || {};
  if (metrics?.f1 == null) {
    const best = latest["eval/f1"]?.best;
    return [tile("tile-f1", "Best entity F1 so far", best == null ? "–" : percent(best), "validation sentences; the test comes at the end", true)];
  }
  const notes = [];
  const base = baseline?.linear_probe?.f1;
  if (base != null) notes.push(delta(metrics.f1 - base, `points vs linear probe ${percent(base)}`, verdict));
  if (intervals?.f1) notes.push(el("span", { text: `95 %: ${percent(intervals.f1[0])} to ${percent(intervals.f1[1])} · ${count(run.results.test_entities)} entities` }));
  const list = baseline?.word_list?.f1;
  return [
    tile("tile-f1", "Entity F1 on the test", percent(metrics.f1), notes, true),
    tile("tile-precision", "Precision", percent(metrics.precision), "of what it marks, so much is right"),
    tile("tile-recall", "Recall", percent(metrics.recall), "of what is there, so much is found"),
    tile("tile-word-list", "A list of known words", list == null ? "–" : percent(list), "F1 of giving each word its most frequent tag"),
  ];
}
