// The switch between the two pages on which models are tried.

import { el } from "./studio.js";

/** The two ways to try models, as links; `here` is the present one. */
export function modes(here) {
  const links = [["/playground", "Label texts"], ["/chat", "Chat"]];
  return el("nav", { class: "segments", "aria-label": "Ways to try a model" }, ...links.map(([href, text]) => el("a", { class: "segment", href, text, "aria-current": href === here ? "page" : null })));
}
