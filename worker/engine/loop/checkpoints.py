"""Checkpoints in two phases: everything is written aside, the manifest last, then the folder is renamed into place.

A checkpoint holds what an uninterrupted run would have in memory: learned weights, optimiser state, random state and
position. Only safetensors and JSON; nothing in it can run code.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from app import files, manifest
from app.errors import StudioError
from app.run_report import Report
from worker.engine.loop.checkpoint_identity import differences
from worker.engine.modeling.parameters import trainable_parameters

KEEP_NEWEST = 2
METHOD_STATE = "method.safetensors"
# What the tuning method must remember besides learned weights, by name.
MethodState = Callable[[], dict[str, torch.Tensor]]


@dataclass
class TrainerState:
    """Where a run stands: ``step`` updates are done, the validation rows were last scored after ``evaluated_step``.

    ``best_step`` is None until the first evaluation, ``stale`` evaluations since then were no better; ``train_loss`` is
    the newest point of that curve; ``seconds`` were spent learning, over all attempts; ``total`` updates were planned;
    ``race`` is how the learning rate was found, if a race was asked for.
    """

    step: int = 0
    evaluated_step: int = 0
    best_step: int | None = None
    best: dict[str, float] = field(default_factory=dict)
    train_loss: float | None = None
    seconds: float = 0.0
    stale: int = 0
    total: int = 0
    identity: dict[str, str] = field(default_factory=dict)
    race: dict[str, Any] | None = None


class Checkpoints:
    """The checkpoints of one attempt: the newest two and the best are kept; ``spare_bytes`` of the disk stay free.

    A process that only helps another to learn does not write (``writes``), it reads what that one has written.
    """

    def __init__(
        self,
        folder: Path,
        report: Report,
        spare_bytes: int = 0,
        method_state: MethodState = dict,
        *,
        writes: bool = True,
    ) -> None:
        self._writes = writes
        self._method_state = method_state
        self._folder = folder
        self._report = report
        self._spare_bytes = spare_bytes
        self._kept: list[int] = []

    def path(self, step: int) -> Path:
        """Folder of the checkpoint after ``step`` updates."""
        return self._folder / f"step-{step}"

    def save(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        position: TrainerState,
        metrics: dict[str, float],
    ) -> None:
        """Write one checkpoint and drop those that are no longer needed. Saving the same step twice does nothing."""
        final = self.path(position.step)
        if not self._writes or final.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._check_room(model)
        with files.atomic_folder(final) as folder:
            _write(folder, model, optimizer, position)
            state = {name: _plain(tensor) for name, tensor in self._method_state().items()}
            if state:
                save_file(state, folder / METHOD_STATE)
            digest = manifest.write(folder)
        self._announce(final, position.step, digest, metrics)
        self._drop_old(position)

    def adopt(self, source: Path, position: TrainerState) -> None:
        """Bring the best checkpoint of an earlier attempt along, so that this attempt's folder is complete."""
        if position.best_step is None or not self._writes:
            return
        best = source.parent / f"step-{position.best_step}"
        if not manifest.holds(best):
            raise StudioError(
                "checkpoint_missing",
                f"The best checkpoint so far (step {position.best_step}) is missing or damaged.",
                "Start the run again from the beginning.",
            )
        self._folder.mkdir(parents=True, exist_ok=True)
        target = self.path(position.best_step)
        shutil.copytree(best, target)
        self._announce(target, position.best_step, manifest.sha256_of(target / manifest.NAME), position.best)

    def _check_room(self, model: torch.nn.Module) -> None:
        """Refuse to save before the disk is full, so that what is there stays whole."""
        # Weights and two moments of the optimiser each; three times that, because the old ones go after the new.
        wanted = 9 * sum(each.nbytes for each in trainable_parameters(model).values())
        free = shutil.disk_usage(self._folder).free
        if free < wanted + self._spare_bytes:
            raise StudioError(
                "disk_full",
                f"The disk is nearly full: {free / 1e6:,.0f} MB are left, a checkpoint needs {wanted / 1e6:,.0f} MB and "
                f"{self._spare_bytes / 1e6:,.0f} MB are kept free.",
                "Free some space, then resume the run; the last checkpoint is untouched.",
                details={"free_bytes": free, "wanted_bytes": wanted},
            )

    def load_weights(self, model: torch.nn.Module, step: int) -> None:
        """Put the learned weights of a checkpoint back into the model."""
        _load_weights(model, self.path(step))

    def _announce(self, folder: Path, step: int, digest: str, metrics: dict[str, float]) -> None:
        size = sum(each.stat().st_size for each in folder.iterdir())
        self._report.checkpoint(folder, step=step, size=size, sha256=digest, metrics=metrics)
        self._kept.append(step)

    def _drop_old(self, position: TrainerState) -> None:
        newest = sorted(self._kept)[-KEEP_NEWEST:]
        for step in [each for each in self._kept if each not in newest and each != position.best_step]:
            self._kept.remove(step)
            self._report.dropped(self.path(step))


def method_state(source: Path) -> dict[str, torch.Tensor]:
    """What the tuning method remembered in a checkpoint besides learned weights."""
    path = source / METHOD_STATE
    return load_file(path) if path.exists() else {}


def put_weights(model: torch.nn.Module, source: Path) -> None:
    """Put the learned weights of a checkpoint into a model of the same method.

    Raises:
        StudioError: the folder is damaged, or holds other weights.
    """
    _check_whole(source)
    _load_weights(model, source)


def _check_whole(source: Path) -> None:
    if not manifest.holds(source):
        raise StudioError(
            "checkpoint_damaged",
            f"The checkpoint {source.name!r} is incomplete or has changed on disk.",
            "Start the run again from the beginning.",
        )


def resume(
    source: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, identity: dict[str, str]
) -> TrainerState:
    """Restore weights, optimiser and random state; returns where the run stands.

    Raises:
        StudioError: the folder is damaged, or belongs to other settings or data.
    """
    _check_whole(source)
    position = TrainerState(**json.loads((source / "position.json").read_text(encoding="utf-8")))
    differing = differences(position.identity, identity)
    if differing:
        raise StudioError(
            "resume_mismatch",
            f"The checkpoint {source.name!r} was made with other settings, data or versions ({'; '.join(differing)}).",
            "Clone the run and start it from the beginning, or bring back what was there before.",
            status=409,
            details={"differences": differing},
        )
    _load_weights(model, source)
    _load_optimizer(optimizer, source)
    random = load_file(source / "random.safetensors")
    torch.set_rng_state(random["cpu"])
    if "cuda" in random and torch.cuda.is_available():
        torch.cuda.set_rng_state(random["cuda"])
    return position


def _write(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, position: TrainerState) -> None:
    save_file(
        {name: _plain(each) for name, each in trainable_parameters(model).items()}, folder / "weights.safetensors"
    )
    state: dict[str, Any] = optimizer.state_dict()["state"]
    moments = {f"{number}.{key}": _plain(value) for number, values in state.items() for key, value in values.items()}
    save_file(moments, folder / "optimizer.safetensors")
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    save_file(random, folder / "random.safetensors")
    (folder / "position.json").write_text(json.dumps(asdict(position)), encoding="utf-8")


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous()


def _load_weights(model: torch.nn.Module, folder: Path) -> None:
    kept = load_file(folder / "weights.safetensors")
    learning = trainable_parameters(model)
    if kept.keys() != learning.keys():
        raise StudioError(
            "checkpoint_of_another_run",
            f"The checkpoint {folder.name!r} holds other weights than this method trains.",
            "Start the run again from the beginning.",
        )
    with torch.no_grad():
        for name, parameter in learning.items():
            parameter.copy_(kept[name])


def _load_optimizer(optimizer: torch.optim.Optimizer, folder: Path) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in load_file(folder / "optimizer.safetensors").items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
