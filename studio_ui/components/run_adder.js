// A search box that finds runs to add to a comparison; the server looks through all of them and describes those that fit.

import { build } from "./view.js";

const PAUSE = 200;

/**
 * Bring the box with its list of matches to life: type, then choose with the arrow keys and Enter, or with the mouse.
 * @param {HTMLElement} place what Python describes
 * @param {(words: string) => Promise<object[]>} find the items of the list, as descriptions
 * @param {(id: string) => void} choose
 */
export function followAdder(place, find, choose) {
  const [box, list] = place.children;
  let timer;
  let turn = 0;
  const mark = (at) => {
    const items = [...list.querySelectorAll("[data-run]")];
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
    const mine = ++turn;
    const items = await find(box.value.trim()).catch(() => []);
    if (mine !== turn) return;
    list.replaceChildren(...items.map((item) => build(item)));
    open(true);
    mark(0);
  };
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const chosen = event.target.closest("[data-run]");
    if (!chosen) return;
    open(false);
    choose(chosen.dataset.run);
    box.value = "";
  });
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
    if (event.key === "Enter") return list.children[marked()]?.dispatchEvent(new MouseEvent("mousedown", { bubbles: true }));
    return mark(marked() + (event.key === "ArrowDown" ? 1 : -1));
  });
}
