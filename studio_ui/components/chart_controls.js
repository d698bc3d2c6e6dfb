// The controls above curves, as Python describes them (see curves.py). The choice is kept in the address for a reload.

import { decimal, remember } from "./studio.js";

/** Follow smoothing, scale and axis. @param {(options: object) => void} changed called with all of them, the first time at once */
export function followChartControls(place, changed) {
  const query = new URLSearchParams(location.search);
  const [smoothing, log, clip, axis] = place.querySelectorAll(".chart-controls :is(input, select)");
  const usual = axis.value;
  smoothing.value = query.get("smoothing") || "0.6";
  log.checked = query.get("log") === "1";
  clip.checked = query.get("clip") === "1";
  if ([...axis.options].some(({ value }) => value === query.get("axis"))) axis.value = query.get("axis");
  const tell = () => {
    smoothing.nextElementSibling.textContent = decimal(Number(smoothing.value), 2);
    remember({
      smoothing: smoothing.value === "0.6" ? null : smoothing.value,
      log: log.checked ? "1" : null,
      clip: clip.checked ? "1" : null,
      axis: axis.value === usual ? null : axis.value,
    });
    changed({ smoothing: Number(smoothing.value), log: log.checked, clip: clip.checked, axis: axis.value, xTitle: axis.selectedOptions[0].text });
  };
  for (const control of [smoothing, log, clip, axis]) control.addEventListener("input", tell);
  queueMicrotask(tell);
}
