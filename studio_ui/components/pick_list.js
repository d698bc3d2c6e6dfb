// Boxes to tick, as Python describes them; see pick_list.py.

import { build } from "./view.js";

export function mount({ element, trigger, props, watch }) {
  const root = element.querySelector(".browser-component");
  const boxes = () => [...root.querySelectorAll("input")];

  function mark() {
    for (const box of boxes()) box.checked = (props.value || []).includes(box.value);
  }

  function draw() {
    root.replaceChildren(build(props.nodes));
    mark();
  }

  root.addEventListener("change", () => {
    props.value = boxes().filter((box) => box.checked).map((box) => box.value);
    trigger("input", {});
  });
  watch("nodes", draw);
  watch("value", mark);
  draw();
}
