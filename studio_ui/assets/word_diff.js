// What is different between two texts, word by word. Fetches nothing.

import { el } from "./studio.js";

// The comparison takes time with the product of both lengths; beyond this it is skipped, with a note.
const MAX_WORDS = 800;

/**
 * The words of `text` against `reference`: what both have in the same order, what only one of them has.
 * @returns {{kind: "same"|"added"|"missing", text: string}[] | null} null when one of them is too long
 */
export function differences(reference, text) {
  const [one, other] = [words(reference), words(text)];
  if (one.length > MAX_WORDS || other.length > MAX_WORDS) return null;
  const found = [];
  const tell = (kind, word) => {
    if (found.at(-1)?.kind === kind) found.at(-1).text += ` ${word}`;
    else found.push({ kind, text: word });
  };
  const longest = commonLengths(one, other);
  let [at, to] = [0, 0];
  while (at < one.length || to < other.length) {
    if (at < one.length && to < other.length && one[at] === other[to]) {
      tell("same", one[at]);
      at += 1;
      to += 1;
    } else if (at < one.length && (to === other.length || longest[at + 1][to] >= longest[at][to + 1])) {
      tell("missing", one[at]);
      at += 1;
    } else {
      tell("added", other[to]);
      to += 1;
    }
  }
  return found;
}

/** Length of the longest common subsequence of what is left from every pair of places on. */
function commonLengths(one, other) {
  const table = Array.from({ length: one.length + 1 }, () => new Uint16Array(other.length + 1));
  for (let at = one.length - 1; at >= 0; at -= 1) {
    for (let to = other.length - 1; to >= 0; to -= 1) table[at][to] = one[at] === other[to] ? table[at + 1][to + 1] + 1 : Math.max(table[at + 1][to], table[at][to + 1]);
  }
  return table;
}

function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

const TAGS = { same: "span", added: "ins", missing: "del" };

/** The text with its differences marked: underlined is only here, struck through only in the reference. */
export function markedText(reference, text) {
  const found = reference ? differences(reference, text) : null;
  if (!found) return el("span", { class: "written-text" }, text || "(nothing)", reference ? el("span", { class: "muted row-note", text: `Longer than ${MAX_WORDS} words; differences are not marked.` }) : "");
  return el("span", { class: "word-diff" }, ...found.flatMap((part, at) => [at ? " " : "", el(TAGS[part.kind], { text: part.text })]));
}
