// Text with marked words: each mark has its type written beside it, so that colour is never the only signal.

import { el } from "./studio.js";

const HUES = 8;
const places = new Map();

/** The same type has the same colour everywhere on a page, in the order in which types are met. */
function hue(label) {
  if (!places.has(label)) places.set(label, places.size % HUES);
  return `entity-${places.get(label)}`;
}

/** Give types their colours in this order before anything is shown. */
export function knownTypes(labels) {
  labels.forEach(hue);
}

/**
 * The text with its marks as text nodes.
 * @param {string} text
 * @param {[number, number, string][]} spans places in Unicode characters, in order, none overlapping
 * @param {(at: number) => string} note shown after the type of the mark with this number
 */
export function markedText(text, spans, note = () => "") {
  // The studio counts characters, JavaScript counts halves of the rarer ones.
  const letters = Array.from(text);
  const piece = (from, to) => letters.slice(from, to).join("");
  const node = el("span", { class: "marked-text" });
  let from = 0;
  spans.forEach(([start, end, label], at) => {
    node.append(piece(from, start), mark(piece(start, end), label, note(at)));
    from = end;
  });
  node.append(piece(from));
  return node;
}

/** One marked piece of text with its type. */
export function mark(words, label, note = "") {
  return el("mark", { class: `entity ${hue(label)}` }, words, " ", el("span", { class: "entity-type", text: note ? `${label} ${note}` : label }));
}

/** What of a sentence was missed, taken for something else, or marked without reason; a word of praise if nothing. */
export function differences(text, expected, given) {
  const letters = Array.from(text);
  const words = ([start, end]) => letters.slice(start, end).join("");
  const same = (one, other) => one[0] === other[0] && one[1] === other[1] && one[2] === other[2];
  const meets = (one, other) => one[0] < other[1] && other[0] < one[1];
  const missed = expected.filter((one) => !given.some((other) => same(one, other)));
  const extra = given.filter((one) => !expected.some((other) => same(one, other)));
  if (!missed.length && !extra.length) return el("span", { class: "answer answer-right" }, el("span", { "aria-hidden": "true", text: "✓" }), el("span", { text: expected.length ? "as expected" : "nothing, as expected" }));
  const taken = new Set();
  const items = missed.map((one) => {
    const other = extra.find((each) => !taken.has(each) && meets(one, each));
    if (!other) return el("li", {}, "missed ", mark(words(one), one[2]));
    taken.add(other);
    return el("li", {}, mark(words(one), one[2]), " taken for ", mark(words(other), other[2]));
  });
  const rest = extra.filter((each) => !taken.has(each)).map((one) => el("li", {}, "marked without reason ", mark(words(one), one[2])));
  return el("div", { class: "answer answer-wrong" }, el("span", { "aria-hidden": "true", text: "✕" }), el("span", { class: "sr-only", text: "wrong: " }), el("ul", { class: "entity-differences" }, ...items, ...rest));
}
