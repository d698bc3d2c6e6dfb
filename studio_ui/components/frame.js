// Behaviour of the frame that every page shares: light and dark, the language, and the menu on small screens.

import { el, errorBanner, refusal } from "./studio.js";

const system = matchMedia("(prefers-color-scheme: dark)");
const KEY = "studio-theme";

/** Charts and Gradio look at this class; colours themselves come from the style sheet. */
function followTheme() {
  const dark = (localStorage.getItem(KEY) || (system.matches ? "dark" : "light")) === "dark";
  document.documentElement.classList.toggle("dark", dark);
  document.body.classList.toggle("dark", dark);
}

system.addEventListener("change", followTheme);
followTheme();

document.querySelector("#theme-switch")?.addEventListener("click", () => {
  localStorage.setItem(KEY, document.documentElement.classList.contains("dark") ? "light" : "dark");
  followTheme();
  document.dispatchEvent(new Event("themechange"));
});

document.querySelector("#language-switch")?.addEventListener("change", ({ target }) => {
  document.cookie = `${target.dataset.cookie}=${target.value}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
});

// On a narrow screen the menu scrolls sideways; the current page must be in sight.
document.querySelector('.site-head [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

// The frame's base address would lead a bare fragment to Home; here the content of this very page is meant.
document.querySelector(".skip-link")?.addEventListener("click", (event) => {
  event.preventDefault();
  const content = document.querySelector("#content");
  if (!content) return;
  content.tabIndex = -1;
  content.focus();
});

// Gradio's tabs are reached one by one; arrow keys, Home and End move among them as in other tab lists.
document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  const tabs = tab ? [...tab.parentElement.querySelectorAll(":scope > [role=tab]:not(:disabled)")].filter((each) => each.checkVisibility()) : [];
  const at = tabs.indexOf(tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined || event.defaultPrevented || !tab.closest(".tab-container")) return;
  event.preventDefault();
  const next = tabs[(to + tabs.length) % tabs.length];
  next.focus();
  next.click();
});

// In a field that is a name, Escape brings back what stood there; Enter, which keeps the new one, makes that the old one.
const remembered = (field) => (field.dataset.before = field.value);
document.addEventListener("focusin", ({ target }) => target.closest?.(".name-field") && "value" in target && remembered(target));
document.addEventListener("keydown", ({ target, key }) => {
  if (target.dataset?.before === undefined) return;
  if (key === "Enter") remembered(target);
  if (key !== "Escape") return;
  target.value = target.dataset.before;
  target.dispatchEvent(new Event("input", { bubbles: true }));
});

// Gradio tells nobody why a listener is not answered once the session has ended.
const fetched = window.fetch;
window.fetch = async (...request) => {
  const answer = await fetched(...request);
  if (answer.status === 401 && !document.querySelector("#signed-out")) {
    document.querySelector(".site-head").after(el("div", { id: "signed-out", role: "alert", class: "page" }, errorBanner(refusal(401))));
  }
  return answer;
};
