// Reads a reply as it is written: JSON lines of the API, one call of `heard` for each. Knows no page.

import { ApiError, refusal } from "./studio.js";

/**
 * Ask for a reply and follow it.
 * @param {string} path; @param {object} body; @param {AbortSignal} signal stops the model, too
 * @param {(event: {text?: string, done?: object}) => void} heard
 * @throws {ApiError} a refusal, or a failure in the middle
 */
export async function follow(path, body, signal, heard) {
  const headers = { "X-Requested-With": "studio", "Content-Type": "application/json", Accept: "application/x-ndjson, application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", signal });
  if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const payload = JSON.parse(line);
      if (payload.error) throw new ApiError(payload.error);
      heard(payload);
    }
  }
}
