// Sends a data file to the studio: drop it or choose it, watch it arrive, stop it. One upload at a time.

import { ApiError, bytes, el, refusal, t } from "./studio.js";

const BROKEN = {
  code: "no_answer",
  message: t("The connection broke while the file was sent."),
  hint: t("Nothing was stored. Try again; very large files may pass the studio's limit."),
};

/** A hidden file input with a button that opens it; a native one cannot be dressed. */
function chooser(id, text, accept, look, chosen) {
  const input = el("input", { id, type: "file", accept, class: "sr-only", tabindex: "-1", "aria-hidden": "true", onchange: () => input.files[0] && chosen(input.files[0]) });
  const button = el("button", { id: `${id}-choose`, type: "button", class: `button ${look}`, text, onclick: () => input.click() });
  return { input, button, empty: () => (input.value = "") };
}

class Upload {
  constructor(root, trigger, props) {
    const accept = props.accept.join(",");
    this.trigger = trigger;
    this.data = chooser("data-file", t("Choose a file"), accept, "primary large", (file) => this.send(file));
    this.test = chooser("data-evaluation", t("Choose a test file"), accept, "", (file) => this.keepTest(file));
    this.status = el("p", { id: "data-status", role: "status", class: "muted" });
    this.bar = el("progress", { id: "data-progress", max: "1", "aria-label": t("Upload"), hidden: true });
    this.stop = el("button", { type: "button", class: "button small", text: t("Cancel"), hidden: true, onclick: () => this.request?.abort() });
    this.testWords = el("p", { class: "test-file", role: "status" });
    this.zone = el("div", { id: "data-drop", class: "drop" }, el("p", { class: "drop-title", text: t("Drop your data here") }), el("p", { class: "muted", text: props.words }),
      this.data.button, this.data.input, this.bar, this.status, this.stop);
    root.append(this.zone, el("details", { class: "more" }, el("summary", { text: t("I have a test file of my own") }),
      el("p", { class: "muted", text: t("It has the same columns. Without one, a tenth of your rows is kept aside as the test.") }),
      el("div", { class: "actions" }, this.test.button, this.test.input, this.testWords)));
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
    this.test.empty();
    this.testWords.replaceChildren();
    this.test.button.focus();
  }

  async send(file) {
    if (this.request) return;
    this.busy(true);
    try {
      const answer = await this.transfer(file);
      this.status.textContent = [t("{file} ({size}) was read.", { file: file.name, size: bytes(file.size) }), answer.check ? t("Its rows are below, the report follows.") : t("The report is below.")].join(" ");
      this.sent = file;
      this.trigger("uploaded", { dataset: answer.check ? "" : answer.id, check: answer.check?.id || "", name: file.name });
    } catch (error) {
      this.status.textContent = t("{file} was not taken.", { file: file.name });
      const { message, hint, code, details } = error;
      this.trigger("refused", { error: { message, hint, code, details }, name: file.name });
    } finally {
      this.busy(false);
      this.data.empty();
    }
  }

  busy(yes) {
    if (!yes) this.request = null;
    this.bar.hidden = this.stop.hidden = !yes;
    this.data.button.disabled = yes;
    this.zone.setAttribute("aria-busy", String(yes));
  }

  // fetch cannot tell how much of a body has been sent, XMLHttpRequest can.
  transfer(file) {
    const form = new FormData();
    form.append("file", file);
    if (this.evaluation) form.append("evaluation", this.evaluation);
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", "/api/v1/datasets");
      request.setRequestHeader("X-Requested-With", "studio");
      request.setRequestHeader("Prefer", "respond-async");
      request.upload.onprogress = (event) => this.progress(event, file);
      request.onload = () => {
        const content = parsed(request.responseText);
        if (request.status === 201 || request.status === 202) resolve(content);
        else reject(refusal(request.status, content));
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

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function mount({ element, trigger, props }) {
  return void new Upload(element.querySelector(".browser-component"), trigger, props);
}
