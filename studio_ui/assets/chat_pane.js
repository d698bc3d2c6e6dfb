// One pane of the chat page: the conversation with one model, its replies with their numbers. Knows no other pane.

import { follow } from "./chat_stream.js";
import { copy, count, el } from "./studio.js";

const ENDS = { length: "cut at the longest length", cancelled: "stopped", failed: "failed" };

/** `again()` is called when the person wants another reply to the newest question. */
export class Pane {
  constructor(at, chatModel, again) {
    Object.assign(this, { at, chatModel, again });
    const mark = { base: "base model", checkpoint: "checkpoint" }[chatModel.kind];
    this.talk = el("div", { class: "talk", role: "log", "aria-live": "polite", "aria-label": `Conversation with ${chatModel.name}` });
    this.empty = el("p", { class: "muted", text: "Replies appear here." });
    this.place = el("section", { class: "pane chat-pane", id: `chat-pane-${at}`, "aria-label": chatModel.name },
      el("h2", {}, chatModel.name, mark ? el("span", { class: "badge", text: mark }) : ""), this.empty, this.talk);
  }

  question(text) {
    this.empty.hidden = true;
    this.talk.append(el("div", { class: "said said-by-you" }, el("span", { class: "sr-only", text: "You: " }), el("p", { text })));
    this.newest?.again.remove();
    this.newest = null;
  }

  /** A reply that is complete; without `data` an empty one that is about to be written. */
  reply(text, data) {
    if (this.newest) this.newest.item.remove();
    const words = el("p", { class: "said-words", text });
    const facts = el("span", { class: "muted small said-facts", text: data ? factWords(data) : "…" });
    const again = el("button", { type: "button", class: "link small", text: "Another reply", onclick: () => this.again() });
    const item = el("div", { class: "said said-by-model" }, el("span", { class: "sr-only", text: `${this.chatModel.name}: ` }), words,
      el("div", { class: "said-actions" }, facts, el("button", { type: "button", class: "link small", text: "Copy", onclick: () => copy(words.textContent) }), again));
    this.talk.append(item);
    this.newest = { item, words, facts, again };
    return this.newest;
  }

  /** A question whose reply never came, perhaps because the page was closed, can still be answered. */
  offer() {
    if (this.newest || !this.talk.children.length) return;
    const again = el("button", { type: "button", class: "link small", text: "Ask for the reply", onclick: () => this.again() });
    const item = el("div", { class: "said said-by-model" }, el("div", { class: "said-actions" }, el("span", { class: "muted small said-facts", text: "No reply came." }), again));
    this.talk.append(item);
    this.newest = { item, again };
  }

  async listen(path, sampling, signal) {
    const { item, words, facts, again } = this.reply("");
    item.setAttribute("aria-busy", "true");
    again.hidden = true;
    let done = { finish: "cancelled" };
    try {
      await follow(path, sampling, signal, (payload) => {
        if (payload.text) words.append(payload.text);
        if (payload.done) done = payload.done;
      });
    } catch (error) {
      if (error.name !== "AbortError") done = { finish: "failed", message: `${error.message} ${error.hint || ""}` };
    }
    facts.textContent = done.message || factWords(done);
    item.classList.toggle("said-failed", done.finish === "failed");
    item.removeAttribute("aria-busy");
    again.hidden = false;
  }
}

function factWords(data) {
  const words = [];
  if (data.completion_tokens != null) words.push(`${count(data.completion_tokens)} tokens`);
  if (data.first_token_seconds) words.push(`first after ${Math.round(data.first_token_seconds * 1000)} ms`);
  if (data.tokens_per_second) words.push(`${Math.round(data.tokens_per_second)} tokens/s`);
  if (ENDS[data.finish]) words.push(ENDS[data.finish]);
  if (data.adapter_sha256) words.push(`adapter ${data.adapter_sha256.slice(0, 8)}`);
  return words.join(" · ");
}
