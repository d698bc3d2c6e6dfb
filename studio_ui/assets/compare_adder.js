// A search box that finds runs to add to a comparison; the server looks through all of them.

import { methodTitle } from "./run_words.js";
import { el } from "./studio.js";

const PAUSE = 200;
const SHOWN = 8;

/**
 * A box with a list of matches below: type, then choose with the arrow keys and Enter, or with the mouse.
 * @param {(query: URLSearchParams) => Promise<{runs: object[]}>} find
 * @param {() => string[]} taken ids that are compared already; @param {(run: object) => void} choose
 */
export function runAdder(find, taken, choose) {
  const box = el("input", { type: "search", id: "compare-add", role: "combobox", "aria-label": "Add a run: search by name, method, data set or tag", "aria-expanded": "false", "aria-controls": "compare-add-list", "aria-autocomplete": "list", placeholder: "Add a run…", autocomplete: "off" });
  const list = el("ul", { id: "compare-add-list", class: "adder-list", role: "listbox", "aria-label": "Matching runs", hidden: true });
  let timer;
  let turn = 0;
  const mark = (at) => {
    const items = [...list.children].filter((each) => each.dataset.run);
    if (!items.length) return;
    const next = (at + items.length) % items.length;
    items.forEach((item, place) => item.setAttribute("aria-selected", String(place === next)));
    box.setAttribute("aria-activedescendant", items[next].id);
  };
  const marked = () => [...list.children].findIndex((each) => each.getAttribute("aria-selected") === "true");
  const open = (shown) => {
    list.hidden = !shown;
    box.setAttribute("aria-expanded", String(shown));
  };
  const search = async () => {
    turn += 1;
    const mine = turn;
    const { runs } = await find(new URLSearchParams({ q: box.value.trim(), limit: String(SHOWN + 10) })).catch(() => ({ runs: [] }));
    if (mine !== turn) return;
    const fit = runs.filter((run) => !taken().includes(run.id)).slice(0, SHOWN);
    list.replaceChildren(...(fit.length ? fit.map(item) : [el("li", { class: "muted", text: "No other run fits." })]));
    open(true);
    mark(0);
  };
  const item = (run) => el("li", { id: `add-${run.id}`, role: "option", "aria-selected": "false", "data-run": run.id, onmousedown: (event) => {
    event.preventDefault();
    open(false);
    choose(run);
  } }, el("span", { text: run.name }), el("span", { class: "muted small", text: `${methodTitle(run.method)} · ${run.dataset.name} @ ${run.dataset.version}` }));
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  box.addEventListener("focus", search);
  box.addEventListener("blur", () => open(false));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return open(false);
    if (!["ArrowDown", "ArrowUp", "Enter"].includes(event.key) || list.hidden) return undefined;
    event.preventDefault();
    if (event.key === "Enter") return list.children[marked()]?.dispatchEvent(new MouseEvent("mousedown"));
    return mark(marked() + (event.key === "ArrowDown" ? 1 : -1));
  });
  return el("span", { class: "adder" }, box, list);
}
