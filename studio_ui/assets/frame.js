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
