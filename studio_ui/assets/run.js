// The run page: loads one run, follows it by cursor while it works, and fills the tabs as they are opened.
// Polls once a second while active, not at all in a hidden tab or after the end.

import { Examples, renderConfusion, renderLabels } from "./run_answers.js";
import { renderCertainty } from "./run_certainty.js";
import { renderCheckpoints } from "./run_checkpoints.js";
import { RunCurves } from "./run_curves.js";
import { marksOf } from "./run_marks.js";
import { Log, renderConfig, renderFiles } from "./run_details.js";
import { RunHeader, renderTiles, renderVerdicts } from "./run_header.js";
import { WrittenSamples } from "./run_samples.js";
import { markedRows } from "./run_marked.js";
import { ACTIVE, loadTitles, marks, writes } from "./run_words.js";
import { WrittenAnswers } from "./run_writing.js";
import { api, el, emptyState, ready, toast } from "./studio.js";

const EVERY = 1000;
const TABS = [["curves", "Curves"], ["examples", "Examples"], ["confusion", "Confusion"], ["labels", "Labels"], ["certainty", "Calibration"], ["config", "Config"], ["checkpoints", "Checkpoints"], ["log", "Log"], ["files", "Files"]];

// Titles, the run, its curves (thinned by the server, however long they are) and verdicts are asked for before there is a
// place for them; the frame takes longer to come.
const asked = new URLSearchParams(location.search).get("id");
const titles = loadTitles();
const first = asked && Promise.all([api(pathOf(asked)), api(`${pathOf(asked)}/curves`), api(comparisonOf(asked))]);
first?.catch(() => {});

function pathOf(id) {
  return `/api/v1/runs/${encodeURIComponent(id)}`;
}

function comparisonOf(id) {
  return `/api/v1/compare?runs=${encodeURIComponent(id)}`;
}

class RunPage {
  /** @param {Promise} initial the run, its curves and its comparison with the base model */
  constructor(root, id, initial) {
    Object.assign(this, { root, id, initial, filled: {} });
    this.head = el("header", { class: "run-head" });
    this.verdicts = el("ul", { id: "run-verdicts", class: "verdicts", "aria-label": "Verdict" });
    this.tiles = el("div", { id: "run-tiles", class: "tiles" });
    this.notice = el("p", { id: "run-notice", class: "notice", role: "status", hidden: true });
    this.buildTabs();
    root.replaceChildren(this.head, this.notice, this.verdicts, this.tiles, this.tabs.list, ...Object.values(this.tabs.panels));
    this.header = new RunHeader(this.head, id, () => this.follow());
    this.curves = new RunCurves(this.tabs.panels.curves);
    this.log = new Log(this.tabs.panels.log, id);
  }

  async start() {
    const [[run, { series, after }, comparison]] = await Promise.all([this.initial, titles]);
    Object.assign(this, { cursor: after, comparison });
    this.curves.append(Object.entries(series).flatMap(([key, points]) => points.map(([step, value, at]) => ({ key, step, value, at }))));
    await this.take(run, true);
    const tab = location.hash.slice(1);
    this.select(TABS.some(([key]) => key === tab) ? tab : this.run.state === "failed" ? "log" : "curves", false);
    document.addEventListener("visibilitychange", () => !document.hidden && this.follow());
    if (ACTIVE.includes(run.state)) this.follow();
  }

  /** Ask again and again while there is something to wait for; one loop at most. */
  async follow() {
    if (this.following) return;
    this.following = true;
    try {
      do {
        await this.attempt();
        if (!ACTIVE.includes(this.run.state)) break;
        await new Promise((resolve) => setTimeout(resolve, EVERY));
      } while (!document.hidden);
    } finally {
      this.following = false;
    }
  }

  async attempt() {
    try {
      await this.refresh();
      this.notice.hidden = true;
    } catch (error) {
      // The studio may be restarting; training goes on without this page.
      this.notice.textContent = `The studio does not answer (${error.message}) Trying again.`;
      this.notice.hidden = false;
    }
  }

  async refresh() {
    const base = pathOf(this.id);
    const [run, fresh] = await Promise.all([api(base), this.newPoints(base)]);
    const changed = this.run.state !== run.state || fresh.some((point) => point.key.startsWith("eval/"));
    this.curves.append(fresh);
    if (changed) this.comparison = await api(comparisonOf(this.id));
    await this.take(run, changed);
  }

  /** Show the run as it is now. */
  async take(run, changed) {
    this.run = run;
    for (const key of ["confusion", "labels", "certainty"]) this.buttons[key].hidden = writes(run) || (key === "certainty" && marks(run));
    this.header.render(run);
    if (changed) {
      renderVerdicts(this.verdicts, this.comparison.verdicts[this.id], run);
      this.markCurves(pathOf(this.id), run);
      this.fillAgain();
      if (this.open === "examples") this.samples?.load();
    }
    renderTiles(this.tiles, run, this.curves.latest, this.comparison);
    if (this.open === "log") await this.log.refresh(run, () => this.header.post("resume", "Queued again."));
  }

  /** Checkpoints, restarts and alerts as marks on the curves; the curves do without when they cannot be had. */
  async markCurves(base, run) {
    const [kept, payload] = await Promise.all([api(`${base}/checkpoints`), api(`${base}/events`)]).catch(() => []);
    if (!payload) return;
    const { total_steps: total } = run.results || run.progress || {};
    this.curves.mark(marksOf(kept.checkpoints, payload.events), total / run.spec.training.epochs || 0);
  }

  async newPoints(base) {
    const found = [];
    let page;
    do {
      page = await api(`${base}/metrics?after=${this.cursor}`);
      found.push(...page.points);
      this.cursor = page.after;
    } while (page.more);
    return found;
  }

  buildTabs() {
    const list = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts of this run" });
    const panels = {};
    this.buttons = {};
    for (const [key, text] of TABS) {
      const button = el("button", { id: `tab-${key}`, type: "button", role: "tab", "aria-controls": `panel-${key}`, text, onclick: () => this.select(key) });
      panels[key] = el("section", { id: `panel-${key}`, class: "panel", role: "tabpanel", "aria-labelledby": `tab-${key}`, tabindex: "0", hidden: true });
      this.buttons[key] = button;
      list.append(button);
    }
    list.addEventListener("keydown", (event) => this.moveTab(event));
    this.tabs = { list, panels };
  }

  moveTab(event) {
    const keys = TABS.map(([key]) => key).filter((key) => !this.buttons[key].hidden);
    const at = keys.indexOf(this.open);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const key = keys[(to + keys.length) % keys.length];
    this.select(key);
    this.buttons[key].focus();
  }

  select(key, remembered = true) {
    this.open = key;
    for (const [name, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-selected", String(name === key));
      button.tabIndex = name === key ? 0 : -1;
      this.tabs.panels[name].hidden = name !== key;
    }
    this.showTab(this.buttons[key]);
    // The frame has a base address; a bare fragment would lead to its home.
    if (remembered) history.replaceState(history.state, "", `${location.pathname}${location.search}#${key}`);
    this.fill(key);
  }

  /** Bring a tab to the middle of the row of tabs; the page itself stays where it is. */
  showTab(button) {
    const tab = button.getBoundingClientRect(), row = this.tabs.list.getBoundingClientRect();
    this.tabs.list.scrollLeft += (tab.left + tab.right - row.left - row.right) / 2;
  }

  /** What a tab shows depends on the state of the run; it is made again when that changed. */
  async fill(key) {
    // A tab that is opened before the run has come is filled with it.
    if (!this.run) return undefined;
    const panel = this.tabs.panels[key];
    const version = `${this.run.state}-${Boolean(this.run.results)}`;
    if (key === "curves") return this.curves.draw();
    if (key === "log") return this.log.refresh(this.run, () => this.header.post("resume", "Queued again.")).catch((error) => toast(error.message, "error"));
    if (this.filled[key] === version) return undefined;
    this.filled[key] = version;
    try {
      await this.fillPanel(key, panel);
    } catch (error) {
      this.filled[key] = null;
      panel.replaceChildren(emptyState("This part could not be loaded.", `${error.message} ${error.hint || ""}`));
    }
    return undefined;
  }

  async fillPanel(key, panel) {
    const results = this.run.results || {};
    if (key === "config") return renderConfig(panel, this.run, this.comparison.settings);
    if (key === "files") return renderFiles(panel, this.run);
    if (key === "checkpoints") return renderCheckpoints(panel, this.run);
    if (key === "examples" && writes(this.run)) return this.fillWritten(panel, results);
    const has = { examples: results.metrics, confusion: results.confusion?.length, labels: results.per_class?.length, certainty: results.metrics }[key];
    if (!has) return panel.replaceChildren(emptyState(...this.missing(key)));
    panel.replaceChildren();
    if (key === "confusion") return renderConfusion(panel, results);
    if (key === "labels") return renderLabels(panel, results.per_class, marks(this.run) ? "Entities" : undefined);
    if (key === "certainty") return renderCertainty(panel, this.id);
    return new Examples(panel, this.id, marks(this.run) ? markedRows(results) : {}).load();
  }

  /** Answers to the test questions once there are any, and what was said at each check. */
  async fillWritten(panel, results) {
    panel.replaceChildren();
    if (results.metrics) await new WrittenAnswers(panel, this.id).load();
    this.samples = new WrittenSamples(panel, this.id);
    await this.samples.load();
  }

  missing(key) {
    const what = { examples: "Right and wrong answers", confusion: "The confusion matrix", labels: "Scores per label", certainty: "Calibration" }[key];
    if (ACTIVE.includes(this.run.state)) return [`${what} will appear here at the end.`, "The test rows are answered once, after training. This page fills itself."];
    return ["There is nothing to show for this run.", "It ended before the test rows were answered. Resume it to get there."];
  }

  fillAgain() {
    if (this.open) this.fill(this.open);
  }
}

ready("#run-page", async (root) => {
  if (!asked) return root.replaceChildren(emptyState("No run was chosen.", "Open one from the list of runs.", { href: "/runs", text: "Go to Runs" }));
  try {
    await new RunPage(root, asked, first).start();
  } catch (error) {
    root.replaceChildren(emptyState(error.message, error.hint || "", { href: "/runs", text: "Go to Runs" }));
  }
  return undefined;
});
