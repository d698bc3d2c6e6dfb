// The queue: what works, what waits and why, what is paused, and the workers. One's own runs can be steered here.

import { serverCards } from "./queue_servers.js";
import { loadTitles, methodTitle } from "./run_words.js";
import { api, bytes, confirmed, count, counted, duration, el, emptyState, errorBanner, poll, ready, skeleton, toast } from "./studio.js";

const EVERY = 2000;
const PRIORITIES = { high: "First of mine", normal: "Normal", low: "Last of mine" };

class QueuePage {
  constructor(root) {
    this.root = root;
    this.shown = "";
    this.status = el("p", { class: "sr-only", role: "status", id: "queue-status" });
    this.body = el("div", { id: "queue-body" }, skeleton(4));
    root.replaceChildren(this.status, this.body);
  }

  async load() {
    try {
      this.draw(await api("/api/v1/queue"));
    } catch (error) {
      this.shown = "";
      this.body.replaceChildren(errorBanner(error));
    }
    return true;
  }

  draw(queue) {
    // Someone may be about to press a button: while nothing but the clock has moved, only the times are written anew.
    const look = JSON.stringify([queue.running, queue.waiting, queue.paused].map((rows) => rows.map((row) => [row.id, row.state, row.position, row.why, row.priority, row.pausing, row.stopping, row.name])));
    if (look !== this.shown) {
      const focused = document.activeElement?.dataset?.focus;
      this.body.replaceChildren(...this.sections(queue));
      this.shown = look;
      if (focused) this.body.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
      this.status.textContent = `${counted(queue.running.length, "run")} working, ${queue.waiting.length} waiting.`;
    }
    for (const row of [...queue.running, ...queue.waiting]) this.refresh(row, queue.now);
    this.workers.replaceChildren(...workerCards(queue));
    this.servers.replaceChildren(...serverCards(queue));
  }

  sections(queue) {
    this.workers = el("ul", { class: "worker-list", id: "queue-workers" });
    this.servers = el("ul", { class: "worker-list", id: "queue-servers" });
    this.moving = new Map();
    const parts = [];
    if (!queue.running.length && !queue.waiting.length && !queue.paused.length) {
      parts.push(emptyState("Nothing is waiting.", "Runs that you start appear here until they have ended.", { href: "/new", text: "Tune a model" }));
    }
    if (queue.running.length) parts.push(section("queue-running", "Running", "", queue.running.map((row) => this.card(row, queue))));
    if (queue.waiting.length) {
      const note = queue.waiting.some((row) => !row.mine) ? "People take turns: everybody's first run comes before anybody's second." : "";
      parts.push(section("queue-waiting", "Waiting", note, queue.waiting.map((row) => this.card(row, queue))));
    }
    if (queue.paused.length) parts.push(section("queue-paused", "Paused", "", queue.paused.map((row) => this.card(row, queue))));
    parts.push(el("section", { class: "queue-section", "aria-label": "Workers" }, el("h2", { text: "Workers" }), this.workers));
    parts.push(el("section", { class: "queue-section", "aria-label": "Inference servers" }, el("h2", { text: "Inference servers" }), this.servers));
    return parts;
  }

  card(row, queue) {
    const times = el("dl", { class: "queue-times" });
    const words = el("p", { class: "queue-why" });
    const bar = el("progress", { max: "1", hidden: true, "aria-label": "Progress" });
    this.moving.set(keyOf(row), { times, words, bar });
    const name = row.mine ? el("a", { class: "queue-name", href: `/run?id=${encodeURIComponent(row.id)}`, text: row.name }) : el("span", { class: "queue-name muted", text: row.name });
    const place = row.position ?? (row.state === "queued" ? "‖" : "●");
    const spoken = row.position ? `Number ${row.position}` : row.state === "queued" ? "Paused" : "Running";
    words.textContent = row.why;
    return el("li", { class: row.mine ? "queue-row" : "queue-row theirs", "data-run": row.id },
      el("span", { class: "queue-place", role: "img", "aria-label": spoken, text: String(place) }),
      el("div", {}, name, row.mine ? el("span", { class: "muted", text: `  ${methodTitle(row.method)}` }) : "", row.devices > 1 ? el("span", { class: "muted", text: ` · ${counted(row.devices, "device")}` }) : "", words, bar),
      times,
      el("div", { class: "queue-buttons" }, ...(row.mine ? this.buttons(row, queue) : [])));
  }

  buttons(row, queue) {
    const post = (action, done, body) => () => this.post(row, action, done, body);
    const button = (action, text, act, look = "", label = "") => el("button", { type: "button", class: `button ${look}`, text, "aria-label": `${label || text}: ${row.name}`, title: label || null, "data-focus": `${row.id}-${action}`, onclick: act });
    if (row.stopping) return [el("span", { class: "muted", text: "Stopping…" })];
    const stop = button("cancel", row.state === "queued" ? "Take out" : "Stop", () => this.cancel(row), "stop");
    if (row.pausing) return [el("span", { class: "muted", text: "Saving, then pausing…" }), stop];
    if (row.state === "queued" && row.position == null) return [button("resume", "Resume", post("resume", "Back in the queue."), "primary"), stop];
    const pause = button("pause", "Pause", post("pause", row.state === "queued" ? "Paused." : "Saving, then pausing."));
    if (row.state !== "queued") return [pause, stop];
    const mine = queue.waiting.filter((each) => each.mine && each.priority === row.priority);
    const at = mine.findIndex((each) => each.id === row.id);
    const up = button("up", "↑", post("move", null, { direction: "up" }), "arrow", "Earlier");
    const down = button("down", "↓", post("move", null, { direction: "down" }), "arrow", "Later");
    up.disabled = at === 0;
    down.disabled = at === mine.length - 1;
    return [this.priority(row), up, down, pause, stop];
  }

  priority(row) {
    const choice = el("select", { "aria-label": `Order among my runs: ${row.name}`, "data-focus": `${row.id}-priority` },
      ...Object.entries(PRIORITIES).map(([value, text]) => el("option", { value, text, selected: value === row.priority })));
    choice.addEventListener("change", () => this.post(row, "priority", null, { priority: choice.value }));
    return choice;
  }

  refresh(row, now) {
    const place = this.moving.get(keyOf(row));
    if (!place) return;
    const facts = row.state === "queued" ? [["Starts", inWords(row.starts_at, now)], ["Ends", inWords(row.ends_at, now)]] : [["Since", row.started_at ? duration(now - row.started_at) : "–"], ["Ends", inWords(row.ends_at, now)]];
    place.times.replaceChildren(...facts.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]));
    if (row.state === "queued") return;
    const { step, total_steps: total } = row.progress || {};
    place.bar.hidden = !total;
    if (total) place.bar.value = (step || 0) / total;
    place.words.textContent = total ? `${row.phase} · step ${count(step || 0)} of ${count(total)}` : row.phase;
  }

  async cancel(row) {
    const waiting = row.state === "queued";
    const sure = await confirmed({ title: waiting ? "Take this run out?" : "Stop this run?", text: waiting ? `"${row.name}" will not be trained. You can put it back from its page.` : `"${row.name}" keeps its last checkpoint; you can resume it later.`, action: waiting ? "Take it out" : "Stop it", look: "stop" });
    if (sure) await this.post(row, "cancel", waiting ? "Taken out of the queue." : "Stopping; the last checkpoint is kept.");
  }

  async post(row, action, done, body) {
    try {
      await api(`/api/v1/runs/${encodeURIComponent(row.id)}/${action}`, { method: "POST", body });
      if (done) toast(done);
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
    }
    await this.load();
  }
}

function section(id, title, note, rows) {
  return el("section", { class: "queue-section", id, "aria-label": title },
    el("h2", {}, title, el("span", { class: "muted", text: note || counted(rows.length, "run") })), el("ul", { class: "queue-list" }, ...rows));
}

function keyOf(row) {
  return row.id || `place-${row.position ?? row.started_at}`;
}

function inWords(moment, now) {
  if (moment == null) return "not known";
  const left = moment - now;
  if (left < 5) return "any moment";
  return `in about ${left < 90 ? `${Math.round(left / 5) * 5} s` : duration(Math.round(left / 60) * 60)}`;
}

function workerCards(queue) {
  if (!queue.workers.length) {
    return [el("li", { class: "worker-card" }, el("strong", { class: "worker-bad", text: "No worker is running." }), el("p", { class: "muted", text: "Runs wait until one starts: `studio up` starts one, in server mode `studio worker` does." }))];
  }
  return queue.workers.map((worker) => {
    const state = !worker.alive ? `Silent for ${duration(worker.seconds_since)}` : worker.barred ? "Disabled: its GPU failed twice" : worker.job_id ? "Working" : "Free";
    const gpus = worker.machine.gpus || [];
    const has = gpus.length ? gpus.map((gpu) => `${gpu.name}, ${bytes(gpu.free_bytes)} of ${bytes(gpu.total_bytes)} free${gpu.busy_percent == null ? "" : `, ${gpu.busy_percent} % busy`}`) : [`No GPU; CPU with ${counted(worker.machine.threads || 1, "thread")}`];
    return el("li", { class: "worker-card" },
      el("p", {}, el("strong", { text: worker.host }), " ", el("span", { class: worker.alive && !worker.barred ? "worker-good" : "worker-bad", text: `● ${state}` })),
      ...has.map((text) => el("p", { text })),
      offerWords(worker.machine.offer || {}, gpus.length),
      el("p", { class: "muted", text: `Memory ${bytes(worker.machine.free_memory_bytes || 0)} of ${bytes(worker.machine.memory_bytes || 0)} free · disk ${bytes(worker.machine.free_disk_bytes || 0)} free` }),
      el("p", { class: "muted", text: `Started ${duration(Math.max(0, queue.now - worker.started_at))} ago · last heard of ${duration(worker.seconds_since)} ago` }));
  });
}

/** What a worker takes, where that is not simply one run on one device. */
function offerWords(offer, gpus) {
  const least = offer.least || 1;
  if (least > 1) return el("p", { class: "muted", text: offer.devices > least ? `Takes only runs that ask for ${count(least)} to ${count(offer.devices)} devices` : `Takes only runs that ask for ${count(least)} devices` });
  if (gpus && offer.devices > 1) return el("p", { class: "muted", text: `A run may use up to ${count(offer.devices)} of them together` });
  return "";
}

ready("#queue-page", async (root) => {
  const page = new QueuePage(root);
  await loadTitles();
  poll(() => page.load(), EVERY);
});
