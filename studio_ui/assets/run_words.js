// Words and marks for run states, shared by the pages that show runs.

import { api, el } from "./studio.js";

export const ACTIVE = ["queued", "claimed", "running"];
export const STATE_WORDS = { queued: "Queued", claimed: "Starting", running: "Running", succeeded: "Finished", failed: "Failed", cancelled: "Stopped", diverged: "Broke down" };
const MARKS = { queued: "◷", claimed: "◌", running: "●", succeeded: "✓", failed: "✕", cancelled: "■", diverged: "≁" };

const titles = { methods: {}, models: {}, unmergeable: {}, files: {} };
const families = {};

/** Take titles out of the catalog, which is fetched unless it is given; without them the short names are shown. */
export async function loadTitles(given = null) {
  try {
    const catalog = given || (await api("/api/v1/catalog"));
    for (const method of [...catalog.methods, ...(catalog.made_methods || [])]) {
      titles.methods[method.kind] = method.title;
      titles.unmergeable[method.kind] = method.refusals?.merge || "";
      titles.files[method.kind] = method.brings;
    }
    for (const task of catalog.task_types) families[task.kind] = task.family;
    for (const model of catalog.base_models) titles.models[model.name] = model.title;
  } catch {
    // Titles are a comfort; the page works with the names.
  }
}

export function methodTitle(kind) {
  return titles.methods[kind] || kind;
}

/** Name of the file that teaches PEFT the method and travels with its downloads; empty if none is needed. */
export function broughtFile(kind) {
  return titles.files[kind] || "";
}

/** What the method answers when its adapter is to be merged into the model; empty if it can be. */
export function mergeRefusal(kind) {
  return titles.unmergeable[kind] || "";
}

/** Whether the run tunes a model that writes text; such runs have perplexity and answers instead of labels. */
export function writes(run) {
  return families[run.task_type] === "generation";
}

/** Whether the run labels words; such runs have entity F1, and spans as answers. */
export function marks(run) {
  return families[run.task_type] === "tokens";
}

export function modelTitle(name) {
  return titles.models[name] || name;
}

/** A chip with a mark and a word, so that colour is never the only signal. */
export function stateChip(state) {
  return el("span", { class: `chip state-${state}`, "data-state": state },
    el("span", { class: "chip-mark", text: MARKS[state] || "?", "aria-hidden": "true" }), STATE_WORDS[state] || state);
}
