// The confusion matrix of many labels as a heat map, and the colour of one cell of a small one. Fetches nothing.

import { Redrawn, axisStyle, chartHeight, frame, isDark, plain, runStyle, settings, shortened } from "./charts.js";

/**
 * Rows expected, columns answered. Counts are coloured by their share of the expected label, so that rare labels show too.
 * @param {HTMLElement} place; @param {string[]} labels; @param {number[][]} counts
 */
export class HeatMap extends Redrawn {
  constructor(place, labels, counts) {
    super();
    Object.assign(this, { labels, counts });
    this.plot = document.createElement("div");
    this.plot.className = "heatmap";
    place.append(this.plot);
    this.keep(this.plot);
    this.draw();
  }

  remove() {
    this.forget();
    this.plot.remove();
  }

  draw() {
    if (!window.Plotly) return;
    const { labels, counts } = this;
    const shares = counts.map((row) => {
      const total = row.reduce((sum, count) => sum + count, 0) || 1;
      return row.map((count) => count / total);
    });
    const many = labels.length > 30;
    const names = labels.map((label) => plain(shortened(label, 28)));
    // Positions, not names, are the coordinates: two long labels may shorten to the same text.
    const places = labels.map((_, at) => at);
    const axis = { ...axisStyle(), tickvals: places, ticktext: names, showgrid: false, tickfont: { size: many ? 9 : 11, color: axisStyle().color } };
    const text = counts.map((row, at) => row.map((count, to) => `${count} of “${plain(labels[at])}” answered “${plain(labels[to])}”`));
    const trace = {
      type: "heatmap", z: shares, x: places, y: places, text, zmin: 0, zmax: 1, showscale: false, xgap: 1, ygap: 1,
      hovertemplate: "%{text}<extra></extra>", colorscale: heatScale(),
    };
    const size = Math.max(420, labels.length * (many ? 13 : 24) + 200);
    const layout = {
      ...frame(), height: chartHeight(this.plot, size), margin: { l: 10, r: 10, t: 10, b: 10 },
      xaxis: { ...axis, title: { text: "answered" }, tickangle: -60, automargin: true, constrain: "domain" },
      yaxis: { ...axis, title: { text: "expected" }, autorange: "reversed", automargin: true },
    };
    this.plot.style.minWidth = `${Math.min(size, 760)}px`;
    window.Plotly.react(this.plot, [trace], layout, (this.config ??= settings("Confusion matrix", null)));
  }
}

/** Background for one cell of a small confusion table: stronger for a larger share. */
export function heatColour(share) {
  const strength = Math.round(Math.min(1, Math.max(0, share)) * 62);
  return `color-mix(in srgb, ${runStyle(0).color} ${strength}%, transparent)`;
}

function heatScale() {
  return isDark()
    ? [[0, "#161c24"], [0.02, "#1d3148"], [0.5, "#2f6fae"], [1, "#8cc8ff"]]
    : [[0, "#f5f7f9"], [0.02, "#dcebf8"], [0.5, "#5aa2dc"], [1, "#084a86"]];
}
