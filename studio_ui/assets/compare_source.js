// Where the compare page gets its data: the signed-in person's own runs, or what a read-only link shows.

import { api } from "./studio.js";

const SHARED_PATH = "/shared";
// Of one curve; a chart half as wide as the page shows no more, and ten curves of eight metrics stay quick.
const MOST_POINTS = 400;

/** One's own runs, with everything that can be done with them. */
const own = {
  readOnly: false,
  rows: true,
  open: async () => null,
  compare: (query) => api(`/api/v1/compare?${query}`),
  series: (ids, keys) => api(`/api/v1/compare/series?runs=${ids.join(",")}&keys=${keys}&max_points=${MOST_POINTS}`),
  examples: (query) => api(`/api/v1/compare/examples?${query}`),
  vote: (run_id, row_id, vote) => api("/api/v1/compare/votes", { method: "POST", body: { run_id, row_id, vote } }),
  others: (query) => api(`/api/v1/runs?${query}`),
};

/** What a link shows; the token stays in the fragment, which is never sent, and travels in a header. */
function shared(token) {
  const ask = (path) => api(`/api/v1/shared${path}`, { headers: { "X-Studio-Share": token } });
  const source = {
    readOnly: true,
    vote: null,
    rows: false,
    /** The first visit brings the sender's view into the address; a changed address is kept. */
    async open() {
      const payload = await ask("");
      source.rows = payload.with_rows;
      const query = new URLSearchParams(location.search);
      const view = new URLSearchParams(query.size ? location.search : payload.view);
      view.set("runs", payload.runs.join(","));
      history.replaceState(history.state, "", `${SHARED_PATH}?${view}${location.hash}`);
      return payload.catalog;
    },
    compare: (query) => ask(`/compare?${pick(query, ["baseline"])}`),
    series: (ids, keys) => ask(`/series?keys=${keys}&max_points=${MOST_POINTS}`),
    examples: (query) => ask(`/examples?${pick(query, ["order", "limit", "after"])}`),
    others: async () => ({ runs: [] }),
  };
  return source;
}

function pick(query, names) {
  return new URLSearchParams(names.filter((name) => query.has(name)).map((name) => [name, query.get(name)]));
}

/** The source that belongs to the page's address. */
export function sourceOfPage() {
  return location.pathname === SHARED_PATH ? shared(location.hash.slice(1)) : own;
}
