// Marks at native fields, which Gradio draws: a dot for what differs from the default, the way back, and what is wrong.

import { el, t } from "./studio.js";

const CONTROLS = "input, textarea, select";

export function mount({ element, trigger, props, watch }) {
  const root = element.querySelector(".browser-component");

  function decorate(id, { title, changed, wrong }) {
    const field = document.getElementById(id);
    if (!field) return;
    const state = field.querySelector(".setting-state") || added(field, id, title);
    const [dot, back, words] = state.children;
    const idle = !changed && !wrong;
    if (dot.hidden !== idle) dot.hidden = back.hidden = idle;
    if (words.textContent !== wrong) words.textContent = wrong;
    for (const control of field.querySelectorAll(CONTROLS)) {
      if (control.getAttribute("aria-invalid") !== String(Boolean(wrong))) control.setAttribute("aria-invalid", String(Boolean(wrong)));
      if (!control.hasAttribute("aria-describedby")) describe(control, field, id);
    }
  }

  function added(field, id, title) {
    const state = el("div", { class: "setting-state" },
      el("span", { class: "changed-dot", title: t("changed from the default") }, el("span", { class: "sr-only", text: t("changed from the default") })),
      el("button", { type: "button", class: "link small", "aria-label": t("Back to the default of {title}", { title }), text: t("back to default"), onclick: () => reset(field, id) }),
      el("p", { id: `${id}-wrong`, class: "field-wrong", role: "alert" }));
    field.append(state);
    return state;
  }

  function reset(field, id) {
    trigger("reset", { id });
    field.querySelector(CONTROLS)?.focus();
  }

  // Gradio shows the help of a field, but does not say which control it belongs to.
  function describe(control, field, id) {
    const help = field.querySelector('[class*="info"] + div, [data-testid="block-info"] ~ div');
    if (help && !help.id) help.id = `${id}-help`;
    // Its label holds the help, too; the name is the title alone.
    const name = field.querySelector('[data-testid="block-info"]');
    if (name && control.type !== "checkbox") {
      name.id ||= `${id}-title`;
      control.setAttribute("aria-labelledby", name.id);
    }
    control.setAttribute("aria-describedby", [help?.id, `${id}-wrong`].filter(Boolean).join(" "));
  }

  let due = 0;
  const draw = () => {
    due = 0;
    for (const [id, mark] of Object.entries(props.marks || {})) decorate(id, mark);
  };
  const later = () => (due ||= requestAnimationFrame(draw));
  // Gradio makes a field anew whenever it is shown.
  new MutationObserver(later).observe(root.closest("#content, gradio-app, body"), { childList: true, subtree: true });
  watch("marks", draw);
  draw();
}
