// Which colour and dash belong to which compared run. A run keeps its own when others come, go or change places, and the
// address says which where it is not simply the order.

import { runStyle } from "./charts.js";
import { remember } from "./run_curves.js";
import { el } from "./studio.js";

export class Places {
  /** @param {string[]} ids in the order of the address */
  constructor(ids) {
    const asked = (new URLSearchParams(location.search).get("colours") || "").split(",").map(Number);
    const good = asked.length === ids.length && new Set(asked).size === ids.length && asked.every((place) => Number.isInteger(place) && place >= 0);
    this.found = new Map(ids.map((id, at) => [id, good ? asked[at] : at]));
  }

  of(id) {
    return this.found.get(id) ?? 0;
  }

  /** Take in who is compared now: newcomers get the lowest free place. */
  keep(ids) {
    this.found = new Map([...this.found].filter(([id]) => ids.includes(id)));
    for (const id of ids) {
      if (this.found.has(id)) continue;
      const taken = new Set(this.found.values());
      let place = 0;
      while (taken.has(place)) place += 1;
      this.found.set(id, place);
    }
    const places = ids.map((id) => this.of(id));
    remember({ colours: places.every((place, at) => place === at) ? null : places.join(",") });
  }
}

/** The sign of the run at this place: a piece of its line. */
export function swatch(index) {
  const { color, dash } = runStyle(index);
  const mark = el("span", { class: `swatch swatch-${dash}`, "aria-hidden": "true" });
  mark.style.color = color;
  return mark;
}
