// What every page's module is made of: asking the API, building elements, telling people, formatting, waiting.
// Data only ever enters the page as text. Knows no page.

/** A refusal of the API, or its silence: `message` says what happened, `hint` what to do next. */
export class ApiError extends Error {
  constructor({ code = "error", message, hint = "", details = {} }, status = 0) {
    super(message);
    Object.assign(this, { name: "ApiError", code, hint, details, status });
  }
}

const SILENCE = { code: "no_answer", message: "The studio does not answer.", hint: "Check that it is running; this page tries again when you do." };

/**
 * Ask the API.
 * @param {string} path; @param {{method?: string, body?: object, headers?: object}} options
 * @returns the parsed JSON, text when the answer is text, null when there is nothing to say. @throws {ApiError}
 */
export async function api(path, { method = "GET", body, headers = {} } = {}) {
  const request = { method, headers: { "X-Requested-With": "studio", Accept: "application/json, text/plain", ...headers }, credentials: "same-origin" };
  if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
  }
  let answer;
  try {
    answer = await fetch(path, request);
  } catch {
    throw new ApiError(SILENCE);
  }
  const isJson = (answer.headers.get("content-type") || "").includes("json");
  if (!answer.ok) throw refusal(answer.status, isJson ? await answer.json().catch(() => null) : null);
  if (answer.status === 204) return null;
  return isJson ? answer.json() : answer.text();
}

/** The error inside an answer; somebody whose session ended is sent to sign in again. */
export function refusal(status, content) {
  if (status === 401) return new ApiError({ code: "not_signed_in", message: "You are signed out.", hint: "Open the sign-in link again, then reload this page." }, status);
  return new ApiError(content?.error || { message: `The studio answered with status ${status}.`, hint: "Try again in a moment." }, status);
}

/**
 * Make an element. `text` becomes its text, functions become listeners (`onclick`), booleans become properties,
 * null and undefined are left out. Children may be nodes, strings or nothing.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null) continue;
    if (name === "text") node.textContent = value;
    else if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean" && name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== "" && child != null && child !== false));
  return node;
}

/** Run `start(root)` once the page's container exists; the frame around it arrives a moment later than this module. */
export function ready(selector, start) {
  const found = document.querySelector(selector);
  if (found) return start(found);
  const watch = new MutationObserver(() => {
    const root = document.querySelector(selector);
    if (!root) return;
    watch.disconnect();
    start(root);
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
  return undefined;
}

/** What a page shows when there is nothing to show: what is missing, and the way on. */
export function emptyState(title, text, action) {
  return el("div", { class: "empty" }, el("p", { class: "empty-title", text: title }), text ? el("p", { class: "muted", text }) : "",
    action ? el("a", { class: "button primary", href: action.href, text: action.text }) : "");
}

const MARKS = { good: ["✓", "Good"], info: ["i", "Note"], warning: ["!", "Warning"], error: ["✕", "Problem"] };

/** A message in the page with its remedy. @param {"good"|"info"|"warning"|"error"} severity */
export function banner(severity, title, hint = "", code = "") {
  const [mark, word] = MARKS[severity];
  return el("div", { class: `verdict verdict-${severity} banner`, role: severity === "error" ? "alert" : "status", "data-code": code || null },
    el("span", { class: "verdict-mark", "aria-hidden": "true", text: mark }),
    el("div", {}, el("strong", {}, el("span", { class: "sr-only", text: `${word}: ` }), title), hint ? el("p", { class: "banner-hint", text: hint }) : "",
      code ? el("p", { class: "banner-code" }, "Code ", el("code", { text: code })) : ""));
}

/** A banner from anything thrown. */
export function errorBanner(error) {
  return banner("error", error.message, error.hint || "", error.code && error.code !== "error" ? error.code : "");
}

/** A short message in the corner that goes away by itself; errors stay longer. */
export function toast(message, kind = "good") {
  const place = document.getElementById("toasts") || document.body.appendChild(el("div", { id: "toasts", role: "status", "aria-live": "polite" }));
  const close = () => item.remove();
  const item = el("div", { class: `toast toast-${kind}` }, el("span", { text: message }), el("button", { type: "button", class: "remove", "aria-label": "Close this message", text: "×", onclick: close }));
  place.append(item);
  setTimeout(close, kind === "error" ? 12000 : 4500);
}

/** Ask before something that cannot be undone. @returns {Promise<boolean>} */
export function confirmed({ title, text, action, look = "primary" }) {
  return new Promise((resolve) => {
    const answer = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const dialog = el("dialog", { class: "dialog", "aria-label": title }, el("h2", { text: title }), el("p", { text }),
      el("div", { class: "actions" }, el("button", { type: "button", class: `button ${look}`, text: action, onclick: () => answer(true) }),
        el("button", { type: "button", class: "button", text: "Keep it", onclick: () => answer(false) })));
    dialog.addEventListener("cancel", () => answer(false));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Call `step` again and again while it returns true; rests in a hidden tab and starts again when it is shown. */
export function poll(step, every) {
  let busy = false;
  let over = false;
  const round = async () => {
    if (busy || over || document.hidden) return;
    busy = true;
    over = (await step().catch(() => true)) === false;
    busy = false;
    if (!over) setTimeout(round, every);
  };
  document.addEventListener("visibilitychange", round);
  round();
}

/** Grey bars in the shape of what is about to arrive, so that nothing jumps. */
export function skeleton(lines = 3) {
  return el("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: lines }, () => el("span")));
}

/** Put text on the clipboard and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied.");
  } catch {
    toast("The browser did not allow copying; select the text and copy it yourself.", "error");
  }
}

const WHOLE = new Intl.NumberFormat("en");

/** 12345 -> 12,345. */
export function count(number) {
  return WHOLE.format(number);
}

/** 1842, "row" -> "1,842 rows". */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** 0.9345 -> 93.5 %. */
export function percent(share) {
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${(share * 100).toFixed(share > 0 && share < 0.01 ? 2 : 1)} %`;
}

/** Bytes in the unit that reads best. */
export function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = number > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(number) / 3)) : 0;
  const value = number / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** Seconds in words: "42 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds) {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ""}`;
}

/** A score or a change as people read it: three digits, and large numbers whole: "0.0123", "16.3", "14,900". */
export function figure(value) {
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1000 ? count(rounded) : rounded.toString();
}

/** Seconds so short that people say them in thousandths. */
export function milliseconds(seconds) {
  return `${Number((seconds * 1000).toPrecision(3))} ms`;
}

/** An estimate from low to high, rounded as estimates deserve: "20 to 50 s", "1 to 5 min". */
export function durationRange([low, high]) {
  const [size, unit] = high < 90 ? [1, "s"] : high < 5400 ? [60, "min"] : [3600, "h"];
  const rounded = (seconds) => (unit === "s" ? Math.max(5, Math.round(seconds / 5) * 5) : unit === "h" ? Math.max(0.5, Math.round((seconds / size) * 2) / 2) : Math.max(1, Math.round(seconds / size)));
  return rounded(low) === rounded(high) ? `about ${rounded(high)} ${unit}` : `${rounded(low)} to ${rounded(high)} ${unit}`;
}

/** A moment as people say it: "just now", "5 min ago", "12 Mar, 14:05". */
export function when(seconds) {
  const ago = Date.now() / 1000 - seconds;
  if (ago < 45) return "just now";
  if (ago < 3600) return `${Math.max(1, Math.round(ago / 60))} min ago`;
  if (ago < 20 * 3600) return `${Math.round(ago / 3600)} h ago`;
  return new Date(seconds * 1000).toLocaleString(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** Time of day with seconds. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
