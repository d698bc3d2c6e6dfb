// Changes to rows that are not saved yet, and the bar that saves them as one version. Knows the API, no table.

import { change } from "./checks.js";
import { banner, counted, el, errorBanner, toast } from "./studio.js";

/** Collects edits of one version of a data set; `saved(dataset)` is called with the next version. */
export class Draft {
  constructor(dataset, saved) {
    Object.assign(this, { dataset, saved, cells: new Map(), gone: new Set(), added: [], busy: false });
    this.words = el("strong", {});
    this.status = el("div", { role: "status" });
    this.keep = el("button", { id: "draft-save", type: "button", class: "button primary", onclick: () => this.send([]) });
    this.bar = el("div", { id: "draft-bar", class: "draft-bar", hidden: true }, this.words, this.keep,
      el("button", { id: "draft-discard", type: "button", class: "button", text: "Discard", onclick: () => this.saved(this.dataset) }), this.status);
  }

  /** Note a new content of one cell; the content it had before takes the note back. */
  set(row, column, value) {
    const cells = this.cells.get(row._id) || {};
    if (value === (row.cells[column] ?? "")) delete cells[column];
    else cells[column] = value;
    if (Object.keys(cells).length) this.cells.set(row._id, cells);
    else this.cells.delete(row._id);
    this.show();
  }

  /** What a cell will hold. */
  get(row, column) {
    return this.cells.get(row._id)?.[column] ?? row.cells[column];
  }

  remove(row, yes) {
    if (yes) this.gone.add(row._id);
    else this.gone.delete(row._id);
    this.show();
  }

  add(cells) {
    this.added.push(cells);
    this.show();
  }

  get size() {
    return this.cells.size + this.gone.size + this.added.length;
  }

  show() {
    this.bar.hidden = this.size === 0;
    this.words.textContent = `${counted(this.size, "row")} changed, not saved yet.`;
    this.keep.textContent = `Save as version ${this.dataset.version + 1}`;
  }

  /** Where the progress of a save is shown, at the bottom of the screen. */
  progress() {
    this.bar.hidden = false;
    this.bar.setAttribute("aria-busy", "true");
    this.words.textContent = "Checking every row…";
    return this.status;
  }

  changes() {
    const edits = [...this.cells].filter(([id]) => !this.gone.has(id)).map(([row_id, cells]) => ({ op: "edit", row_id, cells }));
    const removed = this.gone.size ? [{ op: "delete", rows: { ids: [...this.gone] } }] : [];
    return [...edits, ...removed, ...this.added.map((cells) => ({ op: "add", cells }))];
  }

  /** Save what is noted together with `more` changes; everything is checked again. */
  async send(more) {
    if (this.busy) return;
    this.busy = true;
    document.getElementById("report")?.setAttribute("aria-busy", "true");
    try {
      const body = { changes: [...this.changes(), ...more], version: this.dataset.version };
      const dataset = await change(`/api/v1/datasets/${encodeURIComponent(this.dataset.id)}/changes`, body, this.progress());
      toast(`Version ${dataset.version}: ${dataset.change?.summary || "saved"}`);
      await this.saved(dataset);
    } catch (error) {
      this.show();
      this.bar.hidden = false;
      this.status.replaceChildren(error.code === "nothing_changed" ? banner("info", error.message, error.hint) : errorBanner(error));
      this.status.scrollIntoView({ block: "nearest" });
      toast(`${error.message} ${error.hint || ""}`, "error");
    } finally {
      this.busy = false;
      this.bar.removeAttribute("aria-busy");
      document.getElementById("report")?.removeAttribute("aria-busy");
    }
  }
}
