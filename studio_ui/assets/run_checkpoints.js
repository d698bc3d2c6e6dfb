// The Checkpoints tab: what is kept of a run and why; try one, continue from one, delete one.

import { writes } from "./run_words.js";
import { api, bytes, confirmed, count, el, emptyState, percent, toast, when } from "./studio.js";

/** Where a model as it was at one step is tried; the whole studio names it `run@step`. */
export function checkpointAddress(run, step) {
  const name = encodeURIComponent(`${run.id}@${step}`);
  return writes(run) ? `/chat?models=${encodeURIComponent(`base:${run.base_model}`)},${name}` : `/playground?models=${name}`;
}

/** Fills the panel; asks again after every deletion. */
export async function renderCheckpoints(place, run) {
  const base = `/api/v1/runs/${encodeURIComponent(run.id)}/checkpoints`;
  const { checkpoints } = await api(base);
  if (!checkpoints.length) return place.replaceChildren(emptyState("No checkpoint is kept.", "The first is written at the first evaluation, or after a minute of training."));
  const again = () => renderCheckpoints(place, run);
  const names = [...new Set(checkpoints.flatMap((each) => Object.keys(each.metrics)))];
  const heads = ["Step", ...names.map((name) => name.replaceAll("_", " ")), "Size", "Written", "Kept because", ""];
  const rows = checkpoints.map((each) => el("tr", { "data-step": String(each.step) },
    el("th", { scope: "row" }, count(each.step), each.selected ? el("span", { class: "badge", text: "selected" }) : ""),
    ...names.map((name) => el("td", { class: "number", text: score(name, each.metrics[name]) })),
    el("td", { class: "number", text: bytes(each.bytes) }), el("td", { text: when(each.created_at) }), el("td", { class: "why-kept", text: each.complete ? each.why : "its files are gone; nothing can be done with it" }),
    el("td", {}, actions(run, each, base, again))));
  const total = checkpoints.reduce((sum, each) => sum + each.bytes, 0);
  return place.replaceChildren(
    el("p", { class: "muted", text: `The best and the newest two are kept, ${bytes(total)} in all. Continuing from one makes a new run with its weights, optimiser state and position in the data; this run stays as it is.` }),
    el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Checkpoints" }, el("table", { id: "checkpoints-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))), el("tbody", {}, ...rows))));
}

function actions(run, checkpoint, base, again) {
  const at = `step ${count(checkpoint.step)}`;
  const remove = el("button", { type: "button", class: "button small quiet checkpoint-delete", text: "Delete", "aria-label": `Delete ${at}`, onclick: () => ask(checkpoint, base, at, again) });
  remove.disabled = !checkpoint.deletable;
  if (remove.disabled) remove.title = checkpoint.selected ? "The result is made of this one." : "The run is still active.";
  return el("div", { class: "row-actions" },
    checkpoint.complete ? el("a", { class: "button small", href: checkpointAddress(run, checkpoint.step), "aria-label": `Try ${at}`, text: "Try it" }) : "",
    checkpoint.complete ? el("button", { type: "button", class: "button small checkpoint-continue", "aria-label": `Continue from ${at}`, text: "Continue from here", onclick: () => goOn(checkpoint, base, at) }) : "",
    remove);
}

async function ask(checkpoint, base, at, again) {
  if (!(await confirmed({ title: `Delete ${at}?`, text: `It frees ${bytes(checkpoint.bytes)} and cannot be undone.`, action: "Delete it", look: "stop" }))) return;
  await tried(() => api(`${base}/${checkpoint.step}`, { method: "DELETE" }), "Deleted.");
  await again();
}

function goOn(checkpoint, base, at) {
  const epochs = el("input", { type: "number", id: "continue-epochs", min: "0.1", max: "100", step: "any", value: "1", required: true });
  const close = () => dialog.remove();
  const form = el("form", { method: "dialog", class: "field" }, el("label", { for: "continue-epochs", text: "Epochs (passes over the data) to add" }), epochs,
    el("div", { class: "actions" }, el("button", { class: "button primary", text: "Queue the new run" }), el("button", { type: "button", class: "button", text: "Close", onclick: close })));
  form.addEventListener("submit", async () => {
    const run = await tried(() => api(`${base}/${checkpoint.step}/continue`, { method: "POST", body: { epochs: Number(epochs.value) } }), "Queued.");
    close();
    if (run) location.href = `/run?id=${encodeURIComponent(run.id)}`;
  });
  const dialog = el("dialog", { class: "dialog page-dialog", "aria-label": `Continue from ${at}` }, el("h2", { text: `Continue from ${at}` }), el("p", { class: "muted", text: "The settings stay as they are; only the number of epochs grows." }), form);
  dialog.addEventListener("cancel", close);
  document.body.append(dialog);
  dialog.showModal();
}

async function tried(act, done) {
  try {
    const answer = await act();
    toast(done);
    return answer;
  } catch (error) {
    toast(`${error.message} ${error.hint || ""}`.trim(), "error");
    return null;
  }
}

function score(name, value) {
  if (value == null) return "–";
  return /accuracy|f1|rouge|match|precision|recall/.test(name) ? percent(value) : Number(value.toPrecision(3)).toString();
}
