// Labels that the other rows speak against: start the search, watch it, decide about each of the ten most doubtful.

import { api, banner, counted, el, errorBanner, poll } from "./studio.js";

const EVERY_MS = 1500;
const WORKING = ["queued", "claimed", "running"];

/** The section below the problems; nothing for data without labels. */
export function suspects(dataset, draft) {
  if (!dataset.columns.label) return "";
  const place = el("div", { "aria-live": "polite" });
  const section = el("section", { class: "report-part", id: "report-suspects" }, el("h3", { text: "Labels worth a second look" }), place);
  new Search(dataset, draft, place).begin();
  return section;
}

class Search {
  constructor(dataset, draft, place) {
    Object.assign(this, { dataset, draft, place, path: `/api/v1/datasets/${encodeURIComponent(dataset.id)}/label-review` });
  }

  async begin() {
    try {
      this.show(await api(`${this.path}?version=${this.dataset.version}`));
    } catch (error) {
      this.place.replaceChildren(errorBanner(error));
    }
  }

  async start() {
    this.place.replaceChildren(el("p", { class: "muted", text: "Starting…" }));
    try {
      this.show(await api(this.path, { method: "POST" }));
    } catch (error) {
      this.place.replaceChildren(errorBanner(error), this.button("Try again"));
    }
  }

  show(payload) {
    if (WORKING.includes(payload.state)) return this.watch(payload);
    if (payload.state === "succeeded") return this.place.replaceChildren(...this.found(payload));
    const failed = payload.state === "failed" && payload.error;
    return this.place.replaceChildren(failed ? banner("error", payload.error.message, payload.error.hint, payload.error.code) : el("p", { class: "muted", text: "Label review: leave-one-out predictions on the base model's sentence vectors show where the other rows contradict a label. It changes nothing; you decide about each." }), this.button(failed ? "Try again" : "Look for doubtful labels"));
  }

  button(text) {
    return el("button", { id: "suspects-start", type: "button", class: "button small", text, onclick: () => this.start() });
  }

  watch(payload) {
    const words = el("p", { class: "muted", text: `${payload.phase}…` });
    this.place.replaceChildren(words, el("progress", { "aria-label": "Search for doubtful labels" }));
    poll(async () => {
      if (!this.place.isConnected) return false;
      const now = await api(`${this.path}?version=${this.dataset.version}`);
      words.textContent = `${now.phase}…`;
      if (WORKING.includes(now.state)) return true;
      this.show(now);
      return false;
    }, EVERY_MS);
  }

  found(payload) {
    if (!payload.suspects.length) return [banner("good", `No label is doubtful: in all ${counted(payload.rows, "row")} the others agree.`)];
    return [el("p", {}, `In ${counted(payload.doubtful, "row")} of ${counted(payload.rows, "row")} the other rows contradict the label. These are the most doubtful; most, not all of such rows are usually mistakes.`),
      el("ul", { class: "suspects" }, ...payload.suspects.map((each) => this.row(each)))];
  }

  row(suspect) {
    const label = this.dataset.columns.label;
    const text = Object.entries(this.dataset.columns).filter(([role]) => role !== "label").map(([, name]) => suspect.cells[name]).join(" · ");
    const state = el("span", { class: "muted small", role: "status" });
    const target = { _id: suspect.row_id, cells: suspect.cells };
    const decide = (value, words) => {
      this.draft.set(target, label, value);
      state.textContent = words;
    };
    return el("li", { "data-row": String(suspect.row_id) }, el("p", { class: "suspect-text" }, el("span", { class: "muted", text: `line ${suspect.line}: ` }), text),
      el("div", { class: "actions suspect-actions" }, el("span", {}, "labelled ", el("strong", { text: suspect.given }), ", predicted ", el("strong", { text: suspect.suggested })),
        el("button", { type: "button", class: "button small", text: `Change to ${suspect.suggested}`, onclick: () => decide(suspect.suggested, "will be changed when you save") }),
        el("button", { type: "button", class: "button small", text: "Keep", "aria-label": `Keep the label of line ${suspect.line}`, onclick: () => decide(suspect.cells[label] ?? "", "stays as it is") }), state));
  }
}
