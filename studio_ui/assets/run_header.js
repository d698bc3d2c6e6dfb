// Top of the run page: name, state in words, progress, actions, verdicts and headline tiles. Fetches nothing but what
// a button asks for; `run.js` hands it the run whenever it changes.

import { api, bytes, count, duration, el, percent, toast, when } from "./studio.js";
import { nameField } from "./name_field.js";
import { markedTiles } from "./run_marked.js";
import { ACTIVE, STATE_WORDS, marks, methodTitle, modelTitle, stateChip, writes } from "./run_words.js";
import { RunNotes } from "./run_notes.js";
import { writingTiles } from "./run_writing.js";

/** Builds the head once; `render(run, latest)` updates it in place, so nothing jumps and focus stays. */
export class RunHeader {
  constructor(place, id, changed) {
    Object.assign(this, { id, changed });
    this.name = nameField("run-name", "Name of the run (change it here)", `/api/v1/runs/${encodeURIComponent(id)}/rename`);
    this.title = el("h1", { class: "sr-only" });
    this.chip = el("span", { id: "run-state" });
    this.about = el("p", { id: "run-about", class: "muted" });
    this.phase = el("p", { id: "run-phase", role: "status", "aria-live": "polite" });
    this.bar = el("progress", { id: "run-progress", max: "100", "aria-label": "Progress of the run" });
    this.facts = el("dl", { id: "run-facts", class: "facts" });
    this.actions = el("div", { id: "run-actions", class: "actions" });
    this.notes = new RunNotes(id);
    place.append(
      this.title,
      el("div", { class: "run-title" }, this.name.field, this.chip, this.notes.star),
      this.about,
      this.notes.node,
      el("div", { class: "run-progress-row" }, this.phase, this.bar),
      this.facts,
      this.actions,
    );
  }

  render(run) {
    this.name.show(run.name);
    this.title.textContent = run.name;
    document.title = `${run.name} · ${STATE_WORDS[run.state]}`;
    this.chip.replaceChildren(stateChip(run.state));
    this.about.replaceChildren(
      el("span", { text: run.spec.origin?.kind === "merged" ? "An adapter merged into its model" : methodTitle(run.method) }), " on ", el("span", { text: modelTitle(run.base_model) }), " with ",
      el("a", { href: `/datasets?id=${encodeURIComponent(run.dataset.id)}`, text: `${run.dataset.name} @ ${run.dataset.version}` }),
      `, created ${when(run.created_at)}`,
    );
    this.notes.render(run);
    this.phase.textContent = phaseWords(run);
    this.renderProgress(run);
    this.renderFacts(run);
    this.renderActions(run);
  }

  renderProgress(run) {
    const { step = 0, total_steps: total = 0 } = run.progress || {};
    this.bar.hidden = !ACTIVE.includes(run.state);
    if (run.state === "queued") this.bar.value = 0;
    else if (total) this.bar.value = Math.min(100, (100 * step) / total);
    else this.bar.removeAttribute("value");
  }

  renderFacts(run) {
    const progress = run.progress || {};
    const facts = [];
    if (progress.total_steps && run.state !== "queued") facts.push(["Step", `${count(progress.step || 0)} of ${count(progress.total_steps)}`]);
    if (progress.epoch != null && run.state !== "queued") facts.push(["Pass over the data", Number(progress.epoch).toFixed(2)]);
    const end = run.finished_at || Date.now() / 1000;
    if (run.started_at) facts.push([ACTIVE.includes(run.state) ? "Running for" : "Took", duration(end - run.started_at)]);
    else if (run.state === "queued") facts.push(["Waiting for", duration(Date.now() / 1000 - run.created_at)]);
    if (run.state === "running") facts.push(["Time left", progress.eta_seconds > 0 ? `about ${duration(progress.eta_seconds)}` : "not known yet"]);
    if (run.attempt > 1) facts.push(["Attempt", String(run.attempt)]);
    const pairs = facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value })));
    this.facts.replaceChildren(...pairs);
  }

  renderActions(run) {
    const key = `${run.state}-${Boolean(run.cancel_requested)}-${Boolean(run.paused)}-${Boolean(run.pause_requested)}`;
    if (this.actionsKey === key) return;
    this.actionsKey = key;
    const id = encodeURIComponent(this.id);
    const buttons = [];
    if (ACTIVE.includes(run.state)) {
      const waiting = run.state === "queued";
      const words = run.cancel_requested ? "Stopping…" : waiting ? "Take out of the queue" : "Stop and keep checkpoint";
      const stop = this.button("run-stop", words, "stop", () => this.post("cancel", waiting ? "Taken out of the queue." : "Stopping; the last checkpoint is kept."));
      stop.disabled = Boolean(run.cancel_requested);
      if (run.paused) buttons.push(this.button("run-resume", "Resume", "primary", () => this.post("resume", "Back in the queue.")));
      else if (!run.cancel_requested) {
        const pause = this.button("run-pause", run.pause_requested ? "Pausing…" : "Pause", "", () => this.post("pause", waiting ? "Paused." : "Saving, then pausing."));
        pause.disabled = Boolean(run.pause_requested);
        buttons.push(pause);
      }
      buttons.push(stop);
    }
    if (run.state === "succeeded") {
      buttons.push(link("run-try", tryAddress(run), "Try it", "primary"));
      buttons.push(el("a", { id: "run-download", class: "button", href: `/api/v1/runs/${id}/adapter`, download: "", text: "Download adapter" }));
      buttons.push(link("run-compare", `/compare?runs=${id}`, "Compare"));
      buttons.push(link("run-shootout", `/experiments?run=${id}`, "Compare with other methods"));
    }
    if (run.state === "succeeded" && !run.spec.origin) {
      buttons.push(this.button("run-continue", "Train one more pass", "", () => this.post("continue", "Queued for one more pass over the data.", { epochs: 1 })));
    }
    if (["failed", "cancelled", "diverged"].includes(run.state)) {
      buttons.push(this.button("run-resume", run.state === "failed" ? "Retry from the last checkpoint" : "Resume", "primary", () => this.post("resume", "Queued again.")));
    }
    // A run made of other runs learned nothing that could be learned again with changes.
    if (!run.spec.origin) buttons.push(link("run-clone", `/new?clone=${id}`, "Clone and change"));
    this.actions.replaceChildren(...buttons);
  }

  button(id, text, look, act) {
    return el("button", { id, type: "button", class: `button ${look}`, text, onclick: act });
  }

  async post(action, done, body) {
    try {
      await api(`/api/v1/runs/${encodeURIComponent(this.id)}/${action}`, { method: "POST", body });
      toast(done);
      this.actionsKey = null;
      this.changed();
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
    }
  }
}

/** The verdict strip: severity as word and mark, then evidence and what to do. */
export function renderVerdicts(place, verdicts, run) {
  const shown = verdicts.length ? verdicts : [quiet(run)];
  place.replaceChildren(
    ...shown.map((verdict) =>
      el("li", { class: `verdict verdict-${verdict.severity}` },
        el("span", { class: "verdict-mark", text: MARKS[verdict.severity][0], "aria-hidden": "true" }),
        el("div", {},
          el("strong", {}, el("span", { class: "sr-only", text: `${MARKS[verdict.severity][1]}: ` }), verdict.title),
          el("p", {}, verdict.evidence, verdict.tip ? " " : "", verdict.tip ? el("span", { class: "verdict-tip", text: verdict.tip }) : ""),
          verdict.remedy ? el("p", {}, el("a", { class: "button small verdict-remedy", href: remedyAddress(run, verdict.remedy), text: verdict.remedy.words })) : "")),
    ),
  );
}

/** The wizard, filled in like this run but for what the remedy changes; or the page where the cause is mended. */
function remedyAddress(run, remedy) {
  const id = run.id;
  if (remedy.page === "data") return `/datasets?id=${encodeURIComponent(run.dataset.id)}`;
  if (remedy.page === "methods") return `/experiments?run=${encodeURIComponent(id)}`;
  const changes = Object.entries(remedy.training || {}).map(([name, value]) => [`training.${name}`, JSON.stringify(value)]);
  return `/new?${new URLSearchParams([["clone", id], ...changes])}`;
}

const MARKS = { good: ["✓", "Good"], info: ["i", "Note"], warning: ["!", "Warning"], error: ["✕", "Problem"] };

function quiet(run) {
  if (run.state === "queued") return { severity: "info", title: "Waiting for its turn.", evidence: "You can close this page; the run starts by itself.", tip: "" };
  if (run.state === "succeeded") return { severity: "info", title: "Finished.", evidence: "No rule found anything unusual.", tip: "" };
  return { severity: "info", title: "Nothing unusual so far.", evidence: "You can close this page; training continues.", tip: "" };
}

/** Headline tiles from the results, or from the newest points while the run works. */
export function renderTiles(place, run, latest, comparison) {
  const results = run.results || {};
  const verdictOf = (key) => comparison?.metrics.find((metric) => metric.key === key)?.verdicts[run.id];
  const tiles = writes(run) ? writingTiles(run, latest, verdictOf("test/perplexity"), tile) : marks(run) ? markedTiles(run, latest, verdictOf("test/f1"), { tile, delta }) : labelTiles(run, results, latest, verdictOf("test/accuracy"));
  tiles.push(tile("tile-train-loss", "Training loss", number(latest["train/loss"]?.value), at(latest["train/loss"])));
  tiles.push(tile("tile-eval-loss", "Evaluation loss", number(latest["eval/loss"]?.value), at(latest["eval/loss"])));
  const speed = latest["train/rows_per_second"]?.value ?? run.progress?.rows_per_second;
  tiles.push(tile("tile-speed", "Speed", speed ? `${count(Math.round(speed))} rows/s` : "–", "training rows"));
  const memory = results.peak_memory_bytes ?? run.progress?.memory_bytes;
  tiles.push(tile("tile-memory", "Peak memory", memory ? bytes(memory) : "–", results.device || "of the trainer"));
  const { trainable_parameters: trainable, total_parameters: total } = results;
  tiles.push(tile("tile-parameters", "Trainable parameters", trainable ? count(trainable) : "–", trainable && total ? `${percent(trainable / total)} of ${count(total)}` : "counted at the start"));
  if (results.forgetting) tiles.push(retentionTile(results.forgetting));
  if (results.rate_race) tiles.push(tile("tile-rate", "Learning rate", number(results.learning_rate), raceWords(results.rate_race)));
  const { total: seconds, training } = results.seconds || {};
  tiles.push(tile("tile-seconds", "Time", seconds ? duration(seconds) : "–", training ? `of which training ${duration(training)}` : "known at the end"));
  place.replaceChildren(...tiles);
}

const KEPT = { kept: ["✓", "kept"], amber: ["!", "some lost"], red: ["✕", "much lost"] };

/** Forgetting: the change in another ability of the base model; the marks follow fixed limits. */
function retentionTile(found) {
  const change = found.after - found.before;
  const sign = change > 0 ? "+" : change < 0 ? "−" : "±";
  const inLoss = found.unit === "loss";
  const value = inLoss ? `${sign}${Math.abs(change).toFixed(3)} loss` : `${sign}${(Math.abs(change) * 100).toFixed(1)} points`;
  const [mark, words] = KEPT[found.level] || ["", "not judged"];
  const [amber, red] = found.limits || [];
  const limits = found.limits ? `amber from ${inLoss ? `+${amber}` : `${100 * amber} points`}, red from ${inLoss ? `+${red}` : `${100 * red} points`}` : "";
  const note = [el("span", { class: `retention retention-${found.level || "kept"}` }, el("span", { "aria-hidden": "true", text: `${mark} ` }), words),
    el("span", { text: `${found.task}: ${inLoss ? `${found.before.toFixed(2)} → ${found.after.toFixed(2)}` : `${percent(found.before)} → ${percent(found.after)}`}${limits ? `; ${limits}` : ""}` })];
  return tile("tile-retention", "Forgetting", value, note);
}

/** How the learning rate was found: a search on the validation rows, or why there was none. */
function raceWords(race) {
  if (!race.tried.length) return "the method's own; the run is too short for a search";
  return `auto: from ${race.tried.map((each) => number(each.rate)).join(", ")} after ${race.steps} updates each`;
}

function labelTiles(run, results, latest, verdict) {
  const tested = results.metrics && results.metrics.accuracy != null;
  const tiles = [tested ? testTile(results, verdict) : checkTile(latest, ACTIVE.includes(run.state))];
  const f1 = tested ? results.metrics.macro_f1 : latest["eval/macro_f1"]?.best;
  tiles.push(tile("tile-macro-f1", "Macro-F1", f1 == null ? "–" : percent(f1), "every label counts the same"));
  const majority = results.baseline?.majority?.accuracy;
  tiles.push(tile("tile-majority", "Majority-class baseline", majority == null ? "–" : percent(majority), "always the most frequent label"));
  return tiles;
}

function testTile(results, verdict) {
  const value = results.metrics.accuracy;
  const base = results.baseline?.linear_probe?.accuracy;
  const [low, high] = results.intervals?.accuracy || [];
  const notes = [];
  if (base != null) notes.push(delta(value - base, `points vs linear probe ${percent(base)}`, verdict));
  if (low != null) notes.push(el("span", { text: `95 %: ${percent(low)} to ${percent(high)} · ${count(results.test_rows)} rows` }));
  return tile("tile-accuracy", "Test accuracy", percent(value), notes, true);
}

function checkTile(latest, active) {
  const best = latest["eval/accuracy"]?.best;
  const note = active ? (best == null ? "after the first check" : "validation rows; the test comes at the end") : "validation rows; the test was not reached";
  return tile("tile-accuracy", "Best accuracy so far", best == null ? "–" : percent(best), note, true);
}

function delta(change, words, verdict) {
  const way = verdict || (Math.abs(change) < 5e-5 ? "same" : change > 0 ? "better" : "worse");
  const arrow = { same: "=", unclear: "≈", better: "▲", worse: "▼" }[way];
  return el("span", { class: `delta delta-${way}`, title: way === "unclear" ? "The 95 % intervals overlap: the difference may be chance." : "", text: `${arrow} ${change > 0 ? "+" : ""}${(change * 100).toFixed(1)} ${words}` });
}

function tile(id, title, value, note, wide = false) {
  const notes = Array.isArray(note) ? note : [el("span", { text: note })];
  return el("div", { class: wide ? "tile tile-wide" : "tile", id, role: "group", "aria-label": title },
    el("span", { class: "tile-title", text: title }),
    el("span", { class: "tile-value", text: value }),
    el("span", { class: "tile-note" }, ...notes));
}

/** Where this model is tried: classifiers label texts, others chat beside the base model. */
function tryAddress(run) {
  const id = encodeURIComponent(run.id);
  return !writes(run) ? `/playground?models=${id}` : `/chat?models=${encodeURIComponent(`base:${run.base_model}`)},${id}`;
}

function link(id, href, text, look = "") {
  return el("a", { id, class: `button ${look}`, href, text });
}

function phaseWords(run) {
  if (run.paused) return "Paused; it waits until its owner resumes it.";
  if (run.state === "queued") return run.queue_position === 1 ? "Next in the queue; it starts as soon as the trainer is free." : `Number ${run.queue_position ?? "?"} in the queue.`;
  if (ACTIVE.includes(run.state)) return run.cancel_requested ? "Stopping; the last checkpoint is kept." : run.phase || "Starting";
  return { succeeded: "Finished.", failed: "Failed; the reason is below.", cancelled: "Stopped on request.", diverged: "Training diverged; the last checkpoint with finite numbers is kept." }[run.state];
}

function number(value) {
  if (value == null) return "–";
  return Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : "not a number";
}

function at(point) {
  return point ? `at step ${count(point.step)}` : "no value yet";
}
