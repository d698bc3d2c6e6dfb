// Curves that follow a run: asks only for points it does not have, and smooths, scales, zooms and exports them in the
// browser. What is drawn is said by the server (see curves.py).

import { followChartControls } from "./chart_controls.js";
import { CurveChart } from "./curve_chart.js";
import { addressed, call, errorBanner, skeleton } from "./studio.js";
import { build } from "./view.js";

class Curves {
  constructor(root, { frame }, ask) {
    root.append(...frame.map((node) => build(node)));
    const [trouble, , grid, words] = root.children;
    grid.append(skeleton(4));
    Object.assign(this, { ask, trouble, grid, words, points: {}, after: null, began: null, marks: [], stepsPerPass: 0, charts: [] });
    followChartControls(root, (options) => this.configure(options));
  }

  /** Take what is new, as long as there is more; then wait for the next time, if there is one. */
  async pull() {
    clearTimeout(this.timer);
    this.timer = 0;
    try {
      let news;
      do {
        news = await this.ask(this.after);
        this.take(news);
      } while (news.more);
      this.trouble.replaceChildren();
      this.wait(news.again);
    } catch (error) {
      this.trouble.replaceChildren(errorBanner(error));
      if (!this.charts.length) this.grid.replaceChildren();
      this.wait(10);
    }
  }

  /** A part of the page that nobody sees asks for nothing. */
  wait(seconds) {
    if (seconds == null) return;
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.resting = document.hidden || !this.grid.checkVisibility();
      if (!this.resting) this.pull();
    }, seconds * 1000);
  }

  wake() {
    if (!this.resting) return;
    this.resting = false;
    this.pull();
  }

  take({ charts, points, after, marks, steps_per_pass: stepsPerPass }) {
    if (charts) this.build(charts);
    this.after = after;
    for (const [key, found] of Object.entries(points)) {
      const curve = (this.points[key] ||= []);
      for (const [step, value, at] of found) {
        curve.push({ step, at, value: value == null ? NaN : value });
        this.began = Math.min(this.began ?? at, at);
      }
    }
    if (marks) {
      Object.assign(this, { marks, stepsPerPass });
      this.words.textContent = marks.map(({ sign, text }) => `${sign} ${text}`).join(" · ");
    }
    if (charts || marks || Object.keys(points).length) this.draw();
  }

  build(charts) {
    this.charts.forEach(([, chart]) => chart.remove());
    this.grid.replaceChildren();
    const zoomed = (chart, change) => this.zoomed(chart, change);
    this.charts = charts.map((about) => [about, new CurveChart(this.grid, { ...about, zoomed })]);
    this.configure(this.options || {});
  }

  configure({ axis, ...options }) {
    this.options = options;
    this.axis = axis || this.axis;
    for (const [, chart] of this.charts) chart.configure(options);
    this.draw();
  }

  draw() {
    const marks = this.marks.map((mark) => ({ x: this.across(mark), sign: mark.sign, text: mark.text }));
    for (const [about, chart] of this.charts) {
      // What does not apply to a run is not shown.
      chart.figure.hidden = about.optional && !about.lines.some(({ key }) => this.points[key]?.length);
      chart.update(about.lines.map(({ key, name, smooth }, style) => ({ name, style, smooth, points: this.curve(key, about.scale) })), about.marked ? marks : []);
    }
  }

  /** All charts have the same things across, so that a part chosen in one is shown in each. */
  zoomed(chosen, change) {
    if (this.zooming) return;
    const range = change["xaxis.range[0]"] === undefined ? change["xaxis.range"] : [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (!range && !change["xaxis.autorange"]) return;
    this.zooming = true;
    for (const [, chart] of this.charts) if (chart !== chosen) chart.zoom(range || null);
    this.zooming = false;
  }

  across({ step, at }) {
    if (this.axis === "time") return (at - this.began) / 60;
    return this.axis === "pass" && this.stepsPerPass ? step / this.stepsPerPass : step;
  }

  curve(key, scale) {
    return (this.points[key] || []).map((point) => [this.across(point), point.value * scale]).sort((one, other) => one[0] - other[0]);
  }
}

export function mount({ element, props, server, watch }) {
  const root = element.querySelector(".browser-component");
  const curves = new Curves(root, props, (after) => call(server, "read_curves", { query: addressed(), after }));
  watch("value", () => curves.pull());
  document.addEventListener("visibilitychange", () => !document.hidden && curves.wake());
  new IntersectionObserver(() => curves.wake()).observe(curves.grid);
  return curves.pull();
}
