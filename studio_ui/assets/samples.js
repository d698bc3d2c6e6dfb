// Sample data sets that come with the studio, as cards. Used by Home and Data.

import { api, counted, el, errorBanner } from "./studio.js";

/** Sample data sets; a click makes one's own copy and opens the report. */
export function sampleCards(samples, taken) {
  return el("div", { class: "sample-grid" }, ...samples.map((sample) => {
    const use = el("button", { type: "button", class: "button", text: "Use this sample", "data-sample": sample.name });
    use.addEventListener("click", async () => {
      use.disabled = true;
      use.textContent = "Copying…";
      try {
        await taken(await api(`/api/v1/datasets/samples/${encodeURIComponent(sample.name)}`, { method: "POST" }));
      } catch (error) {
        use.after(errorBanner(error));
      }
      use.disabled = false;
      use.textContent = "Use this sample";
    });
    return el("article", { class: "card sample" }, el("h3", { text: sample.title || sample.name }),
      el("p", { class: "muted", text: sample.summary || sample.description || "" }),
      el("p", { class: "muted small", text: facts(sample) }), use);
  }));
}

function facts(sample) {
  return [sample.rows ? counted(sample.rows, "row") : "", sample.labels ? counted(Number(sample.labels.length ?? sample.labels), "label") : "", sample.licence || ""].filter(Boolean).join(" · ");
}

/** The samples of the studio, with the words each of them has. */
export async function loadSamples() {
  const { samples } = await api("/api/v1/datasets/samples");
  return samples.map((sample) => (typeof sample === "string" ? { name: sample } : sample));
}
