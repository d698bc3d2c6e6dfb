// Home: three sentences, one big button, samples, recent runs and what this machine has.

import { loadTitles, methodTitle, stateChip } from "./run_words.js";
import { loadSamples, sampleCards } from "./samples.js";
import { api, bytes, count, counted, durationRange, el, emptyState, errorBanner, percent, poll, ready, skeleton, when } from "./studio.js";

const RECENT = 5;
const EVERY = 3000;
const TYPICAL_ROWS = 1000;

function welcome() {
  return el("section", { class: "hero" },
    el("h1", { text: "Teach a language model your own data." }),
    el("p", { class: "hero-words", text: "Drop in labelled rows and see at once what is good and what needs attention. The studio recommends a model and a method, says what the run will cost, and trains while you do something else. At the end you see whether it got better, on which rows, and take the result with you." }),
    el("div", { class: "actions" }, el("a", { id: "tune", class: "button primary large", href: "/new", text: "Tune a model" }), el("a", { class: "button large", href: "/datasets", text: "Upload data" })));
}

class Home {
  constructor(root) {
    this.runs = el("div", { id: "recent-runs" }, skeleton(3));
    this.samples = el("div", { id: "samples" }, skeleton(3));
    this.machine = el("dl", { id: "machine", class: "machine" });
    root.replaceChildren(welcome(),
      el("div", { class: "home-grid" },
        el("section", { class: "card" }, el("div", { class: "card-head" }, el("h2", { text: "Recent runs" }), el("a", { href: "/runs", text: "All runs" })), this.runs),
        el("section", { class: "card" }, el("h2", { text: "This machine" }), this.machine)),
      el("section", { class: "home-samples" }, el("h2", { text: "Or try it with a sample" }), this.samples));
  }

  async start() {
    this.showSamples();
    this.showMachine();
    await loadTitles();
    poll(() => this.showRuns(), EVERY);
  }

  async showSamples() {
    try {
      const samples = await loadSamples();
      this.samples.replaceChildren(sampleCards(samples, (dataset) => (location.href = `/datasets?id=${encodeURIComponent(dataset.id)}`)));
    } catch (error) {
      this.samples.replaceChildren(errorBanner(error));
    }
  }

  /** @returns {Promise<boolean>} whether something is still moving */
  async showRuns() {
    try {
      const { runs, active } = await api(`/api/v1/runs?limit=${RECENT}`);
      const look = JSON.stringify(runs.map((run) => [run.id, run.name, run.state, run.phase, run.progress]));
      if (look !== this.look) this.runs.replaceChildren(...(runs.length ? [runList(runs)] : [emptyState("No runs yet.", "Train a model in six clicks.")]));
      this.look = look;
      return active > 0;
    } catch (error) {
      this.runs.replaceChildren(errorBanner(error));
      return true;
    }
  }

  async showMachine() {
    const [health, machine, cost] = await Promise.allSettled([api("/readyz"), api("/api/v1/machine"), typicalCost()]);
    const facts = [fact("Studio", health.status === "fulfilled" ? "ready" : health.reason.message)];
    if (machine.status === "fulfilled") facts.push(...machineFacts(machine.value));
    if (cost.status === "fulfilled") facts.push(...costFacts(cost.value));
    this.machine.replaceChildren(...facts);
  }
}

/** What a small run with the first model and method would cost here. */
async function typicalCost() {
  const { base_models: models, methods } = await api("/api/v1/catalog");
  return api("/api/v1/estimates", { method: "POST", body: { base_model: models[0].name, method: { kind: methods[0].kind }, rows: TYPICAL_ROWS } });
}

function machineFacts(machine) {
  const gpus = machine.gpus.map((gpu) => fact("GPU", `${gpu.name}, ${bytes(gpu.total_bytes)}`));
  return [...(gpus.length ? gpus : [fact("GPU", "none; the processor trains")]), fact("Processor", counted(machine.threads, "thread")),
    fact("Free memory", `${bytes(machine.free_memory_bytes)} of ${bytes(machine.memory_bytes)}`),
    fact("Free disk", `${bytes(machine.free_disk_bytes)} of ${bytes(machine.disk_bytes)}`)];
}

function costFacts(estimate) {
  return [fact("A run needs", `about ${bytes(estimate.memory_bytes[0])}`),
    fact(`${count(TYPICAL_ROWS)} rows take`, durationRange(estimate.seconds))];
}

function runList(runs) {
  return el("ul", { class: "run-list" }, ...runs.map((run) => el("li", {},
    el("a", { href: `/run?id=${encodeURIComponent(run.id)}`, text: run.name }), stateChip(run.state),
    el("span", { class: "muted small run-list-about", text: `${methodTitle(run.method)} · ${run.dataset.name} · ${when(run.created_at)}` }),
    el("span", { class: "number run-list-score", text: score(run) }))));
}

function score(run) {
  const { accuracy, f1 } = run.results?.metrics || {};
  if (accuracy != null) return percent(accuracy);
  if (f1 != null) return `F1 ${percent(f1)}`;
  const perplexity = run.results?.metrics?.perplexity;
  if (perplexity != null) return `perplexity ${Number(perplexity.toPrecision(3))}`;
  const { step, total_steps: total } = run.progress || {};
  return run.state === "running" && total ? `${Math.round((100 * step) / total)} %` : "";
}

function fact(name, value) {
  return el("div", {}, el("dt", { text: name }), el("dd", { text: value }));
}

ready("#home-page", (root) => new Home(root).start());
