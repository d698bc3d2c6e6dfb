// Views of the table of runs kept under a name on the server, so that they are found in every browser. Knows no table.

import { api, el, toast } from "./studio.js";

const PATH = "/api/v1/run-views";
// Where earlier releases kept views, in one browser each; they are brought over once.
const OLDER = "studio-run-views";

export class KeptViews {
  /**
   * @param {() => object} current the view as the table shows it; @param {(view: object) => void} open shows another
   * @param {() => Promise<string>} askName asks for the name of a new one
   */
  constructor(current, open, askName) {
    Object.assign(this, { current, open, askName, views: [] });
    this.box = el("select", { id: "runs-views", "aria-label": "Saved views", hidden: true });
    this.box.addEventListener("change", () => this.choose());
    this.forget = el("button", { type: "button", id: "runs-forget-view", class: "button quiet small", text: "Forget this view", hidden: true, onclick: () => this.remove() });
    this.save = el("button", { type: "button", id: "runs-save-view", class: "button quiet small", text: "Keep this view", onclick: () => this.keep() });
    this.nodes = [this.box, this.forget, this.save];
  }

  async load() {
    try {
      this.views = (await api(PATH)).views;
      await this.bringOver();
    } catch (error) {
      toast(`The saved views could not be loaded. ${error.message} ${error.hint || ""}`, "error");
    }
    this.show();
  }

  async bringOver() {
    const older = olderViews();
    for (const { name, view } of older) {
      if (!this.views.some((each) => each.name === name)) await api(PATH, { method: "POST", body: { name, view } });
    }
    if (!older.length) return;
    localStorage.removeItem(OLDER);
    this.views = (await api(PATH)).views;
  }

  /** Bring the list in line with what the table shows. */
  show() {
    const here = sorted(this.current());
    this.shown = this.views.find((each) => sorted(each.view) === here);
    this.box.hidden = !this.views.length;
    this.box.replaceChildren(el("option", { value: "", text: "Saved views" }), ...this.views.map(({ id, name }) => el("option", { value: id, text: name })));
    this.box.value = this.shown?.id || "";
    this.forget.hidden = !this.shown;
    this.save.hidden = Boolean(this.shown);
  }

  choose() {
    const chosen = this.views.find((each) => each.id === this.box.value);
    if (chosen) this.open({ ...chosen.view });
  }

  async keep() {
    const name = await this.askName();
    if (name) await this.change(() => api(PATH, { method: "POST", body: { name, view: this.current() } }), "Kept. You find it in every browser in which you are signed in.");
  }

  async remove() {
    const { id, name } = this.shown;
    await this.change(() => api(`${PATH}/${encodeURIComponent(id)}`, { method: "DELETE" }), `“${name}” is forgotten; the runs stay.`);
  }

  async change(act, words) {
    try {
      await act();
      this.views = (await api(PATH)).views;
      toast(words);
    } catch (error) {
      toast(`${error.message} ${error.hint || ""}`, "error");
    }
    this.show();
  }
}

function olderViews() {
  try {
    return JSON.parse(localStorage.getItem(OLDER)) || [];
  } catch {
    return [];
  }
}

/** The same words for the same view, however it came to be. */
function sorted(view) {
  return JSON.stringify(Object.entries(view).sort());
}
