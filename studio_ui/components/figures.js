// Charts that Python describes as a whole (see figures.py): drawn in the colours of the page, and reporting what is chosen in them.

import { Redrawn, axisStyle, chartHeight, frame, legendRoom, settings, token } from "./charts.js";
import { el } from "./studio.js";

const NARROW = 700;
const PROPERTY = /^var\((--[a-z0-9-]+)\)$/;
const drawn = new WeakMap();

/** Show a figure in its place, or change the one that is there. @param act as in `view.js` */
export function showFigure(place, about, act) {
  const chart = drawn.get(place) || new Figure(place);
  drawn.set(place, chart);
  Object.assign(chart, { about, act, heavy: about.heavy });
  chart.drawSoon();
}

class Figure extends Redrawn {
  constructor(place) {
    super();
    this.plot = place.appendChild(el("div", { class: "chart-plot" }));
    this.keep(place);
  }

  draw() {
    if (!window.Plotly || !this.plot.clientWidth) return;
    const { title, traces, layout, height, csv } = this.about;
    const room = layout.showlegend ? legendRoom(traces.filter((trace) => trace.name), this.plot.clientWidth) : 0;
    this.plot.style.height = `${height + room}px`;
    const described = { ...frame(), ...coloured(layout), ...this.axes(), height: chartHeight(this.plot, height + room) };
    this.config ??= settings(title, csv ? () => this.about.csv : null);
    window.Plotly.react(this.plot, coloured(traces), described, this.config);
    if (!this.shown) this.listen();
    this.shown = true;
  }

  axes() {
    const { layout, narrow } = this.about;
    const smaller = window.innerWidth < NARROW ? narrow : {};
    const names = Object.keys(layout).filter((name) => /^[xy]axis/.test(name));
    return Object.fromEntries(names.map((name) => [name, { ...axisStyle(), ...layout[name], ...smaller[name] }]));
  }

  listen() {
    const { action, brush } = this.about;
    if (action) this.plot.on("plotly_click", ({ points: [{ x, y }] }) => this.act({ name: action.name, value: [action.rows[y], action.columns[x]] }));
    if (brush) this.plot.on("plotly_restyle", () => this.brushed());
  }

  /** Put the ranges that were chosen on parallel axes into the address, in the units of the settings. */
  brushed() {
    const { parameter, axes } = this.about.brush;
    const ranges = {};
    this.plot.data[0].dimensions.forEach(({ constraintrange }, at) => {
      // Several ranges on one axis count as the one that holds them all.
      const ends = constraintrange?.flat();
      if (ends?.length) ranges[axes[at].key] = [Math.min(...ends), Math.max(...ends)].map((value) => (axes[at].log ? 10 ** value : value));
    });
    this.act({ query: { [parameter]: Object.keys(ranges).length ? JSON.stringify(ranges) : null } });
  }
}

/** The description with custom properties of the page in place of their names. */
function coloured(about) {
  if (Array.isArray(about)) return about.map(coloured);
  if (about && typeof about === "object") return Object.fromEntries(Object.entries(about).map(([name, value]) => [name, coloured(value)]));
  const property = typeof about === "string" && about.match(PROPERTY);
  return property ? token(property[1]) : about;
}
