// The controls above curves. The choice is kept in the address, so that a reload shows the same.

import { decimal, el, remember, t } from "./studio.js";

/**
 * Smoothing, scale and axis; the choice is kept in the address so that a reload shows the same.
 * @param {[string, string][]} axes value and words of what can lie across; the first is the default
 */
export function chartControls(id, changed, axes) {
  const query = new URLSearchParams(location.search);
  const smoothing = el("input", { id: `${id}-smoothing`, type: "range", min: "0", max: "0.99", step: "0.01", value: query.get("smoothing") || "0.6" });
  const shown = el("output", { for: `${id}-smoothing` });
  const log = el("input", { id: `${id}-log`, type: "checkbox" });
  log.checked = query.get("log") === "1";
  const clip = el("input", { id: `${id}-clip`, type: "checkbox" });
  clip.checked = query.get("clip") === "1";
  const axis = el("select", { id: `${id}-axis` }, ...axes.map(([value, text]) => el("option", { value, text })));
  axis.value = axes.some(([value]) => value === query.get("axis")) ? query.get("axis") : axes[0][0];
  const tell = () => {
    shown.textContent = decimal(Number(smoothing.value), 2);
    remember({
      smoothing: smoothing.value === "0.6" ? null : smoothing.value,
      log: log.checked ? "1" : null,
      clip: clip.checked ? "1" : null,
      axis: axis.value === axes[0][0] ? null : axis.value,
    });
    changed({ smoothing: Number(smoothing.value), log: log.checked, clip: clip.checked, axis: axis.value });
  };
  for (const control of [smoothing, log, clip, axis]) control.addEventListener("input", tell);
  queueMicrotask(tell);
  return el("div", { class: "chart-controls" },
    el("label", { for: `${id}-smoothing` }, t("Smoothing "), smoothing, shown),
    el("label", { class: "check", for: `${id}-log` }, log, t(" Logarithmic scale")),
    el("label", { class: "check", for: `${id}-clip`, title: t("The axis leaves out the highest and the lowest two per cent of the points.") }, clip, t(" Cut outliers")),
    el("label", { for: `${id}-axis` }, t("Across "), axis));
}
