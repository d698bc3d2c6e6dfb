// Work on data that takes a while: ask for it, show how far it is, stop it, do it again. Knows no form.

import { ApiError, api, banner, count, el, poll } from "./studio.js";

const EVERY_MS = 400;
const OVER = ["succeeded", "failed", "cancelled"];

/**
 * Ask for a new version of a data set; much data is checked in the background meanwhile.
 * @param {HTMLElement} place where the progress is shown
 * @returns the data set with its new version. @throws {ApiError} also when the check was stopped or failed
 */
export async function change(path, body, place) {
  const answer = await api(path, { method: "POST", body, headers: { Prefer: "respond-async" } });
  return answer.check ? watched(answer.check, place) : answer;
}

/** Show a check in `place` until it is over; resolves with the data set that came out. */
export function watched(check, place) {
  const words = el("p", { class: "muted check-words", role: "status", text: "Starting…" });
  const bar = el("progress", { "aria-label": "Check of the data" });
  const stop = el("button", { type: "button", class: "button small check-stop", text: "Stop", onclick: () => cancel(check.id, stop) });
  place.replaceChildren(el("div", { class: "data-check", "data-check": check.id }, words, bar, stop));
  return new Promise((resolve, reject) => {
    poll(async () => {
      const payload = await api(`/api/v1/checks/${encodeURIComponent(check.id)}`);
      show(payload, words, bar);
      if (!OVER.includes(payload.state)) return true;
      if (payload.state === "succeeded") {
        place.replaceChildren();
        resolve(await api(`/api/v1/datasets/${encodeURIComponent(payload.dataset_id)}`));
      } else if (payload.state === "failed") {
        const refused = new ApiError({ ...payload.error, details: { ...payload.error.details, staged: payload.staged } });
        if (payload.error.code === "check_crashed" || payload.error.code === "worker_lost") again(check, place, refused, resolve, reject);
        else {
          place.replaceChildren();
          reject(refused);
        }
      } else again(check, place, null, resolve, reject);
      return false;
    }, EVERY_MS);
  });
}

function show(payload, words, bar) {
  const { done, total } = payload.progress || {};
  words.textContent = total ? `${payload.phase}: ${count(done)} of ${count(total)} rows` : `${payload.phase}…`;
  if (total) bar.value = done / total;
  else bar.removeAttribute("value");
}

async function cancel(id, button) {
  button.disabled = true;
  await api(`/api/v1/checks/${encodeURIComponent(id)}/cancel`, { method: "POST" }).catch(() => {});
}

// Stopped or broken off: nothing was changed, and it can be done again.
function again(check, place, error, resolve, reject) {
  const notice = error ? banner("error", error.message, error.hint, error.code) : banner("info", "The check was stopped.", "Nothing was changed.");
  const retry = el("button", { type: "button", class: "button small check-retry", text: "Check again", onclick: async () => {
    retry.disabled = true;
    try {
      resolve(await watched(await api(`/api/v1/checks/${encodeURIComponent(check.id)}/retry`, { method: "POST" }), place));
    } catch (refused) {
      reject(refused);
    }
  } });
  place.replaceChildren(el("div", { class: "data-check" }, notice, retry));
}
