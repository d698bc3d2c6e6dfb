"""A dropdown whose choices come with data, in somebody's Blocks."""

import json

from playwright.sync_api import expect

from studio_ui.components.choice import Choice


def test_choice_is_made_by_keyboard_and_reaches_python(foreign):
    page = foreign()
    box = page.get_by_label("Which")
    box.click()
    page.get_by_role("option", name="two").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("chosen")).to_have_value(json.dumps("two"))


def test_choice_that_the_server_has_forgotten_is_taken_as_it_came():
    # A restart of the server forgets which choices a page has received; the service behind it checks what comes.
    assert Choice(["one"], render=False).preprocess("seven") == "seven"
