// What every page's module is made of: asking the API, building elements, telling people, formatting, waiting.
// Data only ever enters the page as text. Knows no page.
import { decimal, LANGUAGE, nt, t } from "./messages.js";
export { decimal, LANGUAGE, nt, t };

/** A refusal of the API, or its silence: `message` says what happened, `hint` what to do next. */
export class ApiError extends Error {
  constructor({ code = "error", message, hint = "", details = {} }, status = 0) {
    super(message);
    Object.assign(this, { name: "ApiError", code, hint, details, status });
  }
}

const SILENCE = { code: "no_answer", message: t("The studio does not answer."), hint: t("Check that it is running; this page tries again when you do.") };

/** What the API has at this address, as JSON. @throws {ApiError} */
export async function api(path, headers) {
  let answer;
  try {
    answer = await fetch(path, { headers, credentials: "same-origin" });
  } catch {
    throw new ApiError(SILENCE);
  }
  if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
  return answer.json();
}

/** The error inside an answer; somebody whose session ended is sent to sign in again. */
export function refusal(status, content) {
  if (status === 401) return new ApiError({ code: "not_signed_in", message: t("You are signed out."), hint: t("Open the sign-in link again, then reload this page.") }, status);
  return new ApiError(content?.error || { message: t("The studio answered with status {status}.", { status }), hint: t("Try again in a moment.") }, status);
}

/**
 * Call a component's server function. @param {object} server what Gradio hands to `mount` @returns what the function returned
 * @throws {ApiError} its refusal, or that the session has ended or the studio does not answer
 */
export async function call(server, name, data) {
  let answer;
  try {
    answer = await server[name](data);
    if (!answer) throw new Error("no answer");
  } catch {
    const page = await fetch(location.pathname, { method: "HEAD", redirect: "manual", cache: "no-store" }).catch(() => null);
    throw page?.type === "opaqueredirect" ? refusal(401) : new ApiError(SILENCE);
  }
  if (answer.error) throw new ApiError(answer.error, answer.status);
  return answer.value;
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

/** What a page shows when there is nothing to show: what is missing, and the way on. */
export function emptyState(title, text, action) {
  return el("div", { class: "empty" }, el("p", { class: "empty-title", text: title }), text ? el("p", { class: "muted", text }) : "",
    action ? el("a", { class: "button primary", href: action.href, text: action.text }) : "");
}

const MARKS = { good: ["✓", t("Good")], info: ["i", t("Note")], warning: ["!", t("Warning")], error: ["✕", t("Problem")] };

/** A message in the page with its remedy. @param {"good"|"info"|"warning"|"error"} severity */
export function banner(severity, title, hint = "", code = "") {
  const [mark, word] = MARKS[severity];
  return el("div", { class: `verdict verdict-${severity} banner`, role: severity === "error" ? "alert" : "status", "data-code": code || null },
    el("span", { class: "verdict-mark", "aria-hidden": "true", text: mark }),
    el("div", {}, el("strong", {}, el("span", { class: "sr-only", text: `${word}: ` }), title), hint ? el("p", { class: "banner-hint", text: hint }) : "",
      code ? el("p", { class: "banner-code" }, t("Code "), el("code", { text: code })) : ""));
}

/** A banner from anything thrown. */
export function errorBanner(error) {
  return banner("error", error.message, error.hint || "", error.code && error.code !== "error" ? error.code : "");
}

/** A short message in the corner that goes away by itself; errors stay longer. */
export function toast(message, kind = "good") {
  const place = document.getElementById("toasts") || document.body.appendChild(el("div", { id: "toasts", role: "status", "aria-live": "polite" }));
  const close = () => item.remove();
  const button = el("button", { type: "button", class: "remove", "aria-label": t("Close this message"), text: "×", onclick: close });
  const item = el("div", { class: `toast toast-${kind}` }, el("span", { text: message }), button);
  place.append(item);
  setTimeout(close, kind === "error" ? 12000 : 4500);
}

/** A dialog with fields and two buttons. @returns {Promise<FormData | null>} what was given; null when it was closed */
export function ask({ title, verb, close, look = "primary" }, ...fields) {
  return new Promise((resolve) => {
    const finish = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const submit = (event) => {
      event.preventDefault();
      finish(new FormData(event.target));
    };
    const buttons = el("div", { class: "actions" }, el("button", { class: `button ${look}`, text: verb }),
      el("button", { type: "button", class: "button", text: close, onclick: () => finish(null) }));
    const form = el("form", { class: "field", onsubmit: submit }, ...fields, buttons);
    const dialog = el("dialog", { class: "dialog page-dialog", "aria-label": title, oncancel: () => finish(null) }, el("h2", { text: title }), form);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Ask before something that cannot be undone. @returns {Promise<boolean>} */
export async function confirmed({ title, text, action, look }) {
  return (await ask({ title, verb: action, close: t("Keep it"), look }, el("p", { text }))) !== null;
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

/** The parameters of the page's address. */
export const addressed = () => Object.fromEntries(new URLSearchParams(location.search));

/** Put values into the page's address without loading anything; null removes. */
export function remember(values) {
  const address = new URL(location.href);
  for (const [key, value] of Object.entries(values)) {
    if (value == null) address.searchParams.delete(key);
    else address.searchParams.set(key, value);
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

/** Grey bars in the shape of what is about to arrive, so that nothing jumps. */
export function skeleton(lines = 3) {
  return el("div", { class: "skeleton", "aria-hidden": "true" }, ...Array.from({ length: lines }, () => el("span")));
}

/** Show another state of this page without loading it: parts that follow the address ask anew, Back leads here. */
export function go(address) {
  if (new URL(address, location.href).href !== location.href) history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Put text on the clipboard and say so. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(t("Copied."));
  } catch {
    toast(t("The browser did not allow copying; select the text and copy it yourself."), "error");
  }
}

const FORMULA = new RegExp("^[=+@\\t\\r\\n\\uff1d\\uff0b\\uff0d\\uff20-]");

/** Rows as CSV; cells that a spreadsheet would run as formulas get a quote in front, numbers stay as they are. */
export function csv(rows) {
  const quoted = (text) => `"${(FORMULA.test(text) ? "'" + text : text).replaceAll('"', '""')}"`;
  return rows.map((row) => row.map((cell) => (typeof cell === "number" ? cell : quoted(String(cell)))).join(",")).join("\r\n");
}

/** Offer a text as a CSV file to save. */
export function save(name, text) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** 12345 -> 12,345. */
export function count(number) {
  return decimal(Math.round(number));
}

/** 1842, "row" -> "1,842 rows". */
export function counted(number, noun) {
  return nt(`{number} ${noun}`, `{number} ${noun}s`, number);
}

/** 0.9345 -> 93.5 %. */
export function percent(share) {
  const places = share === 0 || share === 1 ? 0 : share > 0 && share < 0.01 ? 2 : 1;
  return t("{number} %", { number: decimal(share * 100, places, false) });
}

/** Bytes in the unit that reads best. */
export function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const step = number > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(number) / 3)) : 0;
  const value = number / 1000 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : decimal(value, 1)} ${units[step]}`;
}

/** A moment as people say it: "just now", "5 min ago", "12 Mar, 14:05". */
export function when(seconds) {
  const ago = Date.now() / 1000 - seconds;
  if (ago < 45) return t("just now");
  if (ago < 3600) return t("{minutes} min ago", { minutes: Math.max(1, Math.round(ago / 60)) });
  if (ago < 20 * 3600) return t("{hours} h ago", { hours: Math.round(ago / 3600) });
  return new Date(seconds * 1000).toLocaleString(LANGUAGE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/** Time of day with seconds. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(LANGUAGE, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}
