"""Runs derived from other runs: LoRA adapters combined into one, an adapter merged into its base model, a full fine-tune
reduced to a LoRA by truncated SVD.

Derived runs are queued, evaluated, downloaded and compared like trained ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from app import storage
from app.catalog.methods import method_class
from app.catalog.methods.requirements import require
from app.catalog.spec import RunSpec
from app.catalog.task_types import task_type
from app.db import transaction
from app.errors import Conflict, Rejected
from app.languages import gettext as _
from app.models import SUCCEEDED, Run
from app.services.accounts.access import TO_TRAIN
from app.services.accounts.audit_chain import record
from app.services.runs import adapters, runs
from app.services.runs.run_specs import invalid_settings

MAX_RANK = 256


@dataclass(frozen=True)
class CombineRequest:
    """Which runs to combine into one adapter, and how.

    ``run_ids``: two to eight; the first one's dataset decides which held-out rows the result is tested on. ``how`` and its
    settings are those of :class:`app.catalog.derived.Combined`. ``weights``: one number of 0 or more for each run, equal if
    None; ``arrow`` routes every token by itself and takes none.
    """

    run_ids: Sequence[str]
    how: str = "average"
    weights: Sequence[float] | None = None
    rank: int = 16
    density: float = 0.5
    top_k: int = 3
    temperature: float = 1.0
    name: str = ""


def combine(user_id: str, request: CombineRequest) -> Run:
    """Queue a run that combines finished LoRA runs of one base model and the same labels.

    Raises:
        NotFound: a run is not theirs.
        Conflict: a run has not succeeded.
        Rejected: the runs do not fit together, or a setting is out of bounds.
    """
    parents = [_finished(user_id, run_id) for run_id in request.run_ids]
    if len(set(request.run_ids)) < max(2, len(request.run_ids)):
        raise Rejected("too_few_runs", _("Two or more different runs are needed."), _("Choose at least two runs."))
    _check_alike(parents)
    _check_answer_layer(parents[0], "combined")
    ranks = [_lora_rank(adapters.adapter_folder(user_id, parent.id), parent) for parent in parents]
    weights = _weights(request.weights, len(parents))
    routed = request.how == "arrow"
    if routed:
        _check_routable(user_id, parents, weights)
    rank = sum(ranks) if request.how in ("average", "arrow") else request.rank
    if rank > MAX_RANK and not routed:
        raise Rejected(
            "range",
            _(
                "In full, the average of these runs has rank {rank}; at most {MAX_RANK} is possible.",
                rank=rank,
                MAX_RANK=MAX_RANK,
            ),
            _("Choose `average-svd` with a rank of your own."),
            details={"fields": {"how": "average-svd"}},
        )
    origin = {
        "kind": "combined",
        "parents": [_parent(run, weight) for run, weight in zip(parents, weights, strict=True)],
        "how": request.how,
        "rank": min(rank, MAX_RANK),
        "density": request.density,
        "top_k": request.top_k,
        "temperature": request.temperature,
    }
    method = {"kind": "routed"} if routed else _plain_lora(rank)
    return _queue(user_id, parents, origin, method, request.name or " + ".join(parent.name for parent in parents))


def _weights(given: Sequence[float] | None, count: int) -> list[float]:
    weights = list(given) if given is not None else [1.0] * count
    if len(weights) != count or sum(weights) <= 0:
        raise Rejected(
            "weights",
            _("The weights {weights} do not fit {count} runs.", weights=weights, count=count),
            _("Give one number of 0 or more for each run, not all of them 0."),
            details={"fields": {"weights": f"{count} numbers"}},
        )
    return weights


def shrink(user_id: str, run_id: str, *, rank: int = 32, name: str = "") -> Run:
    """Queue a run that turns a full fine-tune into a LoRA of this rank and shows what that costs.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it has not succeeded.
        Rejected: it was not tuned as a whole, or the rank is out of bounds.
    """
    parent = _finished(user_id, run_id)
    require(method_class(parent.method), "shrink", task_type=parent.task_type)
    _check_answer_layer(parent, "shrunk")
    origin = {"kind": "shrunk", "parents": [_parent(parent, 1.0)], "rank": rank}
    return _queue(user_id, [parent], origin, _plain_lora(rank), name or f"{parent.name}, shrunk to rank {rank}")


def merge(user_id: str, run_id: str, *, name: str = "") -> Run:
    """Queue a run that adds an adapter to the base model's own weights, in full precision, and tests the result.

    Raises:
        NotFound: the run is not theirs.
        Conflict: it has not succeeded.
        Rejected: its method cannot be merged, or it is a whole model already.
    """
    parent = _finished(user_id, run_id)
    method = method_class(parent.method)
    if method.whole_model:
        raise Rejected(
            "whole_already",
            _(
                "{parent} was tuned with {method}, so it is one plain model already.",
                parent=repr(parent.name),
                method=method.title,
            ),
            _("Download it as it is."),
        )
    require(method, "merge", task_type=parent.task_type)
    origin = {"kind": "merged", "parents": [_parent(parent, 1.0)]}
    return _queue(user_id, [parent], origin, {"kind": "full"}, name or _("{parent}, merged", parent=parent.name))


def _finished(user_id: str, run_id: str) -> Run:
    run = runs.get_run(user_id, run_id)
    if run.job.state != SUCCEEDED:
        raise Conflict(
            "not_finished",
            _(
                "{run} is {state}; only runs that succeeded have weights to work with.",
                run=repr(run.name),
                state=run.job.state,
            ),
            _("Wait until it has ended, or choose another run."),
        )
    return run


def _check_alike(parents: Sequence[Run]) -> None:
    first = parents[0]
    for other in parents[1:]:
        for noun, key in ((_("base model"), "base_model"), (_("task"), "task_type"), (_("labels"), "labels")):
            if other.spec[key] != first.spec[key]:
                raise Rejected(
                    f"different_{key}",
                    _(
                        "{other} and {first} have different {noun}.",
                        other=repr(other.name),
                        first=repr(first.name),
                        noun=noun,
                    ),
                    _("Choose runs with the same {noun}.", noun=noun),
                )


def _check_answer_layer(run: Run, done: str) -> None:
    """Refuse token classification, where the classification head is part of each adapter."""
    if task_type(run.task_type).family == "tokens":
        raise Rejected(
            "answer_layer_inside",
            _(
                "Models that label words cannot be {done}: the layer that judges words is a part of each adapter.",
                done=done,
            ),
            _("Merge one of them into a plain model instead, or train one model on all the data."),
        )


def _lora_rank(folder: Path, run: Run) -> int:
    """Rank of a plain LoRA download.

    Raises:
        Rejected: it is something else.
    """
    require(method_class(run.method), "combine", task_type=run.task_type)
    config = _config(folder)
    title = method_class(run.method).title
    plain = config.get("peft_type") == "LORA" and not config.get("use_dora") and not config.get("lora_bias")
    if not plain:
        raise Rejected(
            "not_combinable",
            _(
                "{run} was tuned with {title}, which is no plain LoRA and cannot be combined.",
                run=repr(run.name),
                title=title,
            ),
            _("Choose runs tuned with LoRA or rsLoRA; a full fine-tune can be shrunk into one first."),
        )
    if RunSpec.model_validate(run.spec).base_precision != "full":
        raise Rejected(
            "quantised_base",
            _("{run} was tuned on a compressed base model, so it fits only that.", run=repr(run.name)),
            _("Choose runs tuned on the model in full precision."),
        )
    ranks: list[int] = [config["r"], *(config.get("rank_pattern") or {}).values()]
    return max(ranks)


def _check_routable(user_id: str, parents: Sequence[Run], weights: Sequence[float]) -> None:
    """Arrow routes each token between adapters of the same modules and takes no weights."""
    if len(set(weights)) > 1:
        raise Rejected(
            "weights",
            _(
                "The weights {list} were given, but with `arrow` every token decides which models answer it.",
                list=list(weights),
            ),
            _("Leave the weights out, or choose `average`, which uses them."),
            details={"fields": {"weights": _("none with `arrow`")}},
        )
    targets = [_target_modules(adapters.adapter_folder(user_id, parent.id)) for parent in parents]
    for run, modules in zip(parents, targets, strict=True):
        if modules != targets[0]:
            raise Rejected(
                "different_parts",
                _(
                    "{run} and {parents_0} were tuned in different layers, so a token could not choose between them everywhere.",
                    run=repr(run.name),
                    parents_0=repr(parents[0].name),
                ),
                _("Choose runs with the same parts and layers, or combine them by `average`."),
            )


def _target_modules(folder: Path) -> list[str]:
    targets = _config(folder).get("target_modules") or []
    return sorted(targets) if isinstance(targets, list) else [targets]


def _config(folder: Path) -> dict[str, Any]:
    path = folder / "adapter_config.json"
    return storage.read_json(path) if path.exists() else {}


def _plain_lora(rank: int) -> dict[str, Any]:
    return {"kind": "lora", "rank": rank, "alpha": rank, "dropout": 0}


def _parent(run: Run, weight: float) -> dict[str, Any]:
    return {"run_id": run.id, "name": run.name, "weight": weight}


def _queue(user_id: str, parents: Sequence[Run], origin: dict[str, Any], method: dict[str, Any], name: str) -> Run:
    first = runs.get_run(user_id, parents[0].id, TO_TRAIN)
    max_length = max(parent.spec["training"].get("max_length", 0) for parent in parents)
    # The weights are made for the base model in full precision, whatever precision a parent was trained in.
    training = {**first.spec["training"], "base_precision": "auto"} | ({"max_length": max_length} if max_length else {})
    try:
        spec = RunSpec.model_validate({**first.spec, "method": method, "training": training, "origin": origin})
    except ValidationError as error:
        raise invalid_settings(error) from None
    with transaction() as session:
        run = runs.add(session, user_id, first.dataset_version, spec, name=name)
        record(session, user_id, origin["kind"], "run", run.id)
    return runs.get_run(user_id, run.id)
