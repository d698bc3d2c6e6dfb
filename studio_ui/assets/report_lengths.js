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
    const payload = await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/lengths?version=${dataset.version}`);
    place.append(...content(payload));
  } catch (error) {
    place.append(errorBanner(error));
  }
}

function content(payload) {
  const limit = payload.max_length;
  const lengthsFound = Object.entries(payload.counts).map(([tokens, rows]) => [Number(tokens), rows]);
  const cut = lengthsFound.reduce((sum, [tokens, rows]) => sum + (tokens > limit ? rows : 0), 0);
  const about = payload.measured ? `tokens of ${payload.base_model}` : "tokens, estimated from the characters";
  const words = cut ? `${count(cut)} of ${count(payload.rows)} rows (${percent(cut / payload.rows)}) are longer than ${limit} ${about}: their end is not read unless you allow more in the settings.` : `No row is longer than ${limit} ${about}, so nothing is cut.`;
  return [histogram(lengthsFound, payload.longest, limit), el("p", { id: "lengths-words", class: "small" }, words),
    el("p", { class: "muted small", text: `On average ${payload.mean.toFixed(0)}, at most ${count(payload.longest)}. A token is a word or a part of one.${payload.of_rows ? ` Counted on a sample of ${count(payload.rows)} of ${count(payload.of_rows)} rows.` : ""}` })];
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
