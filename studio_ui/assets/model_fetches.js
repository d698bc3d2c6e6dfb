// Fetching base models from the hub on the Models page: a form, what is on its way, what went wrong and the way on.

import { api, bytes, el, percent, poll, toast } from "./studio.js";
import { ACTIVE, stateChip } from "./run_words.js";

const EVERY = 1500;

/** `arrived()` is called when a fetch has left the list, so that the new model can be shown. */
export class Fetches {
  constructor(arrived) {
    Object.assign(this, { arrived, known: new Set() });
    this.repo = el("input", { id: "fetch-repo", type: "text", placeholder: "owner/name", autocomplete: "off", spellcheck: "false" });
    this.revision = el("input", { id: "fetch-revision", type: "text", placeholder: "main", autocomplete: "off", spellcheck: "false" });
    this.message = el("p", { id: "fetch-message", class: "muted", role: "status" });
    this.list = el("ul", { id: "fetch-list", class: "fetch-list", "aria-label": "Fetches" });
    const form = el("form", { id: "fetch-form", class: "fetch-form" },
      el("div", { class: "field" }, el("label", { for: "fetch-repo", text: "Model on the Hugging Face Hub" }), this.repo),
      el("div", { class: "field" }, el("label", { for: "fetch-revision", text: "Branch, tag or commit" }), this.revision),
      el("button", { id: "fetch-start", type: "submit", class: "button", text: "Fetch" }));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.start();
    });
    this.place = el("section", { class: "section" }, el("h2", { text: "Another base model" }),
      el("p", { class: "muted", text: "Encoders of the BERT family and writing models of the Llama, Mistral and Qwen families. Only safetensors files of one commit are taken; code in a model is never run." }),
      form, this.message, this.list);
    this.follow();
  }

  follow() {
    if (this.following) return;
    this.following = true;
    poll(async () => {
      const busy = await this.refresh();
      if (!busy) this.following = false;
      return busy;
    }, EVERY);
  }

  async refresh() {
    const { fetches } = await api("/api/v1/models/fetches");
    const now = new Set(fetches.map((fetch) => fetch.id));
    if ([...this.known].some((id) => !now.has(id))) this.arrived();
    this.known = now;
    this.list.replaceChildren(...fetches.map((fetch) => this.item(fetch)));
    return fetches.some((fetch) => ACTIVE.includes(fetch.state));
  }

  item(fetch) {
    const { bytes: here = 0, total_bytes: total = 0 } = fetch.progress || {};
    const active = ACTIVE.includes(fetch.state);
    const bar = el("progress", { max: "100", "aria-label": `Progress of ${fetch.repo}`, value: total ? String((100 * here) / total) : null });
    const error = fetch.error?.error;
    const buttons = active
      ? [this.button("Stop", "stop", () => this.act(fetch, "cancel", "POST"))]
      : [this.button(fetch.state === "cancelled" ? "Resume" : "Try again", "", () => this.act(fetch, "resume", "POST")), this.button("Dismiss", "", () => this.act(fetch, "", "DELETE"))];
    return el("li", { class: "fetch", "data-repo": fetch.repo },
      el("div", { class: "fetch-head" }, el("strong", { text: fetch.repo }), el("code", { class: "muted", text: fetch.commit ? fetch.commit.slice(0, 8) : fetch.revision }), stateChip(fetch.state)),
      active ? el("div", {}, bar, el("span", { class: "muted small", text: total ? ` ${bytes(here)} of ${bytes(total)}, ${percent(here / total)}` : ` ${fetch.phase}` })) : "",
      fetch.state === "cancelled" && total ? el("p", { class: "muted small", text: `${bytes(here)} of ${bytes(total)} are here already.` }) : "",
      error ? el("p", {}, `${error.message} `, el("span", { class: "muted", text: error.hint || "" })) : "",
      el("div", { class: "actions" }, ...buttons));
  }

  button(text, look, act) {
    return el("button", { type: "button", class: `button ${look}`, text, onclick: act });
  }

  async act(fetch, what, method) {
    try {
      await api(`/api/v1/models/fetches/${fetch.id}${what ? `/${what}` : ""}`, { method });
      if (method === "DELETE") this.known.delete(fetch.id);
      this.following = false;
      this.follow();
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`, "error");
    }
  }

  async start() {
    this.message.textContent = "";
    try {
      const payload = await api("/api/v1/models/fetches", { method: "POST", body: { repo: this.repo.value, revision: this.revision.value || "main" } });
      this.message.textContent = `${payload.repo} is queued; it appears above when all of it is here and checked.`;
      this.repo.value = "";
      this.known.add(payload.id);
      this.following = false;
      this.follow();
    } catch (error) {
      this.message.textContent = `${error.message} ${error.hint || ""}`;
    }
  }
}
