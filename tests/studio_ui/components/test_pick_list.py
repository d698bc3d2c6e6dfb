"""Boxes to tick, in somebody's Blocks."""

import json


def test_boxes_are_ticked_by_keyboard_and_the_value_keeps_the_order_of_the_choices(foreign):
    page = foreign()
    group = page.get_by_role("group", name="Methods")
    assert page.get_by_label("Method 2").is_checked() and group.get_by_role("checkbox").count() == 8
    page.get_by_label("Method 8").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_label("Method 1", exact=False).first.focus()
    page.keyboard.press("Space")
    picked = page.get_by_label("picked")
    page.wait_for_function("[...document.querySelectorAll('textarea')].some((each) => each.value.includes('m1'))")
    assert json.loads(picked.input_value()) == ["m1", "m2", "m9"]
    assert page.get_by_text("2 more methods").is_visible()
