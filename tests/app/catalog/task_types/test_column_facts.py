"""What a column holds is recognised by its cells."""

import pytest

from app.catalog.task_types.column_facts import column_facts, parsed
from tests.app.catalog.task_types.tables import FLAGS, GROUPS, OTHERS, ROWS, TEXTS, table


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([None, " ", ""], "empty"),
        (TEXTS, "texts"),
        (["この植物は水が多すぎる" + str(n) for n in range(ROWS)], "texts"),
        (GROUPS, "values"),
        (FLAGS, "values"),
        ([f"name{n}" for n in range(ROWS)], "words"),
        ([str(n / 7) for n in range(ROWS)], "numbers"),
        # Many numbers that recur are measured, not chosen from a few.
        ([str(n % 18) for n in range(ROWS * 2)], "numbers"),
        (['{"a": 1}', "['b']"] * 20, "objects"),
        (["2024-03-01T08:00:00Z", "2024-03-02 09:30"] * 20, "times"),
        (["1.3.2024", "02.03.2024"] * 20, "times"),
        (["https://example.org/a", "anna@example.org"] * 20, "links"),
    ],
)
def test_kind(cells: list[str | None], kind: str) -> None:
    assert column_facts("x", cells).kind == kind


def test_yes_and_no_are_distinguished() -> None:
    marks = column_facts("ok", ["True", "False", "True"])
    assert marks.is_boolean and marks.true_values == ("True",)
    assert not column_facts("ok", ["true", "true"]).is_boolean
    assert not column_facts("ok", ["yes", "maybe"]).is_boolean


@pytest.mark.parametrize(
    ("name", "person", "metadata"),
    [
        ("Agent", True, False),
        ("agent_name", True, False),
        ("created_by", True, False),
        ("Bearbeiter", True, False),
        ("annotator", True, False),
        ("lead_time", False, True),
        ("Sprache", False, True),
        ("team", False, False),
    ],
)
def test_names_of_persons_and_of_facts_about_the_row(name: str, person: bool, metadata: bool) -> None:
    facts = column_facts(name, ["a", "b"])
    assert (facts.is_person, facts.is_metadata) == (person, metadata)


def test_number_and_name_of_a_label_tell_the_rows_apart_alike() -> None:
    numbers = [str(("water", "light", "pests", "soil").index(group)) for group in GROUPS]
    both = table(label=numbers, label_text=GROUPS, other=FLAGS)
    assert both.same_rows("label", "label_text") and not both.same_rows("label", "other")


def test_share_counts_filled_cells_only() -> None:
    data = table(a=["x", None, "", "y"], b=OTHERS[:4])
    assert data.share("a", lambda cell: cell == "x") == 0.5


@pytest.mark.parametrize(
    ("cell", "value"),
    [("[1]", [1]), ("['a']", ["a"]), ("{bad", None), ("plain", None), ([1], [1]), ("[" * 5000, None), (None, None)],
)
def test_lists_are_read_from_json_and_python(cell: object, value: object) -> None:
    assert parsed(cell) == value
