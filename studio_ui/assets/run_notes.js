// What people write on a run: star, tags and a note, editable in its header.

import { api, el, toast } from "./studio.js";

// For so long after a change, answers to questions that were asked before it may still arrive.
const SETTLING = 3000;

export class RunNotes {
  /** @param {string} id of the run; `node` goes into the header, `star` beside the name */
  constructor(id) {
    this.id = id;
    this.star = el("button", { type: "button", id: "run-star", class: "star", onclick: () => this.save({ starred: !this.run.starred }) });
    this.tags = el("ul", { id: "run-tags", class: "tags", "aria-label": "Tags" });
    this.adding = el("input", { type: "text", id: "run-tag-new", class: "tag-input", maxlength: "40", placeholder: "Add a tag", "aria-label": "Add a tag", list: "run-tag-known", autocomplete: "off" });
    this.known = el("datalist", { id: "run-tag-known" });
    this.adding.addEventListener("focus", () => this.suggest(), { once: true });
    this.adding.addEventListener("change", () => this.add());
    this.note = el("textarea", { id: "run-note", rows: "1", maxlength: "4000", "aria-label": "Note", placeholder: "Write a note: what was tried, what to do next" });
    this.note.addEventListener("change", () => this.save({ note: this.note.value.trim() }));
    this.node = el("div", { class: "run-notes" }, el("div", { class: "run-tags-row" }, this.tags, this.adding, this.known), this.note);
  }

  /** What a poll brought; it may be older than what was changed here a moment ago. */
  render(run) {
    if (!this.changedAt || Date.now() - this.changedAt > SETTLING) this.show(run);
  }

  show(run) {
    this.run = run;
    this.star.textContent = run.starred ? "★" : "☆";
    this.star.setAttribute("aria-pressed", String(run.starred));
    this.star.setAttribute("aria-label", run.starred ? "Remove the star" : "Give this run a star");
    if (document.activeElement !== this.note) this.note.value = run.note;
    const look = JSON.stringify(run.tags);
    if (look === this.shown) return;
    this.shown = look;
    this.tags.hidden = !run.tags.length;
    this.tags.replaceChildren(...run.tags.map((tag) => el("li", { class: "tag tag-removable" }, el("a", { href: `/runs?tag=${encodeURIComponent(tag)}`, title: `Runs with the tag ${tag}`, text: tag }),
      el("button", { type: "button", class: "tag-remove", "aria-label": `Remove the tag ${tag}`, text: "×", onclick: () => this.save({ tags: this.run.tags.filter((each) => each !== tag) }) }))));
  }

  async suggest() {
    const { tags } = await api("/api/v1/runs/tags").catch(() => ({ tags: [] }));
    this.known.replaceChildren(...tags.map((value) => el("option", { value })));
  }

  async add() {
    const tag = this.adding.value.trim();
    if (!tag) return;
    this.adding.value = "";
    await this.save({ tags: [...new Set([...this.run.tags, tag])] });
  }

  async save(change) {
    this.changedAt = Date.now();
    try {
      this.show(await api(`/api/v1/runs/${encodeURIComponent(this.id)}/mark`, { method: "POST", body: change }));
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
      this.show(this.run);
    } finally {
      this.changedAt = Date.now();
    }
  }
}
