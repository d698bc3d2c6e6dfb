"""A dropdown whose choices come with data, in somebody's Blocks."""

import json

from studio_ui.components.choice import Choice


def test_choice_is_made_by_keyboard_and_reaches_python(foreign):
    page = foreign()
    box = page.get_by_label("Which")
    box.click()
    page.get_by_role("option", name="two").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("[...document.querySelectorAll('textarea')].some((each) => each.value === '\"two\"')")
    assert json.loads(page.get_by_label("chosen").input_value()) == "two"


def test_choice_that_the_server_has_forgotten_is_taken_as_it_came():
    # A restart of the server forgets which choices a page has received; the service behind it checks what comes.
    assert Choice(["one"], render=False).preprocess("seven") == "seven"
