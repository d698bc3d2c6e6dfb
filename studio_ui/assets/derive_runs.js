// Runs made of runs: combine finished adapters into one, shrink a full fine-tune. The server says what does not fit.

import { field, select } from "./forms.js";
import { api, el, errorBanner, percent } from "./studio.js";

const WAYS = [
  ["average", "Average, nothing left out"],
  ["average-svd", "Average, strongest directions only"],
  ["ties", "Vote of the largest changes (TIES)"],
  ["dare", "Vote of a random share (DARE)"],
  ["arrow", "Kept apart, every word chooses (Arrow routing)"],
];
// Which further fields a way has.
const USES = { average: ["weights"], "average-svd": ["rank", "weights"], ties: ["rank", "density", "weights"], dare: ["rank", "density", "weights"], arrow: ["top_k", "temperature"] };

/** The form below a comparison; hidden unless two finished runs of one base model are there. */
export class CombineForm {
  constructor(place) {
    this.place = place;
  }

  show(runs) {
    const fit = runs.filter((run) => run.state === "succeeded" && run.base_model === runs[0].base_model && run.task_type === runs[0].task_type);
    this.place.hidden = fit.length < 2;
    this.place.replaceChildren(fit.length < 2 ? "" : this.form(fit));
  }

  form(runs) {
    const way = select("combine-how", WAYS, "average");
    const rank = number("combine-rank", 16, 1, 256, 1);
    const density = number("combine-density", 0.5, 0.05, 1, 0.05);
    const weights = runs.map((run, at) => number(`combine-weight-${at}`, 1, 0, 1000, "any"));
    const most = number("combine-top-k", Math.min(3, runs.length), 1, 8, 1);
    const temperature = number("combine-temperature", 1, 0.01, 100, "any");
    const extra = [
      ["rank", field("combine-rank", "Rank", "Width of the new matrices: more keeps more and is larger.", rank)],
      ["density", field("combine-density", "Density", "Share of each model's change that takes part in the vote.", density)],
      ["top_k", field("combine-top-k", "Models per token", "How many models answer a token at most.", most)],
      ["temperature", field("combine-temperature", "Temperature", "Small sends a token to the one model that fits best, large to all alike.", temperature)],
      ...runs.map((run, at) => ["weights", field(`combine-weight-${at}`, `Weight of ${run.name}`, "", weights[at])]),
    ];
    const tell = () => {
      for (const [use, node] of extra) node.hidden = !USES[way.value].includes(use);
    };
    way.addEventListener("change", tell);
    tell();
    const fields = [field("combine-how", "Way", "", way), ...extra.map(([, node]) => node)];
    const values = { rank: () => Number(rank.value), density: () => Number(density.value), top_k: () => Number(most.value), temperature: () => Number(temperature.value), weights: () => weights.map((each) => Number(each.value)) };
    const body = () => ({ run_ids: runs.map((run) => run.id), how: way.value, ...Object.fromEntries(USES[way.value].map((use) => [use, values[use]()])) });
    return el("details", { class: "card more", id: "combine" }, el("summary", { text: "Combine into one model" }),
      el("p", { class: "muted", text: "Makes one adapter of these, without training, and tests it with them on the same held-out rows. They must be LoRA adapters trained on the same labels." }),
      deriving("combine-form", "Combine", "/api/v1/runs/combine", body, fields));
  }
}

/** The form on the page of a finished adapter; says what the method answers if it cannot be merged. */
export function mergeForm(run, refused) {
  const words = "One model without an adapter, as any program loads it. It is tested beside this run; an adapter trained on a quantized model is merged into the one in full precision, so its answers can change a little.";
  return el("section", {}, el("details", { class: "card more", id: "merge" }, el("summary", { text: "Merge into one plain model" }),
    el("p", { class: "muted", text: refused || words }),
    refused ? "" : deriving("merge-form", "Merge", `/api/v1/runs/${encodeURIComponent(run.id)}/merge`, () => ({}), [])));
}

/** The form on the page of a finished full fine-tune. */
export function shrinkForm(run) {
  const rank = number("shrink-rank", 32, 1, 256, 1);
  return el("section", {}, el("details", { class: "card more", id: "shrink" }, el("summary", { text: "Shrink into a LoRA" }),
    el("p", { class: "muted", text: "Keeps the strongest directions of what changed: a download of a few megabytes instead of the whole model. It is tested beside this run, so you see what it costs." }),
    deriving("shrink-form", "Shrink", `/api/v1/runs/${encodeURIComponent(run.id)}/shrink`, () => ({ rank: Number(rank.value) }), [field("shrink-rank", "Rank", "More is nearer to the original and larger.", rank)])));
}

/** What a run was made of, each parent with its score on the same held-out rows. */
export function originFacts(run) {
  const { parents, how } = run.spec.origin;
  const scores = run.results?.origin?.parents || [];
  const share = run.results?.origin?.linear_share;
  const way = { shrunk: "Shrunk from a full fine-tune", merged: "An adapter, added to the model's own weights" }[run.spec.origin.kind] || (WAYS.find(([value]) => value === how) || [how, how])[1];
  const rows = parents.map((parent, at) => el("div", {}, el("dt", {}, el("a", { href: `/run?id=${encodeURIComponent(parent.run_id)}`, text: parent.name || parent.run_id })),
    el("dd", { text: [parents.length > 1 && how !== "arrow" ? `weight ${parent.weight}` : "", scoreWords(scores[at]?.metrics)].filter(Boolean).join(" · ") || "–" })));
  return el("section", { id: "run-origin" }, el("h3", { text: "Made of other runs" }),
    el("p", { class: "muted", text: `${way}; nothing was trained.${share == null ? "" : ` It holds ${percent(share)} of what changed in the matrices.`}` }),
    el("dl", { class: "settings" }, ...rows, scores.length ? el("div", {}, el("dt", { text: "This run" }), el("dd", { text: scoreWords(run.results.metrics) })) : ""));
}

function scoreWords(metrics) {
  if (!metrics) return "";
  return [metrics.accuracy == null ? "" : `accuracy ${percent(metrics.accuracy)}`, metrics.f1 == null ? "" : `entity F1 ${percent(metrics.f1)}`, metrics.loss == null ? "" : `loss ${metrics.loss.toFixed(3)}`].filter(Boolean).join(", ");
}

function deriving(id, words, path, body, fields) {
  const error = el("div", {});
  const button = el("button", { type: "submit", class: "button primary", text: words });
  const form = el("form", { id, class: "stack" }, el("div", { class: "fields" }, ...fields), error, el("div", { class: "actions" }, button));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    error.replaceChildren();
    try {
      const made = await api(path, { method: "POST", body: body() });
      location.href = `/run?id=${encodeURIComponent(made.id)}`;
    } catch (failure) {
      error.replaceChildren(errorBanner(failure));
      button.disabled = false;
    }
  });
  return form;
}

function number(id, value, min, max, step) {
  return el("input", { id, type: "number", value: String(value), min: String(min), max: String(max), step: String(step), required: true });
}
