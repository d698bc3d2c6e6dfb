"""Boxes to tick, in somebody's Blocks."""

import json

from playwright.sync_api import expect


def test_boxes_are_ticked_by_keyboard_and_the_value_keeps_the_order_of_the_choices(foreign):
    page = foreign()
    group = page.get_by_role("group", name="Methods")
    expect(page.get_by_label("Method 2")).to_be_checked()
    expect(group.get_by_role("checkbox")).to_have_count(8)
    page.get_by_label("Method 8").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    # Answers to two events may come in any order.
    expect(page.get_by_label("picked")).to_have_value(json.dumps(["m2", "m9"]))
    page.get_by_label("Method 1", exact=False).first.focus()
    page.keyboard.press("Space")
    expect(page.get_by_label("picked")).to_have_value(json.dumps(["m1", "m2", "m9"]))
    expect(page.get_by_text("2 more methods")).to_be_visible()
