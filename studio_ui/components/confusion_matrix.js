// A view whose cells can be chosen: the chosen one becomes the value of the component.

import { mount as mountView } from "./view.js";

export function mount(parts) {
  const trigger = (name, detail) => {
    if (name !== "action") return parts.trigger(name, detail);
    const [expected, answered] = detail.value;
    parts.props.value = { expected, answered };
    return parts.trigger("select", parts.props.value);
  };
  return mountView({ ...parts, trigger });
}
