// What each column means, chosen in the heads of a table that Python describes.

import { call, el, errorBanner } from "./studio.js";
import { build } from "./view.js";

export function mount({ element, trigger, props, server, watch }) {
  const root = element.querySelector(".browser-component");
  const boxes = () => [...root.querySelectorAll(".role-box")];

  function chosen() {
    const columns = Object.fromEntries(boxes().filter((box) => box.value).map((box) => [box.value, box.dataset.column]));
    return { task_type: root.querySelector("#report-task").value, columns };
  }

  /** Whether something differs from what was given. */
  function touched({ task_type: kind, mapping }) {
    const { task_type: task, columns } = chosen();
    return kind !== task || !Object.keys({ ...columns, ...mapping }).every((role) => columns[role] === mapping[role]);
  }

  // A role belongs to one column: the column that had it loses it.
  function settle(changed) {
    for (const box of boxes()) {
      if (changed && box !== changed && box.value && box.value === changed.value) box.value = "";
      box.classList.toggle("role-set", Boolean(box.value));
    }
    root.querySelector("#report-recheck").disabled = !(props.value.always || touched(props.value));
  }

  async function show(task, focused) {
    const about = props.value;
    try {
      const nodes = about ? await call(server, "describe_meaning", { about, task: task || about.task_type }) : [];
      if (about !== props.value) return;
      root.replaceChildren(el("div", { class: "column-roles" }, ...nodes.map((node) => build(node, () => trigger("check", chosen())))));
    } catch (error) {
      root.replaceChildren(errorBanner(error));
      return;
    }
    if (!about) return;
    for (const box of boxes()) box.addEventListener("change", () => settle(box));
    const goal = root.querySelector("#report-task");
    goal.addEventListener("change", () => show(goal.value, true));
    if (focused) goal.focus();
    settle();
  }

  watch("value", () => show());
  return show();
}
