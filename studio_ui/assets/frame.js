// Behaviour of the frame that every page shares: the theme follows the system, the menu works on small screens.

const dark = matchMedia("(prefers-color-scheme: dark)");

/** Charts and Gradio look at this class; colours themselves come from the style sheet. */
function followTheme() {
  document.documentElement.classList.toggle("dark", dark.matches);
  document.body.classList.toggle("dark", dark.matches);
}

dark.addEventListener("change", followTheme);
followTheme();

// On a narrow screen the menu scrolls sideways; the current page must be in sight.
document.querySelector('.site-head [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

// The frame's base address would lead a bare fragment to Home; here the content of this very page is meant.
document.querySelector(".skip-link")?.addEventListener("click", (event) => {
  event.preventDefault();
  document.querySelector("#content")?.focus();
});
