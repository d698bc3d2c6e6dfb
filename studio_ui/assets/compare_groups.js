// Runs of one kind as one line with a band: mean of their curves, and how far they lie apart. Fetches nothing.

import { remember } from "./run_curves.js";
import { settingWords } from "./run_details.js";
import { el } from "./studio.js";

const SEED = "training.seed";
const ALIKE = "alike";
const BANDS = [["range", "lowest to highest"], ["deviation", "± one standard deviation"]];
const NO_CHOICES = new Set(["fingerprint", "labels"]);

/** Two choices that live in the address: what puts runs into one group, and what the band shows. */
export class Grouping {
  constructor(changed) {
    const query = new URLSearchParams(location.search);
    this.wanted = query.get("group") || "";
    this.by = el("select", { id: "compare-group" });
    this.band = el("select", { id: "compare-band" }, ...BANDS.map(([value, text]) => el("option", { value, text })));
    if (BANDS.some(([value]) => value === query.get("band"))) this.band.value = query.get("band");
    this.bandLabel = el("label", { for: "compare-band" }, "Band ", this.band);
    this.node = el("span", { class: "grouping" }, el("label", { for: "compare-group" }, "Group by ", this.by), this.bandLabel);
    const tell = () => {
      this.wanted = this.by.value;
      this.bandLabel.hidden = !this.wanted;
      remember({ group: this.wanted || null, band: this.wanted && this.band.value !== BANDS[0][0] ? this.band.value : null });
      changed();
    };
    for (const box of [this.by, this.band]) box.addEventListener("change", tell);
  }

  /** Offer what differs between these runs. */
  offer(settings) {
    this.settings = settings.filter((row) => row.differs && !NO_CHOICES.has(row.key));
    const seeds = this.settings.some((row) => row.key === SEED);
    const options = [["", "nothing: every run its own line"], ...(seeds ? [[ALIKE, "all settings but the seed"]] : []), ...this.settings.map((row) => [row.key, row.title])];
    this.by.replaceChildren(...options.map(([value, text]) => el("option", { value, text })));
    this.by.value = options.some(([value]) => value === this.wanted) ? this.wanted : "";
    this.bandLabel.hidden = !this.by.value;
    this.node.hidden = !this.settings.length;
  }

  /** @returns {{name: string, runs: object[]}[] | null} null when nothing is grouped */
  groups(runs) {
    const key = this.by.value;
    if (!key) return null;
    const rows = key === ALIKE ? this.settings.filter((row) => row.key !== SEED) : this.settings.filter((row) => row.key === key);
    const found = new Map();
    for (const run of runs) {
      const name = rows.map((row) => `${row.title} ${settingWords(row.values[run.id])}`).join(", ") || "all runs";
      found.set(name, [...(found.get(name) || []), run]);
    }
    return [...found].map(([name, members]) => ({ name: `${name} (${members.length} ${members.length === 1 ? "run" : "runs"})`, runs: members }));
  }

  /** One line with its band from the curves of a group. */
  line(curves) {
    return meanAndBand(curves, this.band.value);
  }
}

/**
 * Mean and band of several curves at every place where one of them was logged; between its own points a curve is taken
 * to be straight, beyond its ends it does not count.
 * @param {number[][][]} curves points (x, y) by rising x; @param {"range"|"deviation"} kind
 * @returns {{points: number[][], band: number[][]}} band as (x, low, high), only where two or more curves count
 */
export function meanAndBand(curves, kind) {
  const places = [...new Set(curves.flatMap((curve) => curve.map(([x]) => x)))].sort((one, other) => one - other);
  const cursors = curves.map(() => 0);
  const points = [];
  const band = [];
  for (const x of places) {
    const values = curves.map((curve, at) => valueAt(curve, x, cursors, at)).filter(Number.isFinite);
    if (!values.length) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    points.push([x, mean]);
    if (values.length < 2) continue;
    const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    band.push(kind === "deviation" ? [x, mean - spread, mean + spread] : [x, Math.min(...values), Math.max(...values)]);
  }
  return { points, band };
}

function valueAt(curve, x, cursors, at) {
  while (cursors[at] + 1 < curve.length && curve[cursors[at] + 1][0] <= x) cursors[at] += 1;
  const here = curve[cursors[at]];
  if (!here || here[0] > x) return NaN;
  if (here[0] === x) return here[1];
  const next = curve[cursors[at] + 1];
  return next ? here[1] + ((next[1] - here[1]) * (x - here[0])) / (next[0] - here[0]) : NaN;
}
