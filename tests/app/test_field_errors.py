"""Errors of pydantic as one refusal that names every field."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.errors import Rejected
from app.field_errors import field_refusal


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rank: int = Field(ge=1, le=256)
    kind: Literal["lora", "full"] = "lora"


def refusal(values: dict[str, Any]) -> Rejected:
    with pytest.raises(ValidationError) as caught:
        Settings(**values)
    return field_refusal(caught.value.errors())


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"rank": 0}, "range", "'rank' is 0"),
        ({"rank": "many"}, "wrong_type", "'rank' is 'many'"),
        ({}, "missing_field", "'rank' is missing"),
        ({"rank": 1, "alpha": 2}, "unknown_field", "'alpha' is not a known field"),
        ({"rank": 1, "kind": "magic"}, "unknown_choice", "'kind' is 'magic'"),
    ],
)
def test_code_and_message_name_the_field_and_its_value(values: dict[str, Any], code: str, words: str) -> None:
    error = refusal(values)
    assert (error.code, error.status) == (code, 422)
    assert words in error.message and error.hint


def test_every_wrong_field_is_in_the_details_and_the_first_gives_the_code() -> None:
    error = refusal({"rank": 0, "kind": "magic"})
    assert error.code == "range" and set(error.details["fields"]) == {"rank", "kind"}


def test_long_value_is_cut_in_the_message() -> None:
    assert "x" * 56 + "..." in refusal({"rank": "x" * 500}).message
    assert "x" * 57 not in refusal({"rank": "x" * 500}).message


def test_part_of_the_request_is_no_part_of_the_name() -> None:
    error = field_refusal([{"type": "int_type", "loc": ("query", "after"), "msg": "No integer", "input": "x"}])
    assert "'after' is 'x': no integer" in error.message


def test_body_that_is_not_json_is_a_bad_request() -> None:
    error = field_refusal([{"type": "json_invalid", "loc": ("body", 1), "msg": "JSON decode error"}])
    assert (error.code, error.status) == ("json", 400)
