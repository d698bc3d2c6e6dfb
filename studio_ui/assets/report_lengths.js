// How long the texts are in tokens of the recommended model, and how many are cut at a given length.

import { api, count, el, errorBanner, percent } from "./studio.js";

const BARS = 24;

/** A section with a histogram; filled when the lengths have arrived. */
export function lengths(dataset) {
  const place = el("section", { class: "report-part", id: "report-lengths" }, el("h3", { text: "How long the texts are" }));
  fill(place, dataset);
  return place;
}

async function fill(place, dataset) {
  try {
    const told = await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/lengths?version=${dataset.version}`);
    place.append(...content(told));
  } catch (error) {
    place.append(errorBanner(error));
  }
}

function content(told) {
  const limit = told.max_length;
  const lengthsFound = Object.entries(told.counts).map(([tokens, rows]) => [Number(tokens), rows]);
  const cut = lengthsFound.reduce((sum, [tokens, rows]) => sum + (tokens > limit ? rows : 0), 0);
  const about = told.measured ? `tokens of ${told.base_model}` : "tokens, estimated from the characters";
  const words = cut ? `${count(cut)} of ${count(told.rows)} rows (${percent(cut / told.rows)}) are longer than ${limit} ${about}: their end is not read unless you allow more in the settings.` : `No row is longer than ${limit} ${about}, so nothing is cut.`;
  return [histogram(lengthsFound, told.longest, limit), el("p", { id: "lengths-words", class: "small" }, words),
    el("p", { class: "muted small", text: `On average ${told.mean.toFixed(0)}, at most ${count(told.longest)}. A token is a word or a part of one.${told.of_rows ? ` Counted on a sample of ${count(told.rows)} of ${count(told.of_rows)} rows.` : ""}` })];
}

function histogram(found, longest, limit) {
  const width = Math.max(1, Math.ceil((longest + 1) / BARS));
  const bars = Array.from({ length: Math.ceil((longest + 1) / width) }, () => 0);
  for (const [tokens, rows] of found) bars[Math.floor(tokens / width)] += rows;
  const most = Math.max(1, ...bars);
  const chart = el("div", { class: "histogram", role: "img", "aria-label": `Histogram of lengths from 0 to ${longest} tokens` }, ...bars.map((rows, at) => {
    const bar = el("span", { class: at * width >= limit ? "bar-cut" : "", title: `${at * width} to ${(at + 1) * width - 1} tokens: ${count(rows)} rows` });
    bar.style.height = `${rows ? Math.max(3, (100 * rows) / most) : 0}%`;
    return bar;
  }));
  return el("div", {}, chart, el("div", { class: "histogram-axis", "aria-hidden": "true" }, el("span", { text: "0" }), el("span", { text: `${count(longest)} tokens` })));
}
