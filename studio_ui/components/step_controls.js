// The foot of a guided path. The browser alone moves between steps and keeps the place in the address; the choices are
// stored in the session of this tab, so that a reload loses nothing and two tabs do not disturb each other.

import { el, errorBanner, t } from "./studio.js";
import { build } from "./view.js";

// If no answer comes, the button can be pressed again; the same key never makes a second run.
const PATIENCE_MS = 20000;

export function mount({ element, trigger, props, watch }) {
  const root = element.querySelector(".browser-component");
  const { steps } = props;
  const last = steps.length - 1;
  let at = 0;
  // Kept over a reload: when the connection is lost, Gradio reloads the page, and the run may have been queued.
  const keyStored = `${props.storage_key}-start`;
  let key = sessionStorage.getItem(keyStored) || "";
  let waiting = 0;
  let left = false;

  const acts = { back: () => enter(at - 1), skip: () => enter(last), next: () => (at === last ? start() : enter(at + 1)) };
  root.append(...props.frame.map((node) => build(node, ({ name }) => acts[name]())));
  const [error, foot] = root.children;
  const [back, skip, missing, next] = foot.children;

  const stepper = () => document.getElementById(props.stepper);
  const asked = () => new URLSearchParams(location.search).get("step");
  const numberOf = (name) => Math.max(0, steps.findIndex((step) => step.key === name));

  function address() {
    const { subject } = props.status;
    return `${location.pathname}?${new URLSearchParams({ ...(subject ? { [props.subject]: subject } : {}), step: steps[at].key })}`;
  }

  function enter(number) {
    if (number < 0 || number > last) return;
    show(number);
    history.pushState(null, "", address());
    requestAnimationFrame(() => land());
  }

  /** Bring focus and view to the step. Gradio mounts it when it is shown for the first time, some frames later. */
  function land(tries = 200) {
    const title = document.getElementById(`step-title-${steps[at].key}`);
    if (tries && !title?.checkVisibility()) return requestAnimationFrame(() => land(tries - 1));
    title?.focus({ preventScroll: true });
    return stepper()?.scrollIntoView({ block: "start" });
  }

  function show(number, entering = true) {
    at = number;
    props.value = { step: at };
    trigger("go", {});
    if (entering && steps[at].event) trigger(steps[at].event, {});
    draw();
  }

  function start() {
    keep(key || crypto.getRandomValues(new BigUint64Array(2)).join("-"));
    error.replaceChildren();
    waiting = setTimeout(ready, PATIENCE_MS);
    next.disabled = true;
    next.textContent = t("Starting…");
    trigger("start", { key });
  }

  const keep = (started) => sessionStorage.setItem(keyStored, (key = started));

  function ready() {
    clearTimeout(waiting);
    waiting = 0;
    draw();
  }

  function draw() {
    const { subject, missing: lacking, closed } = props.status;
    foot.hidden = Boolean(closed);
    back.disabled = at === 0;
    skip.hidden = at >= last - 1 || !subject;
    if (!waiting) next.textContent = at === last ? props.start_words : t("Next");
    next.disabled = Boolean(waiting) || (lacking.length > 0 && (at === last || !subject));
    missing.textContent = lacking.length && (at === last || subject) ? t("Still missing: {lacking}.", { lacking: lacking.join(", ") }) : "";
    mark();
  }

  // Gradio's buttons lead back only; here all steps can be entered, and each says what was chosen there.
  function mark() {
    const { subject, values = {} } = props.status || {};
    for (const button of stepper()?.querySelectorAll("[data-tab-id]") || []) {
      const number = Number(button.dataset.tabId);
      const usable = Boolean(subject) || number === 0;
      if (button.disabled === usable) button.disabled = !usable;
      if (button.getAttribute("aria-disabled") !== String(!usable)) button.setAttribute("aria-disabled", String(!usable));
      const words = button.querySelector(".step-value") || button.appendChild(el("span", { class: "step-value" }));
      const text = (subject && values[steps[number].key]) || "";
      // On a narrow screen Gradio shows the numbers alone.
      const name = [t("Step {amount}: {steps}", { amount: number + 1, steps: steps[number].title }), text].filter(Boolean).join(", ");
      if (button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
      if (words.textContent !== text) words.textContent = text;
    }
  }

  function take(first) {
    const { draft, step, subject } = props.status;
    const words = JSON.stringify(draft);
    if (draft && words !== sessionStorage.getItem(props.storage_key)) {
      sessionStorage.setItem(props.storage_key, words);
      error.replaceChildren();
      if (!waiting) keep("");
    }
    if (first) show(subject ? numberOf(asked() || step) : 0, at === last || numberOf(asked() || step) === last);
    else draw();
    if (subject) history.replaceState(null, "", address());
  }

  function takeAnswer({ key: pressed, leave_for, refused, done }) {
    // While a press waits, only its own answer ends that: one with another key belongs to an earlier press, one without to a choice.
    if ((pressed || waiting) && pressed !== key) return;
    if (done) sessionStorage.removeItem(props.storage_key);
    keep("");
    if (leave_for) {
      left = true;
      location.assign(leave_for);
      return;
    }
    error.replaceChildren(...(refused ? [errorBanner(refused)] : []));
    ready();
  }

  root.addEventListener("answered", ({ detail }) => takeAnswer(detail));
  document.addEventListener("click", (event) => {
    const leading = event.target.closest?.(`[data-step], #${props.stepper} [data-tab-id]`);
    if (!leading || leading.disabled) return;
    event.stopPropagation();
    enter(leading.dataset.step ? numberOf(leading.dataset.step) : Number(leading.dataset.tabId));
  }, true);
  window.addEventListener("popstate", () => props.status && show(numberOf(asked())));
  new MutationObserver(mark).observe(root.closest("#content, gradio-app, body"), { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
  return new Promise((resolve) => {
    let first = true;
    const arrived = () => {
      if (!props.status || left) return;
      take(first);
      first = false;
      resolve();
    };
    watch("status", arrived);
    arrived();
  });
}
