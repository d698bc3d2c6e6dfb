"""The frozen description of a run, and what it refuses before anything runs."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.spec import RunSpec, check_asked, check_fit
from app.errors import Rejected


def spec(method: dict[str, Any], **training: Any) -> RunSpec:
    return RunSpec.model_validate(
        {
            "task_type": "text-classification",
            "base_model": "starter-encoder",
            "columns": {},
            "method": method,
            "training": training,
        }
    )


def test_spec_survives_json_and_unknown_fields_are_refused() -> None:
    made = spec({"kind": "qlora", "bits": "8"}, epochs=2)
    assert RunSpec.model_validate_json(made.model_dump_json()) == made
    with pytest.raises(ValidationError, match="colour"):
        RunSpec.model_validate({**made.model_dump(), "colour": "red"})


@pytest.mark.parametrize(
    ("method", "asked", "held"),
    [
        ({"kind": "lora"}, "auto", "full"),
        ({"kind": "lora"}, "4-bit", "nf4"),
        ({"kind": "lora"}, "8-bit", "int8"),
        ({"kind": "qlora"}, "auto", "nf4"),
        ({"kind": "qlora", "bits": "8"}, "auto", "int8"),
    ],
)
def test_precision_of_the_base_model_is_that_of_the_settings_or_of_the_method(
    method: dict, asked: str, held: str
) -> None:
    assert spec(method, base_precision=asked).base_precision == held


def test_method_and_settings_that_want_different_precisions_contradict_each_other() -> None:
    for asked in ("8-bit", "full"):
        with pytest.raises(Rejected, match=f"in 4 bits, and the training settings ask for {asked}") as caught:
            check_asked(spec({"kind": "qlora"}, base_precision=asked))
        assert caught.value.code == "contradiction" and "training.base_precision" in caught.value.details["fields"]
    check_asked(spec({"kind": "qlora"}, base_precision="4-bit"))


def test_adapter_of_a_quantised_base_cannot_be_combined() -> None:
    check_asked(spec({"kind": "lora"}, needs=["combine"]))
    with pytest.raises(Rejected, match="quantised base model") as caught:
        check_asked(spec({"kind": "lora"}, needs=["combine"], base_precision="4-bit"))
    assert "training.needs" in caught.value.details["fields"]


def test_what_the_method_cannot_do_is_refused_at_the_setting_that_asks_for_it() -> None:
    with pytest.raises(Rejected) as caught:
        check_asked(spec({"kind": "prompt-tuning"}, needs=["merge"]))
    assert "training.needs" in caught.value.details["fields"]


def test_soft_prompt_takes_room_from_the_text() -> None:
    check_fit(spec({"kind": "prompt-tuning", "tokens": 20}, max_length=492), STARTER_ENCODER)
    with pytest.raises(Rejected, match="20 virtual") as caught:
        check_fit(spec({"kind": "prompt-tuning", "tokens": 20}, max_length=493), STARTER_ENCODER)
    assert "492" in caught.value.hint
    # The vectors of prefix-tuning stand beside the layers and take no position of the text.
    check_fit(spec({"kind": "prefix-tuning", "tokens": 20}, max_length=512), STARTER_ENCODER)
    with pytest.raises(Rejected, match="reads at most 512"):
        check_fit(spec({"kind": "prefix-tuning", "tokens": 20}, max_length=513), STARTER_ENCODER)
