// Data: choose or drop a file, watch it arrive, read the report, correct the mapping; below, the data sets there are.

import { loadSamples, sampleCards } from "./samples.js";
import { renderReport } from "./report.js";
import { ApiError, api, bytes, confirmed, count, el, emptyState, errorBanner, ready, refusal, skeleton, toast, when } from "./studio.js";
import { showArriving, showRefused } from "./upload_decision.js";
import { remember } from "./run_curves.js";

const ACCEPTED = ".csv,.tsv,.tab,.psv,.xlsx,.xlsm,.json,.jsonl,.ndjson,.parquet,.pq,.txt,.text,.md,"
  + ".conll,.conllu,.bio,.iob,.iob2,.bioes,.gz,.gzip,.zip";

class DataPage {
  constructor(root) {
    this.result = el("div", { id: "data-result", "aria-live": "polite" });
    this.list = el("div", { id: "data-list" }, skeleton(3));
    this.samples = el("div", { id: "data-samples" });
    this.upload = new Upload(this.result, (dataset) => this.show(dataset));
    root.replaceChildren(this.upload.form, this.result,
      el("section", { class: "section" }, el("h2", { text: "Your data sets" }), this.list),
      el("section", { class: "section" }, el("h2", { text: "Samples" }), this.samples));
  }

  async start() {
    const id = new URLSearchParams(location.search).get("id");
    if (id) await this.open(id);
    await Promise.all([this.refresh(), this.showSamples()]);
  }

  async open(id) {
    this.result.replaceChildren(skeleton(6));
    try {
      await this.show(await api(`/api/v1/datasets/${encodeURIComponent(id)}`));
    } catch (error) {
      this.result.replaceChildren(errorBanner(error));
    }
  }

  async show(dataset) {
    remember({ id: dataset.id });
    await renderReport(this.result, dataset, (changed) => this.show(changed), () => this.refresh());
    this.result.scrollIntoView({ block: "nearest" });
    return this.refresh();
  }

  async refresh() {
    try {
      const { datasets } = await api("/api/v1/datasets");
      this.list.replaceChildren(datasets.length ? this.table(datasets) : emptyState("No data yet.", "Upload a file above, or copy one of the samples below."));
    } catch (error) {
      this.list.replaceChildren(errorBanner(error));
    }
  }

  table(datasets) {
    const heads = ["Name", "Usable rows", "Labels", "Version", "Added", ""].map((text) => el("th", { scope: "col", text }));
    return el("div", { class: "table-box", tabindex: "0", role: "region", "aria-label": "Your data sets" },
      el("table", { id: "data-table", class: "data-table" }, el("thead", {}, el("tr", {}, ...heads)), el("tbody", {}, ...datasets.map((each) => this.row(each)))));
  }

  row(dataset) {
    const open = el("button", { type: "button", class: "link", text: dataset.name, onclick: () => this.open(dataset.id) });
    return el("tr", { "data-id": dataset.id }, el("th", { scope: "row" }, open),
      el("td", {}, `${count(dataset.usable_rows)} of ${count(dataset.rows)}`), el("td", { text: labelCount(dataset) }), el("td", { text: String(dataset.version) }),
      el("td", { text: when(dataset.created_at) }),
      el("td", {}, el("div", { class: "row-actions" }, el("a", { class: "button small primary", href: `/new?dataset=${encodeURIComponent(dataset.id)}`, text: "Tune a model" }),
        el("button", { type: "button", class: "button small", "aria-label": `Archive ${dataset.name}`, text: "Archive", onclick: () => this.archive(dataset) }))));
  }

  async archive(dataset) {
    const text = "It disappears from this list. Runs that used it keep their copy and go on.";
    if (!(await confirmed({ title: `Archive “${dataset.name}”?`, text, action: "Archive", look: "stop" }))) return;
    try {
      await api(`/api/v1/datasets/${encodeURIComponent(dataset.id)}/archive`, { method: "POST" });
      toast("Archived.");
    } catch (error) {
      toast(`${error.message} ${error.hint}`, "error");
    }
    await this.refresh();
  }

  async showSamples() {
    try {
      this.samples.replaceChildren(sampleCards(await loadSamples(), (dataset) => this.show(dataset)));
    } catch (error) {
      this.samples.replaceChildren(errorBanner(error));
    }
  }
}

function labelCount(dataset) {
  const number = Object.keys(dataset.labels || {}).length;
  return number ? count(number) : "–";
}

/** The form that sends a file with progress; one upload at a time. */
class Upload {
  constructor(place, done) {
    Object.assign(this, { place, done });
    this.file = el("input", { id: "data-file", type: "file", accept: ACCEPTED, class: "sr-only" });
    this.evaluation = el("input", { id: "data-evaluation", type: "file", accept: ACCEPTED });
    this.choose = el("button", { id: "data-choose", type: "button", class: "button primary large", text: "Choose a file", onclick: () => this.file.click() });
    this.status = el("p", { id: "data-status", role: "status", class: "muted" });
    this.bar = el("progress", { id: "data-progress", max: "1", "aria-label": "Upload", hidden: true });
    this.stop = el("button", { type: "button", class: "button small", text: "Cancel", hidden: true, onclick: () => this.request?.abort() });
    this.zone = el("div", { id: "data-drop", class: "drop" },
      el("p", { class: "drop-title", text: "Drop your data here" }),
      el("p", { class: "muted", text: "CSV, Excel, JSON, JSON Lines, Parquet, CoNLL or text, also zipped; one example per row. It stays on this machine." }),
      this.choose, el("label", { class: "sr-only", for: "data-file", text: "Data file" }), this.file, this.bar, this.status, this.stop);
    this.form = el("form", { id: "data-upload", class: "card" }, this.zone,
      el("details", { class: "more" }, el("summary", { text: "I have a test file of my own" }),
        el("p", { class: "muted", text: "Choose it before the data file. Without one, a tenth of your rows is kept aside as the test." }),
        el("label", { for: "data-evaluation", text: "Test file (same columns)" }), this.evaluation));
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.file.addEventListener("change", () => this.file.files[0] && this.send(this.file.files[0]));
    for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
      this.zone.addEventListener(kind, (event) => {
        event.preventDefault();
        this.zone.classList.toggle("drop-over", kind === "dragenter" || kind === "dragover");
        if (kind === "drop" && event.dataTransfer.files[0]) this.send(event.dataTransfer.files[0]);
      });
    }
  }

  async send(file) {
    if (this.request) return;
    this.place.replaceChildren();
    this.busy(true);
    try {
      const answer = await this.transfer(file);
      this.status.textContent = `${file.name} (${bytes(file.size)}) was read. ${answer.check ? "Its rows are below, the report follows." : "The report is below."}`;
      this.rest();
      await this.done(answer.check ? await showArriving(this.place, file.name, answer) : answer);
    } catch (error) {
      this.status.textContent = `${file.name} was not taken.`;
      showRefused(this.place, file.name, error, this.done);
    } finally {
      this.rest();
    }
  }

  rest() {
    this.request = null;
    this.busy(false);
    this.file.value = "";
  }

  busy(yes) {
    this.bar.hidden = this.stop.hidden = !yes;
    this.choose.disabled = yes;
    this.zone.setAttribute("aria-busy", String(yes));
  }

  // fetch cannot tell how much of a body has been sent, XMLHttpRequest can.
  transfer(file) {
    const form = new FormData();
    form.append("file", file);
    if (this.evaluation.files[0]) form.append("evaluation", this.evaluation.files[0]);
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", "/api/v1/datasets");
      request.setRequestHeader("X-Requested-With", "studio");
      request.setRequestHeader("Prefer", "respond-async");
      request.upload.addEventListener("progress", (event) => this.progress(event, file));
      request.addEventListener("load", () => {
        const content = parsed(request.responseText);
        if (request.status === 201 || request.status === 202) resolve(content);
        else reject(refusal(request.status, content));
      });
      request.addEventListener("error", () => reject(new ApiError({ code: "no_answer", message: "The connection broke while the file was sent.", hint: "Nothing was stored. Try again; very large files may pass the studio's limit." })));
      request.addEventListener("abort", () => reject(new ApiError({ code: "stopped", message: "The upload was stopped.", hint: "Nothing was stored." })));
      request.send(form);
    });
  }

  progress(event, file) {
    const share = event.total ? event.loaded / event.total : 0;
    this.bar.value = share;
    this.status.textContent = share < 1 ? `Sending ${file.name}: ${bytes(event.loaded)} of ${bytes(event.total)}` : `Reading ${file.name}…`;
    if (share >= 1) this.bar.removeAttribute("value");
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

ready("#datasets-page", (root) => new DataPage(root).start());
