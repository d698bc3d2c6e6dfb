"""Specs of runs: every combination of method and setting that the declarations rule out is refused by name."""

from pathlib import Path
from typing import Any

import pytest

from app.catalog.methods import METHODS, method_class
from app.catalog.methods.capabilities import can
from app.catalog.training import NEEDS
from app.errors import Rejected
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.runs import run_specs
from studio.finetune import sort_settings
from tests.app.services.datasets.letters import ROWS, newest, write
from tests.factories import SPEC

# Ability -> the settings that ask for it.
ASKING: dict[str, dict[str, Any]] = {
    "nf4": {"base_precision": "4-bit"},
    "int8": {"base_precision": "8-bit"},
    "gradient_checkpointing": {"gradient_checkpointing": True},
    **{need: {"needs": [need]} for need in NEEDS},
}


KINDS = [method.model_fields["kind"].default for method in METHODS]


TABLE = [(kind, ability) for kind in KINDS for ability in ASKING if not can(method_class(kind), ability)]


def submit(kind: str, training: dict[str, Any], **method: Any) -> None:
    task = method_class(kind).task_types[0]
    version = DatasetVersion(columns=SPEC["columns"], labels={"no": 1, "yes": 1}, content_sha256="0" * 64)
    base = "starter-encoder" if "classification" in task else "starter-chat"
    # Where no length is given, the rows of the version are counted.
    settings = {"max_length": 32, **training}
    run_specs.make_spec(version, base_model=base, task_type=task, method={"kind": kind, **method}, training=settings)


@pytest.mark.parametrize(("kind", "ability"), TABLE)
def test_setting_that_a_method_cannot_serve_is_refused(kind: str, ability: str) -> None:
    with pytest.raises(Rejected) as caught:
        submit(kind, ASKING[ability])
    assert caught.value.code == "method_cannot"
    (field,) = caught.value.details["fields"]
    assert field == f"training.{next(iter(ASKING[ability]))}"
    named = caught.value.hint.split(": ")[1].rstrip(".").split(", ")
    able = [method for method in METHODS if method.title in named]
    assert able and all(
        can(method, ability) and set(method.task_types) & set(method_class(kind).task_types) for method in able
    )


def test_supported_combination_is_accepted():
    for kind in KINDS:
        for ability, asking in ASKING.items():
            # QLoRA says itself how the base is held, and what is held in fewer bits fits no other adapter.
            contradicts = kind == "qlora" and ability in ("int8", "combine")
            if can(method_class(kind), ability) and not contradicts:
                submit(kind, asking)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not can(method_class(kind), "layers")])
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


def test_missing_settings_take_the_defaults_of_the_task_and_the_length_of_the_data(owner: str, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [*ROWS, *[(f"{number} " + "word " * 100, "a") for number in range(10)]])
    version = newest(datasets.import_file(owner, (path, "x.csv")))

    def length(kind: str = "lora", **training: Any) -> int:
        spec = run_specs.make_spec(
            version,
            base_model="starter-encoder",
            task_type="text-classification",
            method={"kind": kind},
            training={"epochs": 2, **training},
        )
        assert (spec.labels, spec.dataset_sha256) == (sorted(version.labels), version.content_sha256)
        assert spec.training.epochs == 2
        return spec.training.max_length

    assert length() == length("prompt-tuning") == 128
    assert length(max_length=40) == 40


def test_every_setting_out_of_bounds_is_named() -> None:
    with pytest.raises(Rejected) as caught:
        submit("lora", {"epochs": 0, "batch_size": 0}, rank=0)
    assert caught.value.code == "range"
    assert set(caught.value.details["fields"]) == {"method.lora.rank", "training.epochs", "training.batch_size"}


def test_method_or_model_of_another_task_is_refused() -> None:
    version = DatasetVersion(columns=SPEC["columns"], labels={"yes": 1, "no": 1}, content_sha256="0" * 64)
    with pytest.raises(Rejected) as caught:
        run_specs.make_spec(version, base_model="starter-chat", task_type="text-classification", method={}, training={})
    assert caught.value.code == "task_not_supported" and "chat" in caught.value.hint
