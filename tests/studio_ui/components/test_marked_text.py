"""Marked words as nodes: types in words, colours by type, differences said."""

from studio_ui.components.marked_text import Marks

TEXT = "Anna flies to Rome"
ANNA, ROME = [0, 4, "PERSON"], [14, 18, "PLACE"]


def words(node) -> str:
    if isinstance(node, str):
        return node
    return "".join(words(item) for item in node[2:])


def test_text_is_kept_and_each_mark_has_its_type() -> None:
    shown = Marks(["PLACE", "PERSON"]).text(TEXT, [ANNA, ROME])
    assert words(shown) == "Anna PERSON flies to Rome PLACE"
    assert [node[1]["class"] for node in shown[2:] if isinstance(node, list)] == ["entity entity-1", "entity entity-0"]


def test_differences_are_missed_taken_for_another_type_or_without_reason() -> None:
    marks = Marks()
    assert words(marks.differences(TEXT, [ANNA], [ANNA])) == "✓as expected"
    assert words(marks.differences(TEXT, [], [])) == "✓nothing, as expected"
    found = words(marks.differences(TEXT, [ANNA, ROME], [[14, 18, "COMPANY"], [5, 10, "DATE"]]))
    assert found == "✕wrong: missed Anna PERSONRome PLACE taken for Rome COMPANYmarked without reason flies DATE"
