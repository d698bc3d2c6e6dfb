// What a model that writes said at each check of its run: a few held-out questions, base beside tuned, a step to choose.
// Model text is only ever shown as text.

import { writtenCard } from "./run_writing.js";
import { api, count, el } from "./studio.js";

export class WrittenSamples {
  constructor(place, id) {
    Object.assign(this, { id, steps: [], step: null });
    this.choice = el("select", { id: "samples-step", onchange: () => this.show(Number(this.choice.value)) });
    this.earlier = el("button", { id: "samples-earlier", type: "button", class: "button", text: "‹ Earlier", onclick: () => this.move(-1) });
    this.later = el("button", { id: "samples-later", type: "button", class: "button", text: "Later ›", onclick: () => this.move(1) });
    this.chooser = el("div", { class: "samples-chooser", hidden: true }, this.earlier, el("label", { for: "samples-step", text: "Check after step" }), this.choice, this.later);
    this.list = el("ol", { id: "written-samples", class: "written-answers" });
    this.status = el("p", { class: "muted", role: "status" });
    place.append(el("section", { class: "samples", "aria-label": "Generation samples" },
      el("h3", { text: "Generation samples" }),
      el("p", { class: "muted", text: "The same few validation prompts at every evaluation, answered in at most 40 tokens, so that you can watch the answers change." }),
      this.chooser, this.status, this.list));
  }

  /** Ask for the newest check; an earlier one that was chosen is kept. */
  async load() {
    const chosen = this.step !== null && this.step !== this.steps.at(-1) ? this.step : null;
    await this.show(chosen);
  }

  async show(step) {
    try {
      const query = step === null ? "" : `?step=${step}`;
      const payload = await api(`/api/v1/runs/${encodeURIComponent(this.id)}/samples${query}`);
      Object.assign(this, { steps: payload.steps, step: payload.step });
      this.draw(payload.rows);
    } catch (error) {
      this.status.textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  move(by) {
    const to = this.steps[this.steps.indexOf(this.step) + by];
    if (to !== undefined) this.show(to);
  }

  draw(rows) {
    this.status.textContent = rows.length ? "" : "Nothing yet: samples come with the first evaluation. Runs from before this was kept have none.";
    this.chooser.hidden = !rows.length;
    this.choice.replaceChildren(...this.steps.map((step) => el("option", { value: String(step), text: count(step) })));
    this.choice.value = String(this.step);
    const at = this.steps.indexOf(this.step);
    this.earlier.disabled = at <= 0;
    this.later.disabled = at === this.steps.length - 1;
    this.list.replaceChildren(...rows.map((row) => writtenCard(row, "Fine-tuned so far")));
  }
}
