"""Every combination of method and wish that the declarations rule out is refused before a run exists, by every door."""

from typing import Any

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import can
from app.catalog.training import NEEDS
from app.errors import Rejected
from app.models import DatasetVersion
from app.services.runs import derivations, run_specs
from studio.finetune import sort_settings
from tests.app.api.test_derivations import finished
from tests.app.conftest import Person
from tests.factories import SPEC

# Ability -> the settings that ask for it.
ASKING: dict[str, dict[str, Any]] = {
    "nf4": {"base_precision": "4-bit"},
    "int8": {"base_precision": "8-bit"},
    "gradient_checkpointing": {"gradient_checkpointing": True},
    **{each: {"needs": [each]} for each in NEEDS},
}
KINDS = [method.model_fields["kind"].default for method in METHODS]
TABLE = [(kind, ability) for kind in KINDS for ability in ASKING if not can(method_class(kind), ability)]


def submit(kind: str, training: dict[str, Any], **method: Any) -> None:
    task = method_class(kind).task_types[0]
    version = DatasetVersion(columns=SPEC["columns"], labels={"no": 1, "yes": 1}, content_sha256="0" * 64)
    base = "starter-encoder" if "classification" in task else "starter-chat"
    run_specs.make_spec(version, base_model=base, task_type=task, method={"kind": kind, **method}, training=training)


@pytest.mark.parametrize(("kind", "ability"), TABLE)
def test_what_a_method_cannot_do_is_refused_on_submit(kind: str, ability: str) -> None:
    with pytest.raises(Rejected) as caught:
        submit(kind, ASKING[ability])
    assert caught.value.code == "method_cannot"
    (field,) = caught.value.details["fields"]
    assert field == f"training.{next(iter(ASKING[ability]))}"
    named = caught.value.hint.split(": ")[1].rstrip(".").split(", ")
    able = [each for each in METHODS if each.title in named]
    assert able and all(
        can(each, ability) and set(each.task_types) & set(method_class(kind).task_types) for each in able
    )


def test_supported_combination_is_accepted():
    for kind in KINDS:
        for ability, asking in ASKING.items():
            # QLoRA says itself how the base is held, and what is held in fewer bits fits no other adapter.
            contradicts = kind == "qlora" and ability in ("int8", "combine")
            if can(method_class(kind), ability) and not contradicts:
                submit(kind, asking)


@pytest.mark.parametrize("kind", [each for each in KINDS if not can(method_class(each), "layers")])
def test_choice_of_layers_is_refused_for_methods_without_layers(kind: str) -> None:
    with pytest.raises(Rejected, match="only some of the layers") as caught:
        submit(kind, {}, layers="last 1")
    assert "LoRA" in caught.value.hint and "method.layers" in caught.value.details["fields"]
    with pytest.raises(Rejected, match="only some of the layers"):
        sort_settings(kind, {"layers": "last 1"})


@pytest.mark.parametrize(
    ("kind", "method", "training"),
    [
        ("qlora", {}, {"base_precision": "8-bit"}),
        ("qlora", {"bits": "8"}, {"base_precision": "full"}),
        ("qlora", {}, {"needs": ["combine"]}),
        ("lora", {}, {"needs": ["combine"], "base_precision": "8-bit"}),
    ],
)
def test_settings_that_contradict_each_other_are_refused(kind: str, method: dict, training: dict) -> None:
    with pytest.raises(Rejected) as caught:
        submit(kind, training, **method)
    assert caught.value.code == "contradiction" and "LoRA" in caught.value.hint


def test_http_refuses_the_same_combinations(ann: Person) -> None:
    run_id = finished(ann.id, "Small", method={"kind": "prefix-tuning", "tokens": 4})
    body = {"run_id": run_id, "methods": [{"kind": "lora"}, {"kind": "prefix-tuning"}]}
    answer = ann.post("/api/v1/experiments", json_body={**body, "training": {"gradient_checkpointing": True}})
    assert answer.status == 422
    error = answer.json["error"]
    assert "Prefix tuning cannot train with gradient checkpointing" in error["message"] and "LoRA" in error["hint"]
    cards = {each["kind"]: each for each in ann.get("/api/v1/catalog").json["methods"]}
    assert cards["prefix-tuning"]["refusals"]["gradient_checkpointing"] == f"{error['message']} {error['hint']}"
    assert "gradient_checkpointing" not in cards["lora"]["refusals"]


def test_runs_that_cannot_be_merged_combined_or_shrunk_are_refused_by_name(ann: Person) -> None:
    first = finished(ann.id, "First")
    for kind in KINDS:
        method = method_class(kind)
        made = finished(ann.id, kind, method={"kind": kind})
        actions = {
            "merge": lambda made=made: derivations.merge(ann.id, made),
            "shrink": lambda made=made: derivations.shrink(ann.id, made),
            "combine": lambda made=made: derivations.combine(ann.id, derivations.CombineRequest([first, made])),
        }
        for ability, act in actions.items():
            if not can(method, ability):
                with pytest.raises(Rejected, match="cannot") as caught:
                    act()
                assert caught.value.code == "method_cannot" and method.title in caught.value.message
