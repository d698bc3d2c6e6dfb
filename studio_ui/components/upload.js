// Sends a data file to the studio: drop it or choose it, watch it arrive, stop it. One upload at a time.

import { ApiError, bytes, el, refusal, t } from "./studio.js";
import { build } from "./view.js";

const BROKEN = {
  code: "no_answer",
  message: t("The connection broke while the file was sent."),
  hint: t("Nothing was stored. Try again; very large files may pass the studio's limit."),
};

class Upload {
  constructor(root, trigger, { frame, address, after }) {
    const acts = { data: () => this.data.click(), test: () => this.test.click(), stop: () => this.request?.abort() };
    root.append(...frame.map((node) => build(node, ({ name }) => acts[name]())));
    const part = (name) => root.querySelector(`#data-${name}`);
    const parts = { zone: "drop", data: "file", test: "evaluation", status: "status", bar: "progress", stop: "stop", testWords: "evaluation-words" };
    Object.assign(this, { trigger, address, after, button: part("file-choose"), testButton: part("evaluation-choose") });
    for (const [name, id] of Object.entries(parts)) this[name] = part(id);
    this.data.onchange = () => this.data.files[0] && this.send(this.data.files[0]);
    if (this.test) this.test.onchange = () => this.test.files[0] && this.keepTest(this.test.files[0]);
    for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) this.zone.addEventListener(kind, (event) => this.drag(event, kind));
  }

  drag(event, kind) {
    event.preventDefault();
    this.zone.classList.toggle("drop-over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files[0]) this.send(event.dataTransfer.files[0]);
  }

  /** The test file goes with the next data file, or with the one that was just sent. */
  keepTest(file) {
    this.evaluation = file;
    const remove = el("button", { type: "button", class: "button small", text: t("Remove"), "aria-label": t("Remove {file}", { file: file.name }), onclick: () => this.dropTest() });
    const again = this.sent && el("button", { type: "button", class: "button small primary", text: t("Send {sent} again with it", { sent: this.sent.name }), onclick: () => this.send(this.sent) });
    const words = this.sent ? t("{file} is the test of the data that you send next, or again.", { file: file.name }) : t("{file} is the test of the data that you send next.", { file: file.name });
    this.testWords.replaceChildren(`${words} `, remove, " ", again || "");
  }

  dropTest() {
    this.evaluation = null;
    this.test.value = "";
    this.testWords.replaceChildren();
    this.testButton.focus();
  }

  async send(file) {
    if (this.request) return;
    this.busy(true);
    try {
      const answer = await this.transfer(file);
      this.status.textContent = [t("{file} ({size}) was read.", { file: file.name, size: bytes(file.size) }), answer.check ? t("Its rows are below, the report follows.") : this.after].join(" ");
      this.sent = file;
      this.trigger("uploaded", { dataset: answer.check ? "" : answer.id, check: answer.check?.id || "", name: file.name });
    } catch (error) {
      this.status.textContent = t("{file} was not taken.", { file: file.name });
      const { message, hint, code, details } = error;
      this.trigger("refused", { error: { message, hint, code, details }, name: file.name });
    } finally {
      this.busy(false);
      this.data.value = "";
    }
  }

  busy(yes) {
    if (!yes) this.request = null;
    this.bar.hidden = this.stop.hidden = !yes;
    this.button.disabled = yes;
    this.zone.setAttribute("aria-busy", String(yes));
  }

  // fetch cannot tell how much of a body has been sent, XMLHttpRequest can.
  transfer(file) {
    const form = new FormData();
    form.append("file", file);
    if (this.evaluation) form.append("evaluation", this.evaluation);
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", this.address);
      request.setRequestHeader("X-Requested-With", "studio");
      request.setRequestHeader("Prefer", "respond-async");
      request.upload.onprogress = (event) => this.progress(event, file);
      request.responseType = "json";
      request.onload = () => {
        if (request.status === 201 || request.status === 202) resolve(request.response);
        else reject(refusal(request.status, request.response));
      };
      request.onerror = () => reject(new ApiError(BROKEN));
      request.onabort = () => reject(new ApiError({ code: "stopped", message: t("The upload was stopped."), hint: t("Nothing was stored.") }));
      request.send(form);
    });
  }

  progress({ loaded, total }, file) {
    const share = total ? loaded / total : 0;
    this.bar.value = share;
    this.status.textContent = share < 1 ? t("Sending {file}: {loaded} of {total}", { file: file.name, loaded: bytes(loaded), total: bytes(total) }) : t("Reading {file}…", { file: file.name });
    if (share >= 1) this.bar.removeAttribute("value");
  }
}


export function mount({ element, trigger, props }) {
  return void new Upload(element.querySelector(".browser-component"), trigger, props);
}
