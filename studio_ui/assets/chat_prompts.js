// Saved prompts: kept under a name, put to every chosen model, replies in a table that can be taken along as CSV.

import { follow } from "./chat_stream.js";
import { api, counted, el, toast } from "./studio.js";

/** `models()` are the chosen voices; `settings()` gives the system prompt and the sampling. */
export class Prompts {
  constructor(models, settings) {
    Object.assign(this, { models, settings, suites: [] });
    this.choice = el("select", { id: "suite-choice", "aria-label": "Saved prompts" });
    this.choice.addEventListener("change", () => this.show());
    this.lines = el("textarea", { id: "suite-prompts", rows: "4", placeholder: "One prompt per line", "aria-label": "Prompts, one per line" });
    this.name = el("input", { id: "suite-name", type: "text", maxlength: "200", placeholder: "Name", "aria-label": "Name for these prompts" });
    this.run = el("button", { id: "suite-run", type: "button", class: "button primary", text: "Ask every model", onclick: () => this.start() });
    this.status = el("p", { id: "suite-status", class: "muted", role: "status" });
    this.table = el("div", { id: "suite-table" });
    this.place = el("details", { id: "chat-prompts", class: "chat-details" }, el("summary", { text: "Saved prompts, all models in a table" }),
      el("div", { class: "toolbar" }, this.choice, this.name, el("button", { id: "suite-save", type: "button", class: "button", text: "Save", onclick: () => this.save() }), el("button", { id: "suite-remove", type: "button", class: "button", text: "Delete", onclick: () => this.remove() })),
      this.lines, el("div", { class: "actions" }, this.run), this.status, this.table);
    this.place.addEventListener("toggle", () => this.place.open && this.load());
  }

  async load() {
    const { suites } = await api("/api/v1/suites").catch(() => ({ suites: [] }));
    const chosen = this.choice.value;
    this.suites = suites;
    this.choice.replaceChildren(el("option", { value: "", text: suites.length ? "Choose saved prompts…" : "Nothing saved yet" }), ...suites.map((suite) => el("option", { value: suite.id, text: `${suite.name} (${suite.prompts.length})` })));
    this.choice.value = suites.some((suite) => suite.id === chosen) ? chosen : "";
  }

  show() {
    const suite = this.suites.find((each) => each.id === this.choice.value);
    if (!suite) return;
    this.lines.value = suite.prompts.join("\n");
    this.name.value = suite.name;
  }

  prompts() {
    return this.lines.value.split("\n").map((line) => line.trim()).filter(Boolean);
  }

  async save() {
    try {
      const suite = await api("/api/v1/suites", { method: "POST", body: { name: this.name.value, prompts: this.prompts() } });
      await this.load();
      this.choice.value = suite.id;
      toast("Saved.");
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`, "error");
    }
  }

  async remove() {
    if (!this.choice.value) return;
    await api(`/api/v1/suites/${this.choice.value}`, { method: "DELETE" }).catch((error) => toast(error.message, "error"));
    this.load();
  }

  async start() {
    if (this.abort) return this.abort.abort();
    const [prompts, models] = [this.prompts(), this.models()];
    if (!prompts.length) {
      this.status.textContent = "Type a prompt first, one per line.";
      return undefined;
    }
    this.abort = new AbortController();
    this.run.textContent = "Stop";
    const cells = this.draw(prompts, models);
    let replies = 0;
    for (const [row, prompt] of prompts.entries()) {
      this.status.textContent = `Prompt ${row + 1} of ${prompts.length}.`;
      const asked = await Promise.all(models.map((model, column) => this.ask(model, prompt, cells[row][column])));
      replies += asked.filter(Boolean).length;
      if (this.abort.signal.aborted) break;
    }
    this.status.textContent = `${replies === 1 ? "One reply" : `${replies} replies`} from ${counted(models.length, "model")}.`;
    this.run.textContent = "Ask every model";
    this.abort = null;
    return undefined;
  }

  async ask(model, prompt, cell) {
    const { system, sampling } = this.settings();
    const messages = [...(system.trim() ? [{ role: "system", content: system }] : []), { role: "user", content: prompt }];
    try {
      await follow("/api/v1/chat", { model: model.id, messages, ...sampling }, this.abort.signal, (payload) => payload.text && cell.append(payload.text));
      return true;
    } catch (error) {
      cell.append(error.name === "AbortError" ? " (stopped)" : `${error.message} ${error.hint || ""}`);
      return false;
    }
  }

  draw(prompts, models) {
    const cells = prompts.map(() => models.map(() => el("td")));
    const head = el("tr", {}, el("th", { scope: "col", text: "Prompt" }), ...models.map((model) => el("th", { scope: "col", text: model.name })));
    const rows = prompts.map((prompt, row) => el("tr", {}, el("th", { scope: "row", text: prompt }), ...cells[row]));
    const table = el("table", { class: "data-table" }, el("thead", {}, head), el("tbody", {}, ...rows));
    const take = el("button", { id: "suite-csv", type: "button", class: "link small", text: "Download as CSV", onclick: () => download(table) });
    this.table.replaceChildren(el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Replies of every model" }, table), take);
    return cells;
  }
}

/** Cells that a spreadsheet would run as formulas get a quote in front. */
function download(table) {
  const quoted = (text) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  const lines = [...table.rows].map((row) => [...row.cells].map((cell) => quoted(cell.textContent)).join(","));
  const url = URL.createObjectURL(new Blob([lines.join("\r\n")], { type: "text/csv" }));
  el("a", { href: url, download: "replies.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
