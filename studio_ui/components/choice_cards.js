// A choice among cards with radio buttons. What a card says arrives with it or, where it must be computed, a moment later.

import { build } from "./view.js";
import { call, el } from "./studio.js";

export function mount({ element, trigger, props, server, watch }) {
  const root = element.querySelector(".browser-component");
  let answers = new Map();
  let open = false;

  function group(label, cards) {
    const about = { class: `choices${props.row ? " choices-row" : ""}`, role: "radiogroup", "aria-label": label };
    return el("div", about, ...cards.map(({ node }) => build(node)));
  }

  function mark() {
    for (const radio of root.querySelectorAll("input[type=radio]")) radio.checked = radio.value === props.value;
  }

  function draw() {
    // Gradio may mount a step just before its cards arrive.
    if (!props.cards) return;
    const focused = root.contains(document.activeElement) ? document.activeElement.id : "";
    const plain = props.cards.filter((each) => !each.special);
    const special = props.cards.filter((each) => each.special);
    root.replaceChildren(group(props.legend, plain), special.length ? disclosure(special) : "");
    mark();
    if (focused) document.getElementById(focused)?.focus();
    fill();
  }

  function disclosure(special) {
    const more = el("details", { class: "more" }, el("summary", { text: props.fold }));
    const unfold = () => {
      open = true;
      if (more.childElementCount === 1) more.append(group(props.special_legend, special));
      mark();
      fill();
    };
    more.addEventListener("toggle", () => (more.open ? unfold() : (open = false)));
    if (open || special.some((each) => each.value === props.value)) {
      more.open = true;
      unfold();
    }
    return more;
  }

  /** Put in the lines that are known, and ask for those of cards that can be seen. */
  function fill() {
    if (!props.waiting) return;
    const wanted = [];
    for (const line of root.querySelectorAll("[data-late]")) {
      const known = answers.get(line.dataset.late);
      if (Array.isArray(known)) line.replaceChildren(...known.map((node) => build(node)));
      else if (known === undefined && line.checkVisibility()) wanted.push(line.dataset.late);
    }
    if (wanted.length) ask(wanted, answers);
  }

  async function ask(values, into) {
    for (const value of values) into.set(value, "asked");
    const found = await call(server, "card_lines", { context: props.context, values })
      .catch((error) => Object.fromEntries(values.map((value) => [value, [error.message]])));
    for (const value of values) into.set(value, found[value] || []);
    if (into === answers) fill();
  }

  let context = JSON.stringify(props.context);
  watch(["cards", "context"], () => {
    const now = JSON.stringify(props.context);
    if (now !== context) answers = new Map();
    context = now;
    draw();
  });
  watch("value", mark);
  root.addEventListener("change", ({ target: { value } }) => {
    const before = props.value;
    props.value = value;
    trigger("choose", { value, before });
  });
  new IntersectionObserver(fill).observe(root);
  draw();
}
