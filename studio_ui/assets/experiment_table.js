// One experiment: what came out of every run, what it cost, which differences are real, and what to use.

import { BASE_INDEX, runStyle } from "./charts.js";
import { onAllRows } from "./method_comparison.js";
import { ParetoChart, spread, WIDE } from "./charts_points.js";
import { methodTitle, stateChip } from "./run_words.js";
import { api, bytes, confirmed, count, counted, duration, el, figure, milliseconds, percent, toast } from "./studio.js";

const COSTS = [
  { key: "training_seconds", title: "Training time", words: duration },
  { key: "adapter_bytes", title: "Download", words: bytes },
  { key: "peak_memory_bytes", title: "Peak memory", words: bytes },
  { key: "trainable_parameters", title: "Trainable", words: count },
  { key: "answer_seconds", title: "Time per answer", words: milliseconds },
];
const RANKS = { best: ["★", "best"], tied: ["≈", "not distinguishable from the best"], behind: ["", "measurably behind the best"] };
const CHANGES = { better: ["▲", "better"], worse: ["▼", "worse"], same: ["=", "the same"], unclear: ["≈", "cannot tell apart"] };

export class ExperimentTable {
  constructor(root, path) {
    Object.assign(this, { path, root });
    this.notice = el("p", { class: "notice", role: "status", hidden: true });
    this.head = el("header", { class: "experiment-head" });
    this.advice = el("section", { id: "experiment-advice", "aria-live": "polite" });
    this.table = el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Leaderboard" });
    this.words = el("p", { class: "muted", id: "experiment-words" });
    this.chartPlace = el("section", { id: "experiment-pareto", "aria-label": "Quality against cost" });
    this.conditions = el("section", { class: "muted small", id: "experiment-plan" });
    root.replaceChildren(this.notice, this.head, this.advice, this.table, this.words, this.chartPlace, this.conditions);
    this.chart = new ParetoChart(this.chartPlace, COSTS);
  }

  get working() {
    return this.data.state === "working";
  }

  silence(words) {
    this.notice.hidden = !words;
    this.notice.textContent = words;
  }

  show(data) {
    this.data = data;
    const look = JSON.stringify(data);
    if (look === this.look) return;
    this.look = look;
    document.title = `${data.name} · Experiment`;
    this.drawHead();
    this.drawAdvice();
    this.drawTable();
    this.chart.update(data.rows.filter((row) => row.quality != null).map((row) => ({ ...row, name: shortName(row), style: this.style(row) })), data);
    this.drawPlan();
  }

  /** A run keeps its colour whatever its place in the table is. */
  style(row) {
    this.order ??= [...this.data.rows].map((each) => each.id).sort();
    return this.order.indexOf(row.id);
  }

  drawHead() {
    const { counts, dataset } = this.data;
    const running = this.data.rows.find((row) => ["running", "claimed"].includes(row.state));
    const ended = counts.runs - counts.active;
    const growing = this.data.plan.growing ? ` Up to ${count(this.data.plan.most_runs)} in all; the next are chosen from these results.` : "";
    const state = counts.active ? `${count(ended)} of ${counted(counts.runs, "run")} ended${running ? `; ${shortName(running)} is working` : "; the rest waits in the queue"}.` : growing ? `${counted(counts.runs, "run")} ended; the next one is being chosen.` : `All ${counted(counts.runs, "run")} ended.`;
    const ids = this.data.rows.filter((row) => row.quality != null).slice(0, 10).map((row) => encodeURIComponent(row.id));
    this.head.replaceChildren(el("h2", { text: this.data.name }),
      el("p", { id: "experiment-state", role: "status" }, state, growing, this.data.plan.note ? ` ${this.data.plan.note}` : "", el("span", { class: "muted" }, ` On `, el("a", { href: `/datasets?id=${encodeURIComponent(dataset.id)}`, text: `${dataset.name} @ ${dataset.version}` }), this.data.spent_seconds ? `, ${duration(this.data.spent_seconds)} of training so far.` : ".")),
      el("progress", { max: String(counts.runs), value: String(ended), "aria-label": "Runs that have ended", hidden: !counts.active }),
      el("div", { class: "actions" }, ids.length > 1 ? el("a", { id: "experiment-compare", class: "button", href: `/compare?runs=${ids.join(",")}`, text: "Compare curves and answers" }) : "",
        counts.active || growing ? el("button", { type: "button", id: "experiment-stop", class: "button stop", text: "Stop the rest", onclick: () => this.stop() }) : "",
        el("a", { class: "button quiet", href: "/experiments", text: "All experiments" })));
  }

  drawAdvice() {
    const { advice, chosen_run_id: chosen } = this.data;
    const row = this.data.rows.find((each) => each.id === (chosen || advice.run));
    const look = advice.run ? "good" : "info";
    const sentence = `${advice.final ? "" : "So far: "}${advice.sentence}`;
    const use = advice.run && advice.run !== chosen ? el("button", { type: "button", id: "experiment-use", class: "button primary", text: "Use this one", onclick: () => this.use(advice.run) }) : "";
    const picked = chosen ? el("p", { id: "experiment-chosen" }, "You use ", el("a", { href: `/run?id=${encodeURIComponent(chosen)}`, text: row ? shortName(row) : "a run" }), ". ",
      el("a", { href: `/playground?models=${encodeURIComponent(chosen)}`, text: "Try it" }), " or ", el("a", { href: `/api/v1/runs/${encodeURIComponent(chosen)}/adapter`, download: "", text: "download it" }), ".",
      this.data.plan.race && row ? el("span", {}, " The comparison trained on a sample: ", el("a", { id: "race-all-rows", href: onAllRows(this.data, row), text: "train with this method on all rows" }), ".") : "") : "";
    this.advice.replaceChildren(el("div", { class: `verdict verdict-${look} banner` }, el("span", { class: "verdict-mark", "aria-hidden": "true", text: advice.run ? "✓" : "i" }),
      el("div", {}, el("strong", { class: "advice-sentence", text: sentence }), el("p", { text: advice.reason }), picked, use ? el("div", { class: "actions" }, use) : "")));
  }

  drawTable() {
    const { metric } = this.data;
    // A column that no run has a value for would only take room from the others.
    this.withForgetting = this.data.rows.some((row) => row.forgetting);
    const heads = ["", "Method", metric.title + (metric.higher_is_better ? " ↑" : " ↓"), "Against the base", "Trainable", "Peak memory", "Training time", "Download", "Per answer", "Gap", this.withForgetting ? "Forgetting" : null, ""];
    const titles = { 9: "Test loss minus training loss: large when a model has memorised its rows.", 10: "How much worse the model gets at another task.", 8: "Time per test row, answered in batches." };
    const head = el("tr", {}, ...heads.map((text, at) => text !== null && el("th", { scope: "col", class: at > 1 && at < 11 ? "number" : "", title: titles[at] || null }, text || el("span", { class: "sr-only", text: at ? "Action" : "Place" }))));
    const rows = this.data.rows.map((row) => this.row(row));
    if (this.data.base != null) rows.splice(this.placeOfBase(), 0, this.baseRow());
    this.table.replaceChildren(el("table", { id: "leaderboard", class: "data-table" }, el("thead", {}, head), el("tbody", {}, ...rows)));
    const { test_rows: tested } = this.data;
    this.words.textContent = `${tested ? `Measured on the same ${count(tested)} test rows. ` : ""}Bars are 95 % intervals. ★ is the best, ≈ is not distinguishable from it ${this.data.paired ? "on these rows (paired test, corrected for the number of runs)" : "(less than 2 % apart)"}. Underlined costs are the lowest.`;
  }

  placeOfBase() {
    const { metric, base, rows } = this.data;
    const at = rows.findIndex((row) => row.quality == null || (metric.higher_is_better ? row.quality < base : row.quality > base));
    return at < 0 ? rows.length : at;
  }

  baseRow() {
    return el("tr", { class: "base-row" }, el("td", {}, swatch(BASE_INDEX)), el("th", { scope: "row" }, this.data.base_name === "linear_probe" ? "Linear probe on the base model" : "Base model"),
      el("td", { class: "number" }, this.score(this.data.base)), ...Array.from({ length: this.withForgetting ? 9 : 8 }, () => el("td")));
  }

  row(row) {
    const done = row.quality != null;
    const [mark, words] = RANKS[row.rank] || ["", ""];
    const place = el("td", {}, swatch(this.style(row)), mark ? el("span", { class: `rank rank-${row.rank}`, title: words }, el("span", { "aria-hidden": "true", text: mark }), el("span", { class: "sr-only", text: words })) : "");
    const cells = done ? this.resultCells(row) : [el("td", { colspan: this.withForgetting ? "9" : "8", class: "waiting-cell" }, this.waiting(row))];
    const use = el("td", {}, done ? el("button", { type: "button", class: "button small use-this", "data-run": row.id, disabled: row.id === this.data.chosen_run_id, text: row.id === this.data.chosen_run_id ? "In use" : "Use this one", onclick: () => this.use(row.id) }) : "");
    return el("tr", { "data-run": row.id, "data-rank": row.rank || "" }, place,
      el("th", { scope: "row" }, el("a", { href: `/run?id=${encodeURIComponent(row.id)}`, text: shortName(row) }), shortName(row) === methodTitle(row.method) || shortName(row).startsWith(row.method_title) ? "" : el("span", { class: "muted row-note", text: row.method_title })), ...cells, use);
  }

  resultCells(row) {
    const cost = (key, text, note) => el("td", { class: row.best_in.includes(key) ? "number cheapest" : "number" }, text == null ? "–" : el("span", { text }), row.best_in.includes(key) ? el("span", { class: "sr-only", text: " (lowest)" }) : "", note ? el("span", { class: "muted row-note", text: note }) : "");
    const show = (value, words) => (value == null ? null : words(value));
    return [
      el("td", { class: "number quality-cell" }, el("span", { class: row.rank === "best" ? "quality best" : "quality", text: this.score(row.quality) }), this.intervalBar(row)),
      el("td", { class: "number" }, this.change(row)),
      cost("trainable_parameters", show(row.trainable_parameters, count), row.trainable_share == null ? "" : percent(row.trainable_share)),
      cost("peak_memory_bytes", show(row.peak_memory_bytes, bytes)), cost("training_seconds", show(row.training_seconds, duration)),
      cost("adapter_bytes", show(row.adapter_bytes, bytes)), cost("answer_seconds", show(row.answer_seconds, COSTS[4].words)),
      el("td", { class: "number" }, show(row.gap, (gap) => gap.toFixed(2)) ?? "–"), this.withForgetting ? el("td", { class: "number" }, forgettingWords(row.forgetting)) : "",
    ];
  }

  intervalBar(row) {
    if (!row.interval) return "";
    const all = this.data.rows.flatMap((each) => each.interval || []).concat(this.data.base ?? []);
    // Beside an untouched perplexity in the thousands all tuned ones would be one dot.
    const along = spread(all) > WIDE ? Math.log : (value) => value;
    const [low, high] = [along(Math.min(...all)), along(Math.max(...all))];
    const place = (number, value = along(number)) => `${high > low ? (100 * (value - low)) / (high - low) : 50}%`;
    const line = el("span", { class: "interval-line" });
    line.style.left = place(row.interval[0]);
    line.style.right = `calc(100% - ${place(row.interval[1])})`;
    const dot = el("span", { class: "interval-dot" });
    dot.style.left = place(row.quality);
    line.style.background = dot.style.background = runStyle(this.style(row)).color;
    const base = el("span", { class: "interval-base" });
    if (this.data.base != null) base.style.left = place(this.data.base);
    return el("span", {}, el("span", { class: "interval", "aria-hidden": "true" }, this.data.base == null ? "" : base, line, dot),
      el("span", { class: "muted row-note", text: `${this.score(row.interval[0])} to ${this.score(row.interval[1])}` }));
  }

  change(row) {
    if (row.change == null) return "–";
    const [mark, words] = CHANGES[row.verdict] || ["", ""];
    const way = row.verdict === "unclear" ? "same" : row.verdict || "same";
    const size = this.data.metric.unit === "share" ? `${Math.abs(row.change * 100).toFixed(1)} points` : figure(Math.abs(row.change));
    const sign = row.change > 0 ? "+" : row.change < 0 ? "−" : "±";
    const [low, high] = row.change_interval || [];
    return el("span", {}, el("span", { class: `delta delta-${way}` }, el("span", { "aria-hidden": "true", text: `${mark} ` }), el("span", { class: "sr-only", text: `${words}: ` }), `${sign}${size}`),
      low == null ? "" : el("span", { class: "muted row-note", text: `${signed(low)} to ${signed(high)}` }));
  }

  score(value) {
    return this.data.metric.unit === "share" ? percent(value) : figure(value);
  }

  waiting(row) {
    const { step, total_steps: total } = row.progress || {};
    const words = row.stopped || row.error || (row.state === "running" && total ? `${row.phase}, ${Math.round((100 * (step || 0)) / total)} %` : row.state === "running" ? row.phase : "");
    return el("span", { class: "waiting" }, stateChip(row.state), el("span", { class: "muted small", text: words }));
  }

  drawPlan() {
    const { plan } = this.data;
    const limits = [plan.race ? `a sample of ${counted(plan.race.steps, "update")} for each` : "", plan.most_minutes ? `at most ${plan.most_minutes} minutes of training` : "", plan.stop_hopeless ? "runs that fall behind are stopped halfway" : "", plan.halving ? "successive halving at 20, 40 and 80 % of the steps" : ""].filter(Boolean);
    this.conditions.replaceChildren(el("p", { text: `Every run trained on the same rows with the same split, seed and number of epochs${plan.vary && Object.keys(plan.vary).length ? ", apart from what was varied on purpose" : ""}; each method uses its own recommended learning rate unless it was varied.${limits.length ? ` Limits: ${limits.join(", ")}.` : ""}` }));
  }

  async use(id) {
    await this.act("choose", { run_id: id }, "Noted and starred. The link above tries or downloads it.");
  }

  async stop() {
    const sure = await confirmed({ title: "Stop the rest?", text: "Runs that wait are taken out of the queue, the one that works is stopped and keeps its checkpoint. Finished runs stay in the table.", action: "Stop the rest", look: "stop" });
    if (sure) await this.act("cancel", undefined, "Stopping.");
  }

  async act(action, body, done) {
    try {
      this.show(await api(`${this.path}/${action}`, { method: "POST", body }));
      toast(done);
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`.trim(), "error");
    }
  }
}

/** Runs of an experiment are called "data · method, settings"; here only the second part tells them apart. */
function shortName(row) {
  return row.name.split(" · ").pop();
}

function forgettingWords(found) {
  if (!found || found.before == null || found.after == null) return "–";
  if (found.unit === "loss") return `${found.change > 0 ? "+" : "−"}${Math.abs(found.change).toFixed(3)} loss`;
  const change = (found.after - found.before) * 100;
  return `${change > 0 ? "+" : change < 0 ? "−" : "±"}${Math.abs(change).toFixed(1)} points`;
}

function signed(share) {
  return `${share < 0 ? "−" : "+"}${Math.abs(share * 100).toFixed(1)}`;
}

function swatch(index) {
  const { color } = runStyle(index);
  const mark = el("span", { class: "dot-swatch", "aria-hidden": "true" });
  mark.style.background = color;
  return mark;
}
