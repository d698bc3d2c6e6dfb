// Runs made of runs: combine finished adapters into one, shrink a full fine-tune. The server says what does not fit.

import { field, select } from "./forms.js";
import { api, el, errorBanner, percent } from "./studio.js";

const WAYS = [
  ["average", "Average, nothing left out"],
  ["average-svd", "Average, strongest directions only"],
  ["ties", "Vote of the largest changes (TIES)"],
  ["dare", "Vote of a random share (DARE)"],
];

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
    const extra = [field("combine-rank", "Rank", "Width of the new matrices: more keeps more and is larger.", rank), field("combine-density", "Density", "Share of each model's change that takes part in the vote.", density)];
    const tell = () => {
      extra[0].hidden = way.value === "average";
      extra[1].hidden = !["ties", "dare"].includes(way.value);
    };
    way.addEventListener("change", tell);
    tell();
    const fields = [field("combine-how", "Way", "", way), ...extra, ...runs.map((run, at) => field(`combine-weight-${at}`, `Weight of ${run.name}`, "", weights[at]))];
    const body = () => ({ run_ids: runs.map((run) => run.id), how: way.value, rank: Number(rank.value), density: Number(density.value), weights: weights.map((each) => Number(each.value)) });
    return el("details", { class: "card more", id: "combine" }, el("summary", { text: "Combine into one model" }),
      el("p", { class: "muted", text: "Makes one adapter of these, without training, and tests it beside them on the same held-out rows. They must be tuned with LoRA on the same labels." }),
      deriving("combine-form", "Combine", "/api/v1/runs/combine", body, fields));
  }
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
  const way = run.spec.origin.kind === "shrunk" ? "Shrunk from a full fine-tune" : (WAYS.find(([value]) => value === how) || [how, how])[1];
  const rows = parents.map((parent, at) => el("div", {}, el("dt", {}, el("a", { href: `/run?id=${encodeURIComponent(parent.run_id)}`, text: parent.name || parent.run_id })),
    el("dd", { text: [parents.length > 1 ? `weight ${parent.weight}` : "", scoreWords(scores[at]?.metrics)].filter(Boolean).join(" · ") || "–" })));
  return el("section", { id: "run-origin" }, el("h3", { text: "Made of other runs" }),
    el("p", { class: "muted", text: `${way}; nothing was trained.${share == null ? "" : ` It holds ${percent(share)} of what changed in the matrices.`}` }),
    el("dl", { class: "settings" }, ...rows, scores.length ? el("div", {}, el("dt", { text: "This run" }), el("dd", { text: scoreWords(run.results.metrics) })) : ""));
}

function scoreWords(metrics) {
  if (!metrics) return "";
  return [metrics.accuracy == null ? "" : `accuracy ${percent(metrics.accuracy)}`, metrics.loss == null ? "" : `loss ${metrics.loss.toFixed(3)}`].filter(Boolean).join(", ");
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
