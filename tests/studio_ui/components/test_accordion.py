"""An accordion with a field, in somebody's Blocks."""

from playwright.sync_api import expect

# Types at once, before the browser has drawn the opened accordion, and tells what the field holds four frames later.
TYPE_AT_ONCE = """async () => {
  document.querySelector("#more > button").click();
  const field = () => document.querySelector("#more textarea");
  while (!field()?.checkVisibility()) await new Promise((done) => setTimeout(done));
  field().value = "mine";
  field().dispatchEvent(new Event("input", { bubbles: true }));
  for (let frame = 0; frame < 4; frame++) await new Promise(requestAnimationFrame);
  return field().value;
}"""


def test_what_is_typed_as_soon_as_an_accordion_opens_stays(foreign):
    page = foreign()
    expect(page.locator("#more > button")).to_be_visible()
    expect(page.get_by_label("Motto")).to_be_hidden()
    assert page.evaluate(TYPE_AT_ONCE) == "mine"
