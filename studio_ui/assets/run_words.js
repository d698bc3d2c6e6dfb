// Words and marks for run states, shared by the pages that show runs.

import { api, el } from "./studio.js";

export const ACTIVE = ["queued", "claimed", "running"];
export const STATE_WORDS = { queued: "Queued", claimed: "Starting", running: "Running", succeeded: "Finished", failed: "Failed", cancelled: "Stopped", diverged: "Broke down" };
const MARKS = { queued: "◷", claimed: "◌", running: "●", succeeded: "✓", failed: "✕", cancelled: "■", diverged: "≁" };

const titles = { methods: {}, models: {} };
const families = {};

/** Fetch the catalog's titles once; without them the short names are shown. */
export async function loadTitles() {
  try {
    const catalog = await api("/api/v1/catalog");
    for (const method of catalog.methods) titles.methods[method.kind] = method.title;
    for (const task of catalog.task_types) families[task.kind] = task.family;
    for (const model of catalog.base_models) titles.models[model.name] = model.title;
  } catch {
    // Titles are a comfort; the page works with the names.
  }
}

export function methodTitle(kind) {
  return titles.methods[kind] || kind;
}

/** Whether the run tunes a model that writes text; such runs have perplexity and answers instead of labels. */
export function writes(run) {
  return families[run.task_type] === "generation";
}

export function modelTitle(name) {
  return titles.models[name] || name;
}

/** A chip with a mark and a word, so that colour is never the only signal. */
export function stateChip(state) {
  return el("span", { class: `chip state-${state}`, "data-state": state },
    el("span", { class: "chip-mark", text: MARKS[state] || "?", "aria-hidden": "true" }), STATE_WORDS[state] || state);
}
