// The chat page: one question, one to four models, replies as they are written. What is said is kept on the server.
// Text of models is only ever shown as text.

import { Pane } from "./chat_pane.js";
import { Prompts } from "./chat_prompts.js";
import { modes } from "./chat_modes.js";
import { remember } from "./run_curves.js";
import { serverNotice } from "./server_notice.js";
import { api, confirmed, count, counted, el, emptyState, errorBanner, ready, toast, when } from "./studio.js";

const MOST = 4;
const DEFAULTS = { temperature: 0.7, top_p: 0.95, max_tokens: 256, seed: null };
const GROUPS = [["base", "Base models"], ["run", "Tuned models"], ["checkpoint", "Checkpoints"]];
const FIELDS = [
  { key: "temperature", title: "Temperature", min: 0, max: 2, step: 0.1, help: "0 always takes the most probable word; higher is more varied." },
  { key: "top_p", title: "Top-p", min: 0.05, max: 1, step: 0.05, help: "Only the most probable words that together reach this share are considered." },
  { key: "max_tokens", title: "Longest reply (tokens)", min: 1, max: 4096, step: 1, help: "A token is about three quarters of a word." },
  { key: "seed", title: "Seed", min: 0, max: 4294967295, step: 1, help: "The same seed gives the same reply; it holds for every pane. Empty: chance." },
];

class ChatPage {
  constructor(root, chatModels) {
    const query = new URLSearchParams(location.search);
    const asked = (query.get("models") || "").split(",").filter(Boolean);
    const there = asked.filter((id) => chatModels.some((chatModel) => chatModel.id === id));
    Object.assign(this, { root, chatModels, id: query.get("id"), models: there.slice(0, MOST), sampling: { ...DEFAULTS }, panes: [], abort: null });
    if (!this.models.length) this.models = this.proposed();
    this.picks = el("div", { id: "chat-models", class: "chips", role: "group", "aria-label": "Models" });
    this.grid = el("div", { id: "chat-panes", class: "panes" });
    this.notice = el("div", { id: "chat-notice" });
    this.system = el("textarea", { id: "chat-system", rows: "2", "aria-describedby": "chat-system-note" });
    this.systemNote = el("p", { id: "chat-system-note", class: "muted" });
    this.system.addEventListener("input", () => this.warnAboutSystem());
    this.text = el("textarea", { id: "chat-text", rows: "3", placeholder: "Ask something", "aria-label": "Your message" });
    this.send = el("button", { id: "chat-send", type: "submit", class: "button primary", text: "Send" });
    this.stop = el("button", { id: "chat-stop", type: "button", class: "button stop", text: "Stop", hidden: true, onclick: () => this.abort?.abort() });
    this.status = el("p", { id: "chat-status", class: "muted", role: "status" });
    this.earlier = el("div", { id: "chat-earlier" });
    this.prompts = new Prompts(() => this.models.map((id) => this.chatModel(id)), () => ({ system: this.system.value, sampling: this.sampling }));
    root.replaceChildren(modes("/chat"), serverNotice(), this.picks, this.settings(), this.notice, this.grid, this.composer(), this.prompts.place, this.history());
    this.tellOfLost(asked.filter((id) => !there.includes(id)));
    this.open();
  }

  /** Says for models of an old link why they have no pane. */
  tellOfLost(ids) {
    if (!ids.length || this.id) return;
    const what = (id) => (id.includes("@") ? `Step ${count(Number(id.split("@")[1]))} of a run is not kept, or not any more.` : "A model that was asked for cannot answer: it is gone, was not finished, or is somebody else's.");
    const hint = "A run keeps its newest checkpoints and the best one. Choose among the models below.";
    this.notice.replaceChildren(...[...new Set(ids.map(what))].map((message) => errorBanner({ message, hint })));
  }

  /** The newest tuned model beside its base; only the base if nothing has been tuned yet. */
  proposed() {
    const tuned = this.chatModels.find((chatModel) => chatModel.kind === "run");
    const base = this.chatModels.find((chatModel) => chatModel.id === `base:${tuned?.base}`) || this.chatModels[0];
    return tuned ? [base.id, tuned.id] : [base.id];
  }

  chatModel(id) {
    return this.chatModels.find((chatModel) => chatModel.id === id) || { id, name: "a model that is gone", system: "" };
  }

  composer() {
    const form = el("form", { id: "chat-form", class: "composer" }, this.text, el("div", { class: "actions" }, this.send, this.stop, el("button", { id: "chat-new", type: "button", class: "button", text: "New conversation", onclick: () => this.startAnew() })), this.status);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
    this.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.ask();
    });
    return form;
  }

  settings() {
    const fields = FIELDS.map((field) => {
      const input = el("input", { id: `chat-${field.key}`, type: "number", min: String(field.min), max: String(field.max), step: String(field.step) });
      input.addEventListener("change", () => {
        const value = input.value === "" ? null : Number(input.value);
        const fits = value === null ? field.key === "seed" : value >= field.min && value <= field.max;
        if (fits) this.sampling[field.key] = value;
        else toast(`${field.title}: allowed are ${field.min} to ${field.max}.`, "error");
        this.fillSettings();
      });
      return el("div", { class: "field" }, el("label", { for: input.id, text: field.title }), input, el("p", { class: "muted small", text: field.help }));
    });
    this.panel = el("details", { id: "chat-settings", class: "chat-details" }, el("summary", { text: "System prompt and settings" }),
      el("label", { for: "chat-system", text: "System prompt" }), this.system, this.systemNote, el("div", { class: "chat-fields" }, ...fields));
    return this.panel;
  }

  fillSettings() {
    for (const field of FIELDS) document.getElementById(`chat-${field.key}`).value = this.sampling[field.key] ?? "";
    this.warnAboutSystem();
  }

  /** A model answers as in training if it gets the same system prompt. */
  warnAboutSystem() {
    const trained = [...new Set(this.models.map((id) => this.chatModel(id).system).filter(Boolean))];
    const differs = trained.length && !trained.includes(this.system.value);
    this.systemNote.textContent = differs ? `⚠ This differs from the system prompt in training: “${trained[0]}”` : trained.length ? "As in training." : "Told to every model before the conversation; may stay empty.";
  }

  history() {
    return el("details", { class: "chat-details", open: !this.id }, el("summary", { text: "Earlier conversations" }), this.earlier);
  }

  async open() {
    this.system.value = this.models.map((id) => this.chatModel(id).system).find(Boolean) || "";
    if (this.id) await this.load();
    this.draw();
    await this.listEarlier();
  }

  async load() {
    try {
      this.talk = await api(`/api/v1/conversations/${encodeURIComponent(this.id)}`);
      Object.assign(this, { models: this.talk.models, sampling: { ...DEFAULTS, ...this.talk.sampling } });
      this.system.value = this.talk.system;
    } catch (error) {
      this.notice.replaceChildren(errorBanner(error));
      this.id = null;
      this.talk = null;
    }
  }

  draw() {
    remember({ models: this.models.join(","), id: this.id });
    this.picks.replaceChildren(...this.models.map((id, at) => this.pick(id, at)), this.adder());
    this.grid.style.setProperty("--panes", Math.min(this.models.length, 2));
    this.panes = this.models.map((id, at) => new Pane(at, this.chatModel(id), () => this.again(at)));
    this.grid.replaceChildren(...this.panes.map((pane) => pane.place));
    for (const message of this.talk?.messages || []) {
      if (message.replaced) continue;
      if (message.pane === null) this.panes.forEach((pane) => pane.question(message.content));
      else this.panes[message.pane]?.reply(message.content, message.data);
    }
    this.panes.forEach((pane) => pane.offer());
    this.fillSettings();
  }

  pick(id, at) {
    const select = el("select", { id: `chat-model-${at}`, "aria-label": `Model ${at + 1}` }, ...GROUPS.map(([kind, label]) => this.group(kind, label)));
    select.value = id;
    select.addEventListener("change", () => this.choose(this.models.with(at, select.value)));
    const remove = this.models.length > 1 ? el("button", { type: "button", class: "remove", "aria-label": `Remove model ${at + 1}`, text: "×", onclick: () => this.choose(this.models.filter((_, other) => other !== at)) }) : "";
    return el("span", { class: "run-chip" }, select, remove);
  }

  group(kind, label) {
    const members = this.chatModels.filter((chatModel) => chatModel.kind === kind);
    return members.length ? el("optgroup", { label }, ...members.map((chatModel) => el("option", { value: chatModel.id, text: chatModel.name }))) : "";
  }

  adder() {
    const free = this.chatModels.find((chatModel) => !this.models.includes(chatModel.id));
    if (!free || this.models.length >= MOST) return "";
    return el("button", { id: "chat-add", type: "button", class: "button", text: "Add a model beside it", onclick: () => this.choose([...this.models, free.id]) });
  }

  /** Other models begin a conversation of their own: a reply must not stand under a model that never gave it. */
  choose(models) {
    this.models = models;
    this.startAnew();
  }

  startAnew() {
    this.abort?.abort();
    Object.assign(this, { id: null, talk: null });
    this.notice.replaceChildren();
    this.draw();
    this.text.focus();
  }

  async ask() {
    const text = this.text.value.trim();
    if (!text || this.abort) return;
    this.notice.replaceChildren();
    try {
      await this.begin();
      await api(`/api/v1/conversations/${this.id}/messages`, { method: "POST", body: { text } });
    } catch (error) {
      this.notice.replaceChildren(errorBanner(error));
      return;
    }
    this.text.value = "";
    this.panes.forEach((pane) => pane.question(text));
    await this.listen(this.panes);
    this.listEarlier();
  }

  async begin() {
    const body = { models: this.models, system: this.system.value, sampling: this.sampling };
    const path = this.id ? `/api/v1/conversations/${this.id}` : "/api/v1/conversations";
    const talk = await api(path, { method: this.id ? "PUT" : "POST", body });
    this.id = talk.id;
    remember({ models: this.models.join(","), id: this.id });
  }

  async again(at) {
    if (this.abort) return;
    await this.begin();
    await this.listen([this.panes[at]]);
  }

  async listen(panes) {
    this.abort = new AbortController();
    this.send.hidden = true;
    this.stop.hidden = false;
    this.status.textContent = "The first reply of a model takes a few seconds, because it is loaded.";
    const path = (at) => `/api/v1/conversations/${this.id}/panes/${at}/reply`;
    await Promise.all(panes.map((pane) => pane.listen(path(pane.at), this.sampling, this.abort.signal)));
    this.abort = null;
    this.send.hidden = false;
    this.stop.hidden = true;
    this.status.textContent = "";
    this.text.focus();
  }

  async listEarlier() {
    const { conversations } = await api("/api/v1/conversations").catch(() => ({ conversations: [] }));
    const items = conversations.map((talk) => el("li", { "data-id": talk.id },
      el("a", { href: `/chat?id=${encodeURIComponent(talk.id)}`, text: talk.title || "Conversation" }),
      el("span", { class: "muted small", text: ` ${counted(talk.questions, "question")}, ${when(talk.created_at)} ` }),
      el("a", { class: "link small", href: `/api/v1/conversations/${talk.id}/transcript`, download: "", text: "Transcript" }),
      el("button", { type: "button", class: "remove", "aria-label": `Delete “${talk.title}”`, text: "×", onclick: () => this.forget(talk) })));
    this.earlier.replaceChildren(items.length ? el("ul", { class: "chat-list" }, ...items) : el("p", { class: "muted", text: "None yet. What you say and what the models reply is kept here for you alone." }));
  }

  async forget(talk) {
    if (!(await confirmed({ title: "Delete this conversation?", text: `“${talk.title}” and all its replies are deleted for good.`, action: "Delete", look: "stop" }))) return;
    try {
      await api(`/api/v1/conversations/${talk.id}`, { method: "DELETE" });
      if (talk.id === this.id) this.startAnew();
      await this.listEarlier();
    } catch (error) {
      toast(error.message, "error");
    }
  }
}

ready("#chat-page", async (root) => {
  try {
    const { data } = await api("/v1/models");
    if (data.length) new ChatPage(root, data);
    else root.replaceChildren(modes("/chat"), emptyState("No chat model here.", "Once a generative model is installed or fine-tuned, you can chat with it here.", { href: "/models", text: "Go to Models" }));
  } catch (error) {
    root.replaceChildren(modes("/chat"), errorBanner(error));
  }
});
