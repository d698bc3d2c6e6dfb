"""Recommendation of a tuning method for a dataset: gathers the facts that the rules of the catalog rank methods by."""

from collections.abc import Sequence
from typing import Any

from app.catalog.base_models import base_model as find_base_model
from app.catalog.recommender import WISHES, Facts, recommend
from app.catalog.task_types import task_type as find_task_type
from app.errors import Rejected, StudioError
from app.languages import gettext as _
from app.models import DatasetVersion
from app.services.datasets import datasets
from app.services.queue import machine_speeds
from app.services.runs.loss_mask_previews import count_learned


def recommend_method(
    user_id: str, dataset_id: str, base_model: str, *, task_type: str | None = None, wishes: Sequence[str] = ()
) -> dict[str, Any]:
    """The ranking of :func:`app.catalog.recommender.recommend` for the newest version of a dataset.

    Raises:
        NotFound: the dataset does not exist or is somebody else's.
        Rejected: an unknown model, task or wish.
    """
    unknown = [wish for wish in wishes if wish not in WISHES]
    if unknown:
        raise Rejected(
            "unknown_choice",
            _("There is no wish {unknown_0}.", unknown_0=repr(unknown[0])),
            _("Use: ") + ", ".join(WISHES) + ".",
        )
    version = datasets.latest_version(datasets.get_dataset(user_id, dataset_id))
    task = find_task_type(task_type or version.task_type)
    labels = version.labels if task.family != "generation" else {}
    machine = machine_speeds.training_machine()
    return recommend(
        Facts(
            task_type=task.kind,
            family=task.family,
            base=find_base_model(base_model),
            rows=version.split_sizes["train"],
            labels=len(labels),
            least_per_label=min(labels.values(), default=0),
            answer_tokens=_answer_tokens(version, base_model) if task.kind == version.task_type else 0,
            memory_bytes=machine.available_bytes,
            has_gpu=machine.gpu,
            wishes=frozenset(wishes),
        )
    )


def _answer_tokens(version: DatasetVersion, base_model: str) -> int:
    """Tokens with a loss, 0 where the chat template refuses the rows."""
    try:
        return count_learned(version, base_model)
    except StudioError:
        return 0
