// What happened on the way through a run, as marks for its curves. Fetches nothing.

import { count } from "./studio.js";

/**
 * @param {object[]} checkpoints as the server lists them; @param {object[]} events of the run
 * @returns {{step, at, sign, text}[]} by rising step
 */
export function marksOf(checkpoints, events) {
  const kept = checkpoints.map((each) => ({ step: each.step, at: each.created_at, sign: each.selected ? "★" : "▾", text: each.selected ? `best check after step ${count(each.step)}, kept` : `checkpoint after step ${count(each.step)}` }));
  const placed = events.filter((event) => Number.isFinite(event.data?.step));
  const restarts = placed.filter((event) => event.message.startsWith("Continuing")).map((event) => ({ step: event.data.step, at: event.at, sign: "↻", text: `continued after step ${count(event.data.step)}` }));
  const alerts = placed.filter((event) => event.severity !== "info").map((event) => ({ step: event.data.step, at: event.at, sign: "!", text: event.message }));
  return [...kept, ...restarts, ...alerts].sort((one, other) => one.step - other.step);
}
