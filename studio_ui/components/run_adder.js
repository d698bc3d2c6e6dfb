// A search box that finds runs to add to a comparison; the server looks through all of them.

import { el, t } from "./studio.js";

const PAUSE = 200;
const SHOWN = 8;

/**
 * Bring the box with its list of matches to life: type, then choose with the arrow keys and Enter, or with the mouse.
 * @param {HTMLElement} place what Python describes
 * @param {(words: string) => Promise<{id, name, words}[]>} find
 * @param {() => string[]} taken ids that are compared already; @param {(id: string) => void} choose
 */
export function followAdder(place, find, taken, choose) {
  const [box, list] = place.children;
  let timer;
  let turn = 0;
  const mark = (at) => {
    const items = [...list.children].filter((each) => each.dataset.run);
    if (!items.length) return;
    const next = (at + items.length) % items.length;
    items.forEach((each, number) => each.setAttribute("aria-selected", String(number === next)));
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
    const runs = await find(box.value.trim()).catch(() => []);
    if (mine !== turn) return;
    const fit = runs.filter((run) => !taken().includes(run.id)).slice(0, SHOWN);
    list.replaceChildren(...(fit.length ? fit.map(item) : [el("li", { class: "muted", text: t("No other run fits.") })]));
    open(true);
    mark(0);
  };
  const take = (event, run) => {
    event.preventDefault();
    open(false);
    choose(run.id);
    box.value = "";
  };
  const item = (run) => {
    const about = { id: `add-${run.id}`, role: "option", "aria-selected": "false", "data-run": run.id };
    const words = [el("span", { text: run.name }), el("span", { class: "muted small", text: run.words })];
    return el("li", { ...about, onmousedown: (event) => take(event, run) }, ...words);
  };
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
}
