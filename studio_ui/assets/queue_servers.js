// The inference servers on the queue page: loaded models, activity, and the reason when one is not available.

import { counted, duration, el } from "./studio.js";

const STATES = {
  ready: "Ready",
  starting: "Starting",
  resting: "Idle; it starts with the next request",
  yielded: "Stopped to free its GPU for a training",
};

export function serverCards(queue) {
  if (!queue.servers.length) {
    return [el("li", { class: "worker-card" },
      el("strong", { class: "worker-bad", text: "No inference server is running." }),
      el("p", { class: "muted", text: "Models are not available until one starts: `studio up` starts one, in server mode `studio inference` does." }))];
  }
  return queue.servers.map((server) => el("li", { class: "worker-card", "data-state": server.alive ? server.state : "silent" },
    el("p", {}, el("strong", { text: server.host }), " ",
      el("span", { class: server.alive ? "worker-good" : "worker-bad", text: `● ${server.alive ? STATES[server.state] : `Silent for ${duration(server.seconds_since)}`}` })),
    el("p", { text: holds(server) }),
    server.facts.problem ? el("p", { class: "worker-bad", text: `Last time ${server.facts.problem}. The log of the process inference says more.` }) : "",
    el("p", { class: "muted", text: `Started ${duration(Math.max(0, queue.now - server.started_at))} ago · last heard of ${duration(server.seconds_since)} ago` })));
}

function holds(server) {
  if (server.state !== "ready") return "No model is in memory.";
  const { bases = [], vllm = "", tuned = 0, classifiers = 0, replies = 0, waiting = 0 } = server.facts;
  const kinds = [bases.join(", "), vllm && `${vllm} (vLLM)`, tuned && counted(tuned, "fine-tuned model"), classifiers && counted(classifiers, "classifier")].filter(Boolean);
  const busy = replies || waiting ? ` · ${counted(replies, "answer")} being generated${waiting ? `, ${waiting} waiting` : ""}` : "";
  return `${kinds.length ? `In memory: ${kinds.join(" · ")}` : "No model is in memory yet"}${busy}`;
}
