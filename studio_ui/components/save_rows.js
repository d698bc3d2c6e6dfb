// A button that saves rows as CSV; the file is made in the browser.

import { csv, el, save } from "./studio.js";

export function mount({ element, props, watch }) {
  const root = element.querySelector(".browser-component");
  const button = el("button", { type: "button", class: "link small", text: props.words, onclick: () => save(props.value.name, csv(props.value.rows)) });
  const show = () => root.replaceChildren(...(props.value?.rows?.length ? [button] : []));
  watch("value", show);
  show();
}
