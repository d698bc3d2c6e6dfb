// Saved views of the table of runs, which are found in every browser, and a dialog that asks for a name.

import { ask, call, el, t, toast } from "./studio.js";

// Where earlier releases kept views, in one browser each; they are brought over once.
const OLDER = "studio-run-views";

export class SavedViews {
  /**
   * @param {(name: string) => HTMLElement} part finds what Python describes
   * @param {() => object} current the view as the table shows it; @param {(view: object) => void} open shows another
   */
  constructor(server, part, current, open) {
    Object.assign(this, { server, current, open, views: [], box: part("views"), forget: part("forget-view"), save: part("save-view") });
  }

  /** The list or one of the buttons beside it. */
  press(name) {
    return { keep: () => this.keep(), forget: () => this.remove() }[name]?.() ?? this.choose();
  }

  /** Views as the server has them; those of an earlier release in this browser come along. */
  async take(views) {
    this.views = views;
    const older = olderViews().filter(({ name }) => !views.some((each) => each.name === name));
    for (const { name, view } of older) this.views = await call(this.server, "save_view", { name, view });
    localStorage.removeItem(OLDER);
  }

  /** Bring the list in line with what the table shows. */
  show() {
    const here = sorted(this.current());
    this.shown = this.views.find((each) => sorted(each.view) === here);
    this.box.hidden = !this.views.length;
    this.box.replaceChildren(el("option", { value: "", text: t("Saved views") }), ...this.views.map(({ id, name }) => el("option", { value: id, text: name })));
    this.box.value = this.shown?.id || "";
    this.forget.hidden = !this.shown;
    this.save.hidden = Boolean(this.shown);
  }

  choose() {
    const chosen = this.views.find((each) => each.id === this.box.value);
    if (chosen) this.open({ ...chosen.view });
  }

  async keep() {
    const name = await askText({ title: t("Keep these filters and this order under a name") }, t("Name"), []);
    if (name) await this.change("save_view", { name, view: this.current() }, t("Kept. You find it in every browser in which you are signed in."));
  }

  async remove() {
    const { id, name } = this.shown;
    await this.change("forget_view", { id }, t("“{name}” is forgotten; the runs stay.", { name }));
  }

  async change(name, data, words) {
    try {
      this.views = await call(this.server, name, data);
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

/** Ask for one line of text, with suggestions. @returns {Promise<string>} empty when the dialog was closed */
export async function askText(words, label, suggestions) {
  const box = el("input", { type: "text", id: "ask-text", name: "answer", maxlength: "40", list: "ask-list", autocomplete: "off", required: true });
  const list = el("datalist", { id: "ask-list" }, ...suggestions.map((value) => el("option", { value })));
  const given = await ask({ ...words, verb: t("Save"), close: t("Close") }, el("label", { for: "ask-text", text: label }), box, list);
  return given ? given.get("answer").trim() : "";
}
