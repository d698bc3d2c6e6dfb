// Calibration: Python describes it, and the abstention threshold is followed in the browser without a request.

import { addressed, call, el, errorBanner, percent, remember, t } from "./studio.js";
import { build } from "./view.js";

/** Show in the part that was described what a threshold gains; the threshold is kept in the address. */
function followThreshold(root, steps) {
  const part = (name) => root.querySelector(`#threshold${name}`);
  const slider = part("");
  const asked = Number(new URLSearchParams(location.search).get("threshold")) || 0;
  slider.value = Math.round(Math.min(1, Math.max(0, asked)) * 100);
  const draw = () => {
    const { answered, facts, labels } = steps[Number(slider.value)];
    slider.nextElementSibling.textContent = `${slider.value} %`;
    slider.setAttribute("aria-valuetext", t("{value} %: answers {answered} of the rows", { value: slider.value, answered }));
    part("-facts").replaceChildren(...facts.map(([name, value]) => el("div", {}, el("dt", { text: name }), el("dd", { text: value }))));
    part("-labels").hidden = !Object.keys(labels).length;
    part("-labels tbody").replaceChildren(...Object.entries(labels).map(labelRow));
  };
  slider.addEventListener("input", () => {
    draw();
    remember({ threshold: slider.value === "0" ? null : String(Number(slider.value) / 100) });
  });
  draw();
}

function labelRow([label, { precision, recall }]) {
  const share = (value) => el("td", { class: "number", text: value == null ? "–" : percent(value) });
  return el("tr", { "data-label": label }, el("th", { scope: "row", text: label }), share(precision), share(recall));
}

export function mount({ element, server, watch }) {
  const root = element.querySelector(".browser-component");
  async function show() {
    try {
      const found = await call(server, "read_calibration", { query: addressed() });
      if (!found) return;
      root.replaceChildren(...found.nodes.map((node) => build(node)));
      followThreshold(root, found.steps);
    } catch (error) {
      root.replaceChildren(errorBanner(error));
    }
  }
  watch("value", () => !root.childElementCount && show());
  return show();
}
