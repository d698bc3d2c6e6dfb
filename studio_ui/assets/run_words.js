// Words and marks for run states, shared by the pages that show runs.

import { el } from "./studio.js";

export const ACTIVE = ["queued", "claimed", "running"];
export const STATE_WORDS = { queued: "Queued", claimed: "Starting", running: "Running", succeeded: "Finished", failed: "Failed", cancelled: "Stopped" };
const MARKS = { queued: "◷", claimed: "◌", running: "●", succeeded: "✓", failed: "✕", cancelled: "■" };

/** A chip with a mark and a word, so that colour is never the only signal. */
export function stateChip(state) {
  return el("span", { class: `chip state-${state}`, "data-state": state },
    el("span", { class: "chip-mark", text: MARKS[state] || "?", "aria-hidden": "true" }), STATE_WORDS[state] || state);
}
