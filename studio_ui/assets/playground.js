// The playground: the same texts answered by one to three tuned models side by side. Nothing typed here is stored.

import { runStyle } from "./charts.js";
import { modes } from "./chat_modes.js";
import { mark as markWord, markedText } from "./marked_text.js";
import { probability } from "./run_answers.js";
import { remember } from "./run_curves.js";
import { loadTitles, methodTitle, writes } from "./run_words.js";
import { serverNotice } from "./server_notice.js";
import { api, count, el, emptyState, ready } from "./studio.js";

const MOST_MODELS = 3;
const MOST_TEXTS = 100;
const SHOWN_LABELS = 5;

class Playground {
  constructor(root, runs) {
    const asked = (new URLSearchParams(location.search).get("models") || "").split(",").filter(Boolean);
    Object.assign(this, { root, runs, models: asked.filter((id) => runs.some((run) => run.id === id)).slice(0, MOST_MODELS), used: new Set() });
    if (!this.models.length) this.models = [runs[0].id];
    this.picks = el("div", { id: "playground-models", class: "chips", role: "group", "aria-label": "Models" });
    this.texts = el("textarea", { id: "playground-texts", rows: "5", placeholder: "One text per line", "aria-describedby": "playground-help" });
    this.help = el("p", { id: "playground-help", class: "muted", text: `One text per line, at most ${MOST_TEXTS}. Ctrl + Enter asks. Nothing you type is stored.` });
    this.ask = el("button", { id: "playground-ask", type: "submit", class: "button primary", text: "Ask" });
    this.example = el("button", { id: "playground-example", type: "button", class: "button", text: "Fill in test rows", onclick: () => this.fillExamples() });
    this.status = el("p", { id: "playground-status", class: "muted", role: "status" });
    this.panes = el("div", { id: "playground-panes", class: "panes" });
    const form = el("form", {}, el("label", { for: "playground-texts", text: "Your texts" }), this.texts, this.help, el("div", { class: "actions" }, this.ask, this.example), this.status);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.answer();
    });
    this.texts.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.answer());
    root.replaceChildren(modes("/playground"), serverNotice(), this.picks, form, this.panes);
    this.draw();
  }

  draw() {
    remember({ models: this.models.join(",") });
    const picks = this.models.map((id, at) => {
      const select = el("select", { id: `playground-model-${at}`, "aria-label": `Model ${at + 1}` }, ...this.runs.map((run) => el("option", { value: run.id, text: `${run.name} (${methodTitle(run.method)})` })));
      select.value = id;
      select.addEventListener("change", () => this.choose(this.models.with(at, select.value)));
      const remove = this.models.length > 1 ? el("button", { type: "button", class: "remove", "aria-label": `Remove model ${at + 1}`, text: "×", onclick: () => this.choose(this.models.filter((_, other) => other !== at)) }) : "";
      return el("span", { class: "run-chip" }, mark(at), select, remove);
    });
    const free = this.runs.find((run) => !this.models.includes(run.id));
    const add = free && this.models.length < MOST_MODELS ? el("button", { id: "playground-add", type: "button", class: "button", text: "Add a model beside it", onclick: () => this.choose([...this.models, free.id]) }) : "";
    this.picks.replaceChildren(...picks, add);
    this.panes.style.setProperty("--panes", this.models.length);
    this.panes.replaceChildren(...this.models.map((id, at) => el("section", { class: "pane", id: `pane-${at}`, "aria-label": this.name(id) },
      el("h2", {}, mark(at), this.name(id)), el("div", { class: "pane-body" }, el("p", { class: "muted", text: "Answers appear here." })))));
  }

  choose(models) {
    this.models = [...new Set(models)];
    this.draw();
    if (this.lines().length) this.answer();
  }

  name(id) {
    return this.runs.find((run) => run.id === id).name;
  }

  lines() {
    return this.texts.value.split("\n").map((line) => line.trim()).filter(Boolean);
  }

  async answer() {
    const inputs = this.lines();
    if (!inputs.length) {
      this.status.textContent = "Type a text first.";
      return this.texts.focus();
    }
    if (inputs.length > MOST_TEXTS) {
      this.status.textContent = `These are ${count(inputs.length)} texts; at most ${MOST_TEXTS} are answered at once.`;
      return undefined;
    }
    const first = this.models.some((id) => !this.used.has(id));
    this.status.textContent = first ? "The model is being loaded; the first answer takes a few seconds, later ones are quick." : "Asking…";
    this.ask.disabled = true;
    const round = (this.round = (this.round || 0) + 1);
    const done = await Promise.all(this.models.map((id, at) => this.fill(id, at, inputs, round)));
    this.ask.disabled = false;
    if (round === this.round) this.status.textContent = done.every(Boolean) ? `${count(inputs.length)} ${inputs.length === 1 ? "text" : "texts"} answered.` : "Not every model could answer.";
    return undefined;
  }

  async fill(id, at, inputs, round) {
    const body = this.panes.children[at].querySelector(".pane-body");
    body.setAttribute("aria-busy", "true");
    try {
      const answer = await api(`/api/v1/runs/${encodeURIComponent(id)}/predict`, { method: "POST", body: { inputs } });
      this.used.add(id);
      const answers = Array.isArray(answer) ? answer : answer.answers || answer.predictions;
      if (round === this.round) body.replaceChildren(...answers.map((one, number) => reply(inputs[number], one)));
      return true;
    } catch (error) {
      if (round === this.round) body.replaceChildren(el("div", { class: "verdict verdict-warning", role: "alert" }, el("span", { class: "verdict-mark", "aria-hidden": "true", text: "!" }), el("div", {}, el("strong", { text: error.message }), el("p", { text: error.hint || "Try again in a moment." }))));
      return false;
    } finally {
      body.removeAttribute("aria-busy");
    }
  }

  async fillExamples() {
    try {
      const page = await api(`/api/v1/runs/${encodeURIComponent(this.models[0])}/predictions?limit=5`);
      this.texts.value = page.rows.map((row) => row.input.replaceAll("\n", " ")).join("\n");
      this.texts.focus();
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }
}

/** A text with what was marked in it, and how certain each mark is. */
function markedReply(text, { entities, read_to: readTo }) {
  const letters = Array.from(text).length;
  const items = entities.map((each) => el("li", {}, markWord(each.text, each.label), probability(each.score)));
  return el("article", { class: "reply" }, el("p", { class: "reply-text" }, markedText(text, entities.map((each) => [each.start, each.end, each.label]))),
    items.length ? el("ul", { class: "entity-list" }, ...items) : el("p", { class: "muted", text: "Nothing is marked." }),
    readTo < letters ? el("p", { class: "muted", text: `The text is too long for this model: only the first ${count(readTo)} of ${count(letters)} characters were read.` }) : "");
}

function reply(text, answer) {
  if (answer.entities) return markedReply(text, answer);
  const ranked = Object.entries(answer.probabilities || {}).sort((one, other) => other[1] - one[1]);
  // A single label left over is shown by its name: "1 other" would take the same room.
  const shown = ranked.slice(0, ranked.length === SHOWN_LABELS + 1 ? ranked.length : SHOWN_LABELS);
  const rest = ranked.slice(shown.length).reduce((sum, [, share]) => sum + share, 0);
  const rows = shown.map(([label, share]) => el("li", { class: label === answer.label ? "first" : "" }, el("span", { class: "label-name", text: label }), probability(share)));
  if (ranked.length > shown.length) rows.push(el("li", { class: "muted" }, el("span", { class: "label-name", text: `${count(ranked.length - shown.length)} other labels together` }), probability(rest)));
  return el("article", { class: "reply" }, el("p", { class: "reply-text", text }), el("p", { class: "reply-label", text: answer.label }), el("ul", { class: "label-bars" }, ...rows));
}

function mark(index) {
  const swatch = el("span", { class: `swatch swatch-${runStyle(index).dash}`, "aria-hidden": "true" });
  swatch.style.color = runStyle(index).color;
  return swatch;
}

ready("#playground-page", async (root) => {
  try {
    const [answer] = await Promise.all([api("/api/v1/runs?limit=500"), loadTitles()]);
    const finished = (Array.isArray(answer) ? answer : answer.runs).filter((run) => run.state === "succeeded" && !writes(run));
    if (finished.length) new Playground(root, finished);
    else root.replaceChildren(modes("/playground"), emptyState("No tuned model yet.", "Once a run has finished, you can try it here on texts of your own.", { href: "/new", text: "Tune a model" }));
  } catch (error) {
    root.replaceChildren(emptyState(error.message, error.hint || ""));
  }
});
