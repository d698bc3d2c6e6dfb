// The same held-out rows answered by every compared run, with votes. Python describes them (see comparison/examples.py).

import { remember, toast } from "./studio.js";
import { build, reconcile } from "./view.js";

export class SharedExamples {
  constructor(place, ask) {
    Object.assign(this, { place, ask });
  }

  part(selector) {
    return this.place.querySelector(selector);
  }

  /** Show what the runs answered, unless it is shown already. @param about names, kind and frame; null for nothing */
  async show(about) {
    this.place.hidden = !about;
    const shown = about && JSON.stringify([about.names, about.kind]);
    if (shown === this.shown) return;
    Object.assign(this, { shown, about });
    reconcile(this.place, about?.nodes || [], (detail) => this.act(detail));
    if (about) await this.begin();
  }

  act({ query, name }) {
    if (name === "more") return this.load();
    remember(query);
    return this.begin();
  }

  begin() {
    this.after = 0;
    const body = this.part("tbody");
    body.replaceWith(body.cloneNode());
    return this.load();
  }

  async load() {
    const { names, kind } = this.about;
    const body = this.part("tbody");
    const [order, reference] = ["order", "diff"].map((name) => this.part(`#examples-${name}`).value);
    try {
      const page = await this.ask("describe_examples", { names, kind, order, reference, after: this.after });
      if (body !== this.part("tbody")) return;
      this.after = page.after;
      body.append(...page.rows.map((row) => build(row, (detail) => this.vote(detail.value))));
      for (const [id, words] of Object.entries(page.votes)) this.tell(id, words);
      this.part(".table-box").hidden = !page.total;
      this.part("#compare-examples-more").hidden = this.after >= page.total;
      this.part("p").textContent = page.words;
    } catch (error) {
      this.part("p").textContent = `${error.message} ${error.hint || ""}`;
    }
  }

  tell(id, words) {
    this.part(`[data-votes="${CSS.escape(id)}"]`).textContent = words;
  }

  /** Press a thumb; the pressed one takes its vote back. */
  async vote({ run_id, row_id, vote }) {
    const thumbs = [...this.part("tbody").querySelectorAll(`[data-row="${row_id}"] [data-run="${CSS.escape(run_id)}"] .thumb`)];
    const pressed = thumbs.find((each) => each.getAttribute("aria-pressed") === "true")?.dataset.vote ?? null;
    const mark = (chosen) => thumbs.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.vote === chosen)));
    const chosen = vote === pressed ? null : vote;
    mark(chosen);
    try {
      this.tell(run_id, await this.ask("vote", { run_id, row_id, vote: chosen }));
    } catch (error) {
      mark(pressed);
      toast(`${error.message} ${error.hint || ""}`, "error");
    }
  }
}
