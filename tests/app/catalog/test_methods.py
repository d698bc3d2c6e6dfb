"""The tuning methods that there are."""

import pytest
from pydantic import TypeAdapter, ValidationError

from app.catalog.methods import DERIVED, METHODS, AnyMethod, method_class
from app.errors import Rejected


def test_kinds_are_distinct_and_found() -> None:
    kinds = [method.model_fields["kind"].default for method in METHODS + DERIVED]
    assert len(set(kinds)) == len(kinds)
    assert [method_class(kind) for kind in kinds] == [*METHODS, *DERIVED]


def test_settings_are_read_by_kind() -> None:
    read = TypeAdapter(AnyMethod).validate_python
    assert read({"kind": "lora", "rank": 4}) == method_class("lora")(rank=4)
    with pytest.raises(ValidationError):
        read({"kind": "abacus"})
    with pytest.raises(ValidationError):
        read({"rank": 4})


def test_unknown_kind_is_refused_with_those_of_the_menu() -> None:
    with pytest.raises(Rejected) as caught:
        method_class("abacus")
    assert caught.value.code == "unknown_method"
    assert "lora" in caught.value.hint and "routed" not in caught.value.hint
