// The comparison of the first three recommended methods: the offer in the wizard, and the way back into it with the best.

import { api, durationRange, el, toast } from "./studio.js";

const CANDIDATES = 3;

/** The offer above the methods; nothing when there are not enough to compare. */
export function comparisonOffer(wizard, ranked) {
  const candidates = ranked.slice(0, CANDIDATES);
  if (candidates.length < 2) return "";
  const names = candidates.map((each) => each.title);
  const time = el("span", { class: "muted" });
  const start = el("button", { type: "button", id: "method-race", class: "button", text: `Compare the first ${candidates.length === 3 ? "three" : "two"}`, onclick: () => go(wizard, start) });
  // One epoch is at most what the comparison takes on small data; on larger data it takes less.
  wizard.estimate({ method: { kind: candidates[0].kind }, training: { ...wizard.state.training, epochs: 1 } })
    .then((cost) => { time.textContent = ` One epoch takes ${durationRange(cost.seconds)} with the first of them.`; }, () => {});
  return el("section", { class: "race-offer", "aria-label": "Compare methods" },
    el("p", {}, el("strong", { text: "Not sure? Let your own data decide. " }), `${names.slice(0, -1).join(", ")} and ${names.at(-1)} train briefly on a sample, at most 200 updates each, and the best on the validation rows is kept (successive halving).`, time), start);
}

async function go(wizard, button) {
  const { dataset_id, base_model, task_type } = wizard.state;
  button.disabled = true;
  button.textContent = "Starting…";
  try {
    const { id } = await api("/api/v1/recommendations/race", { method: "POST", body: { dataset_id, base_model, task_type } });
    location.assign(`/experiments?id=${encodeURIComponent(id)}`);
  } catch (error) {
    button.disabled = false;
    button.textContent = "Compare them";
    toast(`${error.message} ${error.hint || ""}`.trim(), "error");
  }
}

/** The wizard's address with the best method already chosen, for all rows. */
export function onAllRows(data, row) {
  return `/new?${new URLSearchParams({ dataset: data.dataset.id, model: data.plan.race.base_model, method: row.method, step: "settings" })}`;
}
