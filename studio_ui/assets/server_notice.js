// Says above the fields when no model could answer now, and what to do about it; nothing while all is well.

import { api, el, errorBanner, poll } from "./studio.js";

const EVERY = 10000;

export function serverNotice() {
  const place = el("div", { id: "server-notice", role: "status" });
  let shown = "";
  poll(async () => {
    const { problem } = await api("/api/v1/inference");
    // Written anew only when it changes, so that nobody hears it again and again.
    const code = problem?.error.code || "";
    if (code !== shown) place.replaceChildren(...(problem ? [errorBanner(problem.error)] : []));
    shown = code;
    return true;
  }, EVERY);
  return place;
}
