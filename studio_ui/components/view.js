// Builds the elements that Python describes (see nodes.py) and asks Python again when they may have changed.

import { LANGUAGE, addressed, call, clock, confirmed, copy, el, errorBanner, go, remember, skeleton, t, when } from "./studio.js";

// Attributes that could run a script or leave the page are not taken, whoever sent them.
const ATTRIBUTE = new RegExp(`^(${[
  "class|id|role|title|type|hidden|open|value|max|min|step|low|high|optimum|scope|colspan|rowspan|tabindex|download|disabled|checked",
  "draggable|lang|dir|for|name|rel|target|start|style|list|placeholder|maxlength|rows|autocomplete|accept|viewBox|width|height|points",
  "aria-[a-z]+|data-[a-z0-9-]+",
].join("|")})$`);
const DRAWN = new Set(["svg", "polyline"]);
const LINK = /^(\/|#|\?|https?:\/\/)/;
const IMAGE = /^(\/|data:image\/(png|jpeg|webp|gif);)/;

/**
 * An element from its description.
 * @param {(detail: {name: string, value: any} | {query: object}) => void} act called by buttons: what to do, or what to choose
 */
export function build(node, act = () => {}) {
  if (typeof node === "string") return document.createTextNode(node);
  const [tag, attributes, ...children] = node;
  const made = DRAWN.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  write(made, attributes, act);
  made.append(...children.map((child) => build(child, act)));
  choose(made, attributes);
  return made;
}

function write(made, attributes, act) {
  for (const name of made.getAttributeNames()) if (!(name in attributes) && name !== "open") made.removeAttribute(name);
  for (const [name, value] of Object.entries(attributes)) {
    const allowed = name === "href" ? LINK.test(value) : name === "src" ? IMAGE.test(value) : ATTRIBUTE.test(name);
    if (allowed && made.getAttribute(name) !== String(value)) made.setAttribute(name, value);
  }
  const { action } = attributes;
  made.onclick = null;
  if (action && made.localName === "form") made.onsubmit = (event) => submit(event, action.name, act);
  else if (action && made.localName === "select") made.onchange = () => act({ name: action.name, value: [action.value, made.value] });
  else if (action) made.onclick = () => press(made, action, act);
  if (attributes.parameter) made.onchange = () => act({ query: { [attributes.parameter]: made.value === made.dataset.default ? null : made.value } });
  if (attributes.figure) import("./figures.js").then(({ showFigure }) => showFigure(made, attributes.figure, act));
  if (attributes.query) made.onclick = () => act({ query: attributes.query });
  if (attributes.copied !== undefined) made.onclick = () => copy(attributes.copied);
  if (attributes.noted) made.onclick = () => dispatchEvent(new CustomEvent("noted", { detail: attributes.noted }));
  if (attributes.stays) made.onclick = (event) => stay(event, made.href);
  if (attributes["data-seconds"]) made.textContent = momentText(attributes);
}

/** What is chosen in a list, once its options are there. */
function choose(made, attributes) {
  if (made.localName === "select") made.value = attributes["data-chosen"];
}

async function press(button, { name, value, confirm }, act) {
  if (button.getAttribute("aria-disabled") === "true") return;
  if (confirm && !(await confirmed({ ...confirm, look: "stop" }))) return;
  act({ name, value });
}

function submit(event, name, act) {
  event.preventDefault();
  act({ name, value: Object.fromEntries(new FormData(event.target)) });
}

// A link to another state of the same page loads nothing; with a key held down it opens elsewhere, as links do.
function stay(event, address) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(address);
}

function momentText(attributes) {
  const seconds = Number(attributes["data-seconds"]);
  if (attributes["data-style"] === "clock") return clock(seconds);
  if (attributes["data-style"] === "short") return new Date(seconds * 1000).toLocaleString(LANGUAGE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return attributes["data-style"] === "full" ? new Date(seconds * 1000).toLocaleString(LANGUAGE) : when(seconds);
}

/** Make the children of an element those described, keeping elements that stay: focus, open details, scroll positions. */
export function reconcile(parent, nodes, act) {
  const keyed = new Map([...parent.children].filter((child) => child.id).map((child) => [child.id, child]));
  nodes.forEach((node, at) => {
    const present = parent.childNodes[at];
    const moved = typeof node === "string" ? null : keyed.get(node[1].id);
    if (moved && moved !== present) {
      // An element that is moved loses the focus.
      const focused = moved.contains(document.activeElement) ? document.activeElement : null;
      parent.insertBefore(moved, present || null);
      focused?.focus({ preventScroll: true });
    }
    const old = moved || present;
    if (!old || !alike(old, node)) parent.insertBefore(build(node, act), old || null);
    else if (typeof node === "string") old.data = node;
    else update(old, node, act);
    if (old && !alike(old, node)) old.remove();
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

function alike(old, node) {
  if (typeof node === "string") return old.nodeType === Node.TEXT_NODE;
  return old.nodeType === Node.ELEMENT_NODE && old.localName === node[0] && (old.id || "") === (node[1].id || "");
}

function update(old, [, attributes, ...children], act) {
  write(old, attributes, act);
  if (!attributes["data-seconds"] && !attributes.figure) reconcile(old, children, act);
  choose(old, attributes);
}

/** Change what is inside of `root`; the focus stays with its element when that moves, and near it when that goes. */
export function keepingFocus(root, change) {
  const path = [];
  for (let at = document.activeElement; root.contains(at); at = at.parentElement) path.push(at);
  change();
  const stays = path.find((each) => each.isConnected);
  if (!stays || document.activeElement === path[0]) return;
  if (stays.tabIndex < 0) stays.tabIndex = -1;
  stays.focus({ preventScroll: true });
}

function asNodes(nodes) {
  if (nodes == null) return [];
  return typeof nodes === "string" || (typeof nodes[0] === "string" && nodes[1]?.constructor === Object) ? [nodes] : nodes;
}

/** The first answer, if the page's head has asked for it already; it is taken once. */
async function early(part) {
  const answer = window.early?.[part];
  if (answer) delete window.early[part];
  return answer;
}

export function mount({ element, trigger, props, server, watch }) {
  const root = element.querySelector(".browser-component");
  const act = (detail) => {
    if (!detail.query) return trigger("action", detail);
    remember(detail.query);
    return ask();
  };
  const silence = el("p", { class: "notice", role: "status" });
  let known = "";
  let timer = 0;
  let asked = 0;
  let place = followed();

  function followed() {
    const query = new URLSearchParams(location.search);
    return (props.follows || []).map((name) => query.get(name)).join("\n");
  }

  const show = (nodes) => {
    // A log that was read at its end is read on there.
    const ended = [...root.querySelectorAll("[data-end]")].filter((each) => each.scrollHeight - each.scrollTop - each.clientHeight < 40);
    keepingFocus(root, () => reconcile(root, asNodes(nodes), act));
    for (const each of known ? ended : root.querySelectorAll("[data-end]")) each.scrollTop = each.scrollHeight;
  };
  const wait = (seconds) => {
    clearTimeout(timer);
    // What nobody sees waits until it is seen.
    timer = seconds == null ? 0 : setTimeout(() => (document.hidden || !root.checkVisibility() ? (timer = -1) : ask()), seconds * 1000);
  };
  const wake = () => !document.hidden && timer === -1 && root.checkVisibility() && ask();
  async function ask() {
    const mine = ++asked;
    try {
      const answer = (await early(props.part)) || (await call(server, "describe_view", { query: addressed(), known }));
      if (mine !== asked) return;
      silence.remove();
      wait(answer.again);
      if (answer.same) return;
      if (answer.title) document.title = answer.title;
      show(answer.nodes);
      known = answer.digest;
      trigger("updated", {});
    } catch (error) {
      if (mine !== asked) return;
      // What is shown stays; work goes on without this page.
      if (known) {
        silence.textContent = t("{error} Trying again.", { error: error.message });
        root.before(silence);
      } else root.replaceChildren(errorBanner(error));
      wait(known ? 3 : 10);
    }
  }

  setInterval(() => root.querySelectorAll('time[data-style="ago"]').forEach((time) => (time.textContent = when(Number(time.dataset.seconds)))), 30000);
  watch("value", () => {
    if (props.value?.nodes) {
      show(props.value.nodes);
      known = "";
    } else if (server?.describe_view) ask();
  });
  addEventListener("popstate", () => {
    if (place === followed() || !server?.describe_view) return;
    place = followed();
    ask();
  });
  document.addEventListener("visibilitychange", wake);
  new IntersectionObserver(wake).observe(root);
  if (props.value?.nodes) show(props.value.nodes);
  if (props.value?.nodes || !server?.describe_view) return undefined;
  if (props.lines) root.append(skeleton(props.lines));
  return ask();
}
