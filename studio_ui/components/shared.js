// The page behind a read-only link: the comparison without Gradio. The token stays in the address's fragment, which is never
// sent, and travels in a header.

import { mount } from "./comparison.js";
import { api, emptyState } from "./studio.js";

const PATH = "/shared";
const token = location.hash.slice(1);
const headers = { "X-Studio-Share": token };
const root = document.querySelector("#compare-page .browser-component");

/** The first visit brings the sender's view into the address; a changed address is kept. */
function bringView({ view, runs }) {
  const query = new URLSearchParams(new URLSearchParams(location.search).size ? location.search : view);
  query.set("runs", runs.join(","));
  history.replaceState(history.state, "", `${PATH}?${query}${location.hash}`);
}

try {
  const shown = await api("/api/v1/shared", headers);
  bringView(shown);
  const ask = async (name, data) => {
    const query = new URLSearchParams({ name, data: JSON.stringify({ ...data, rows: shown.with_rows }) });
    return (await fetch(`${PATH}/read?${query}`, { headers })).json();
  };
  const server = new Proxy({}, { get: (_, name) => (data) => ask(name, data) });
  const props = JSON.parse(document.querySelector("#board").textContent);
  await mount({ element: root.parentElement, trigger: null, props, server });
} catch (error) {
  root.replaceChildren(emptyState(error.message, error.hint || ""));
}
