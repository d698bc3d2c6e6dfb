"""Every page, wide and light, narrow and dark: nothing serious against axe's rules of WCAG 2.2 A and AA, no complaint in the
console, nothing from elsewhere, nothing wider than the screen.

Colours do not change widths, and widths no colours: each of the four is seen once.
"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.services.datasets import datasets
from app.services.runs import runs
from studio_ui.pages import PAGES
from tests.studio_ui.conftest import NARROW, WIDE, expect_to_fit

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}

# Tabs of the run page name the panel that shows for them; Gradio opens one and mounts its panel a moment after the tabs.
PANELS = """() => {
  const tabs = [...document.querySelectorAll("#run-tabs [role=tab]")];
  const open = tabs.filter((tab) => tab.getAttribute("aria-selected") === "true");
  return (tabs.length === 0 || open.length === 1) && open.every((tab) => document.getElementById(tab.getAttribute("aria-controls")));
}"""


@pytest.fixture(scope="module")
def queries(studio) -> dict[str, str]:
    """What the addresses of some pages need to show something."""
    dataset = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    wanted = runs.RunRequest(dataset.id, "starter-encoder", "text-classification", {"kind": "lora"})
    run = runs.submit(studio.owner, wanted)
    return {
        "/datasets": f"?id={dataset.id}",
        "/new": f"?dataset={dataset.id}&step=settings",
        "/run": f"?id={run.id}",
        "/compare": f"?runs={run.id}",
    }


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (NARROW, "dark")], ids=["wide-light", "narrow-dark"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_page_is_accessible_quiet_and_fits_the_screen(signed_in, queries, page, size, scheme):
    watched = signed_in(size, color_scheme=scheme)
    opened = watched.open(page.path + queries.get(page.path, ""))
    expect(opened.locator("h1, #content .empty-title").first).to_be_visible()
    expect_to_fit(opened, size)
    assert opened.evaluate("document.documentElement.classList.contains('dark')") == (scheme == "dark")
    opened.wait_for_function(PANELS)
    assert watched.complaints == [] and watched.foreign == []
    found = Axe().run(opened, options=RULES).response["violations"]
    serious = [
        f"{finding['id']}: {finding['help']}: {[node['html'][:160] for node in finding['nodes'][:3]]}"
        for finding in found
        if finding["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_pages_without_what_they_show_say_so_quietly(signed_in, queries):
    watched = signed_in(NARROW)
    for path in queries:
        opened = watched.open(path)
        expect(opened.locator("h1, #content .empty-title").first, path).to_be_visible()
        expect_to_fit(opened)
    assert watched.complaints == [] and watched.foreign == []
