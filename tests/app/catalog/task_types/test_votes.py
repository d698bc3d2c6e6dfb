"""What cells say about which of two answers won, and how a whole column is read."""

from typing import Any

import pytest

from app.catalog.task_types.votes import roles_for, side_of, split_name, winner_role


@pytest.mark.parametrize(
    ("value", "role", "side"),
    [
        ("response_a", "winner", "first"),
        ("model_b", "winner", "second"),
        ("B", "winner", "second"),
        (1, "winner", "first"),
        ("2.0", "winner", "second"),
        ("-1", "winner", None),
        ("0", "winner", None),
        ("tie (bothbad)", "winner", "tie"),
        ("0.5", "winner", "tie"),
        ("?", "winner", None),
        (None, "winner", None),
        ("0", "winner:0/1", "first"),
        ("0", "winner:1/0", "second"),
        ("0.5", "winner:0/1", "tie"),
        ("tie", "winner:0/1", "tie"),
        ("2", "winner:0/1", None),
        ("-2", "winner:<0", "first"),
        ("-2", "winner:>0", "second"),
        ("0", "winner:<0", "tie"),
        ("7", "winner:<4", "second"),
    ],
)
def test_cell_names_a_side(value: Any, role: str, side: str | None) -> None:
    assert side_of(value, role, "response_a", "response_b") == side


def test_digits_at_the_end_of_names_are_parts_of_them() -> None:
    assert split_name("Response1") == split_name("response 1") == ("response", "1")
    assert side_of("response_2", "winner", "response1", "response2") == "second"


@pytest.mark.parametrize(
    ("values", "ends", "roles"),
    [
        (["1", "2"], ("a", "b"), ["winner"]),
        (["1", "2"], ("0", "1"), ["winner:1/2", "winner:2/1"]),
        (["1", "2", "tie"], ("1", "2"), ["winner"]),
        (["a", "b", "0.5"], ("a", "b"), ["winner"]),
        (["0", "1"], ("0", "1"), ["winner:0/1"]),
        (["0", "1"], ("1", "2"), ["winner:0/1", "winner:1/0"]),
        (["0", "1", "tie"], ("a", "b"), ["winner:0/1", "winner:1/0"]),
        (["0", "1", "0.5"], ("a", "b"), ["winner:0/1", "winner:1/0"]),
        (["1"], ("a", "b"), ["winner", "winner:0/1"]),
        (["0", "1", "2"], ("a", "b"), ["winner:1/2", "winner:0/1"]),
        (["-1", "1", "0"], ("a", "b"), ["winner:<0", "winner:>0"]),
        (["1", "3", "7"], ("1", "2"), ["winner:<4", "winner:>4"]),
        (["polite", "rude"], ("a", "b"), []),
    ],
)
def test_the_whole_column_says_how_it_is_read(values: list[str], ends: tuple[str, str], roles: list[str]) -> None:
    found = roles_for(values, f"answer_{ends[0]}", f"answer_{ends[1]}", ends)
    assert found == roles and all(winner_role({"prompt": "p", role: "w"}) == role for role in found)
