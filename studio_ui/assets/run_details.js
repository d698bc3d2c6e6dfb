// Config, Log and Files of one run.

import { mergeForm, originFacts, shrinkForm } from "./derive_runs.js";
import { trackerExports } from "./run_trackers.js";
import { ACTIVE, broughtFile, mergeRefusal } from "./run_words.js";
import { costGroup } from "./run_costs.js";
import { api, bytes, clock, copy, el } from "./studio.js";

/** The Config tab: the stored settings by group, changed ones marked, with versions and a copy button. */
export function renderConfig(place, run, settings) {
  const only = el("input", { type: "checkbox", id: "config-changed-only" });
  const body = el("div", { class: "config-groups" });
  const draw = () => body.replaceChildren(...groups(settings, run.id, only.checked), versions(run));
  only.addEventListener("change", draw);
  place.replaceChildren(
    el("div", { class: "toolbar" },
      el("label", { class: "check", for: "config-changed-only" }, only, " Only what was changed from the default"),
      el("button", { type: "button", class: "button", text: "Copy as JSON", onclick: () => copy(JSON.stringify(run.spec, null, 2)) })),
    run.spec.origin ? "" : costGroup(run), body);
  draw();
}

function groups(settings, id, changedOnly) {
  const kept = settings.filter((row) => id in row.values && (!changedOnly || row.changed[id]));
  const names = [...new Set(kept.map((row) => row.group))];
  return names.map((name) => el("section", { class: "config-group" }, el("h3", { text: name }),
    el("dl", { class: "settings" }, ...kept.filter((row) => row.group === name).map((row) =>
      el("div", {}, el("dt", { text: row.title, title: row.key }),
        el("dd", {}, el("code", { text: settingWords(row.values[id]) }), row.changed[id] ? el("span", { class: "badge", text: "changed" }) : ""))))));
}

/** A setting's value as people read it. */
export function settingWords(value) {
  if (value === undefined) return "–";
  if (value === null) return "recommended";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

function versions(run) {
  const found = Object.entries(run.results?.versions || {});
  if (!found.length) return "";
  return el("section", { class: "config-group" }, el("h3", { text: "Versions" }),
    el("dl", { class: "settings" }, ...found.map(([name, version]) => el("div", {}, el("dt", { text: name }), el("dd", {}, el("code", { text: String(version) }))))));
}

/** The Log tab: the error first, then what happened, then the trainer's own lines, searchable. */
export class Log {
  constructor(place, id) {
    this.id = id;
    this.after = 0;
    this.error = el("div", { class: "log-error", id: "log-error", role: "alert", hidden: true });
    this.events = el("ol", { class: "events", id: "log-events" });
    this.search = el("input", { type: "search", id: "log-search", placeholder: "Search the log", "aria-label": "Search the log" });
    this.search.addEventListener("input", () => this.draw());
    this.text = el("pre", { id: "log-text", tabindex: "0", "aria-label": "Last lines of the log" });
    this.lines = [];
    place.append(this.error,
      el("h3", { text: "What happened" }), this.events,
      el("div", { class: "toolbar" }, el("h3", { text: "Last lines of the log" }), this.search,
        el("button", { type: "button", class: "button", text: "Copy", onclick: () => copy(this.lines.join("\n")) })),
      this.text);
  }

  /** Fetch what is new; keeps the reader at the end only if they were there. */
  async refresh(run, retry) {
    this.ended = !ACTIVE.includes(run.state);
    this.error.hidden = !run.error;
    if (run.error && !this.error.childElementCount) {
      this.error.append(el("strong", { text: run.error.message }), el("p", { text: run.error.hint || "The lines below show the cause." }),
        el("button", { type: "button", class: "button primary", id: "log-retry", text: "Retry from the last checkpoint", onclick: retry }));
    }
    if (!run.error) this.error.replaceChildren();
    const base = `/api/v1/runs/${encodeURIComponent(this.id)}`;
    const [payload, log] = await Promise.all([api(`${base}/events?after=${this.after}`), api(`${base}/log`)]);
    this.after = payload.after;
    this.events.append(...payload.events.map((event) =>
      el("li", { class: `event event-${event.severity}` }, el("time", { text: clock(event.at) }), el("span", { text: event.severity === "info" ? event.message : `${event.severity}: ${event.message}` }))));
    this.lines = typeof log === "string" ? log.split("\n") : log.lines || String(log.text ?? log.log ?? "").split("\n");
    this.draw();
  }

  draw() {
    const wanted = this.search.value.toLowerCase();
    const kept = this.lines.filter((line) => line.toLowerCase().includes(wanted));
    const atEnd = this.text.scrollHeight - this.text.scrollTop - this.text.clientHeight < 40;
    this.text.textContent = kept.join("\n").trim() || (wanted ? "No line contains this." : this.ended ? "The log is empty." : "The trainer has written nothing yet.");
    if (atEnd) this.text.scrollTop = this.text.scrollHeight;
  }
}

const USE = `unzip adapter.zip -d adapter
python adapter/use_me.py "a text of your own"`;

/** The Files tab: the download, what is in it and how it is used elsewhere. */
export function renderFiles(place, run) {
  const done = run.state === "succeeded";
  const size = run.results?.adapter_bytes;
  const whole = run.method === "full";
  const brought = broughtFile(run.method);
  const contents = [
    ...(whole ? [["model.safetensors", "the whole fine-tuned model"], ["config.json", "transformers' own description of it"]]
      : [["adapter_model.safetensors", "the trained weights"], ["adapter_config.json", "PEFT's own description of them"]]),
    ...(brought ? [[brought, "adds this method to PEFT, which does not have it"]] : []),
    ["labels and tokenizer", "so that answers come as your words"],
    ["spec and model card", "data fingerprint, settings, results, limits"],
    ["use_me.py", "ten lines that load it with plain transformers and peft"],
  ];
  place.replaceChildren(
    el("section", {}, el("h3", { text: "Adapter" }),
      el("p", { class: "muted", text: done ? `A zip in ${whole ? "transformers'" : "PEFT's"} own format${size ? `, about ${bytes(size)} before packing` : ""}.` : "The adapter can be downloaded here once the run has finished." }),
      done ? el("a", { id: "files-download", class: "button primary", href: `/api/v1/runs/${encodeURIComponent(run.id)}/adapter`, download: "", text: "Download adapter (zip)" }) : ""),
    el("section", {}, el("h3", { text: "What is inside" }), el("dl", { class: "settings" }, ...contents.map(([name, words]) => el("div", {}, el("dt", {}, el("code", { text: name })), el("dd", { text: words }))))),
    run.spec.origin ? originFacts(run) : "",
    done && run.method === "full" ? shrinkForm(run) : "",
    done && run.method !== "full" ? mergeForm(run, mergeRefusal(run.method)) : "",
    el("section", {}, el("h3", { text: "Use it elsewhere" }), el("pre", { tabindex: "0", text: USE }), el("button", { type: "button", class: "button", text: "Copy", onclick: () => copy(USE) })),
    ACTIVE.includes(run.state) ? "" : trackerExports(run));
}
