// Writing a run for another tracker, on the Files tab: choose one, follow the job, then open the address or take the files.

import { ACTIVE, stateChip } from "./run_words.js";
import { api, bytes, el, poll, toast } from "./studio.js";

const EVERY = 1500;

/** A section that fills itself. */
export function trackerExports(run) {
  const section = new TrackerExports(run);
  section.refresh().catch((error) => { section.list.textContent = error.message; });
  return section.node;
}

class TrackerExports {
  constructor(run) {
    this.path = `/api/v1/runs/${encodeURIComponent(run.id)}/trackers`;
    this.list = el("ul", { id: "tracker-list", class: "fetch-list", "aria-label": "Trackers" });
    this.node = el("section", { id: "trackers" }, el("h3", { text: "For another tracker" }),
      el("p", { class: "muted", text: "Curves, settings and results, written by the tracker's own library. Nothing is sent anywhere unless the administrator of this studio has set the tracker's server and key for the workers." }), this.list);
  }

  async refresh() {
    const { trackers, exports: made } = await api(this.path);
    this.list.replaceChildren(...trackers.map((tracker) => this.item(tracker, made.find((each) => each.tracker === tracker.name))));
    const busy = made.some((each) => ACTIVE.includes(each.state));
    if (busy && !this.following) this.follow();
    return busy;
  }

  follow() {
    this.following = true;
    poll(async () => {
      this.following = this.node.isConnected && (await this.refresh());
      return this.following;
    }, EVERY);
  }

  item(tracker, made) {
    const active = made && ACTIVE.includes(made.state);
    const buttons = active
      ? [this.button("Stop", "stop", () => this.act(`/api/v1/exports/${made.id}/cancel`))]
      : [this.button(made ? "Write again" : "Write", "", () => this.act(this.path, { tracker: tracker.name }))];
    if (made?.bytes) buttons.unshift(el("a", { class: "button", href: `/api/v1/exports/${made.id}/files`, download: "", text: `Download (${bytes(made.bytes)})` }));
    if (made?.address) buttons.unshift(el("a", { class: "button", href: made.address, target: "_blank", rel: "noreferrer noopener", text: "Open" }));
    return el("li", { class: "fetch", "data-tracker": tracker.name },
      el("div", { class: "fetch-head" }, el("strong", { text: tracker.title }), made ? stateChip(made.state) : ""),
      el("p", { class: "muted small", text: tracker.summary }),
      made?.error ? el("p", { role: "alert" }, `${made.error.message} `, el("span", { class: "muted", text: made.error.hint || "" })) : "",
      made?.after ? el("p", { class: "small", text: made.after }) : "",
      el("div", { class: "actions" }, ...buttons));
  }

  button(text, look, act) {
    return el("button", { type: "button", class: `button ${look}`, text, onclick: act });
  }

  async act(path, body) {
    try {
      await api(path, { method: "POST", body });
      await this.refresh();
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`, "error");
    }
  }
}
