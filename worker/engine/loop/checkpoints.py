"""Checkpoints in two phases: everything is written to a temporary folder, the manifest last, then the folder is renamed.

A checkpoint holds what an uninterrupted run has in memory: trainable weights, optimizer state, random state and trainer state. Only
safetensors and JSON; nothing in it can run code.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from app import files, manifest
from app.errors import DiskFull, StudioError
from app.run_report import Report
from worker.engine.loop.checkpoint_identity import differences
from worker.engine.loop.trainer_state import TrainerState
from worker.engine.modeling.parameters import trainable_parameters

KEEP_NEWEST = 2
METHOD_STATE = "method.safetensors"
# The tuning method's own state besides trainable weights, by name.
MethodState = Callable[[], dict[str, torch.Tensor]]


class Checkpoints:
    """The checkpoints of one attempt: the newest two and the best are kept; ``spare_bytes`` of the disk stay free.

    Only the main process of a group writes (``writes``); the others read what it has written.
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
        self._steps: list[int] = []

    def path(self, step: int) -> Path:
        """Folder of the checkpoint after ``step`` updates."""
        return self._folder / f"step-{step}"

    def save(
        self,
        model: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        state: TrainerState,
        metrics: dict[str, float],
    ) -> None:
        """Write one checkpoint and drop those that are no longer needed; a step that is saved already stays as it is."""
        final = self.path(state.step)
        if not self._writes or final.exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._check_room(model)
        with files.atomic_folder(final) as folder:
            _write(folder, model, optimizer, state)
            extra = {name: _plain(tensor) for name, tensor in self._method_state().items()}
            if extra:
                save_file(extra, folder / METHOD_STATE)
            digest = manifest.write(folder)
        self._announce(final, state.step, digest, metrics)
        self._drop_old(state)

    def adopt(self, source: Path, state: TrainerState) -> None:
        """Copy the best checkpoint of an earlier attempt, so that this attempt's folder is complete.

        If that is damaged, ``state`` forgets it: what is trained from here on is scored anew, and the best of that is kept.
        """
        if state.best_step is None:
            return
        best = source.parent / f"step-{state.best_step}"
        if not manifest.holds(best):
            if self._writes:
                self._report_lost_best(state)
            state.forget_best()
        elif self._writes:
            self._folder.mkdir(parents=True, exist_ok=True)
            target = self.path(state.best_step)
            shutil.copytree(best, target)
            self._announce(target, state.best_step, manifest.sha256_of(target / manifest.NAME), state.best)

    def _report_lost_best(self, state: TrainerState) -> None:
        self._report.event(
            "alert",
            f"The best checkpoint so far, step {state.best_step}, is damaged on disk or gone. The run goes on from step "
            f"{state.step}, which is whole; the best is chosen among the checks from there on.",
            severity="warning",
            step=state.step,
            lost_step=state.best_step,
        )

    def _check_room(self, model: torch.nn.Module) -> None:
        """Refuse to save before the disk is full, so that existing files stay whole."""
        # Weights and two moments of the optimizer; three times that, because old checkpoints go after the new one is there.
        needed = 9 * sum(weight.nbytes for weight in trainable_parameters(model).values())
        free = shutil.disk_usage(self._folder).free
        if free < needed + self._spare_bytes:
            raise DiskFull(
                f"{free / 1e6:,.0f} MB are left, a checkpoint needs {needed / 1e6:,.0f} MB and "
                f"{self._spare_bytes / 1e6:,.0f} MB are kept free.",
                "Then resume the run; the last checkpoint is untouched.",
                free_bytes=free,
                wanted_bytes=needed,
            )

    def load_weights(self, model: torch.nn.Module, step: int) -> None:
        """Load the trainable weights of a checkpoint into the model."""
        _load_weights(model, self.path(step))

    def _announce(self, folder: Path, step: int, digest: str, metrics: dict[str, float]) -> None:
        size = sum(path.stat().st_size for path in folder.iterdir())
        self._report.checkpoint(folder, step=step, size=size, sha256=digest, metrics=metrics)
        self._steps.append(step)

    def _drop_old(self, state: TrainerState) -> None:
        newest = sorted(self._steps)[-KEEP_NEWEST:]
        for step in [step for step in self._steps if step not in newest and step != state.best_step]:
            self._steps.remove(step)
            self._report.dropped(self.path(step))


def method_state(source: Path) -> dict[str, torch.Tensor]:
    """The tuning method's own state in a checkpoint, besides trainable weights."""
    path = source / METHOD_STATE
    return load_file(path) if path.exists() else {}


def load_weights(model: torch.nn.Module, source: Path) -> None:
    """Load the trainable weights of a checkpoint into a model of the same method.

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
    """Restore weights, optimizer and random state; returns the trainer state.

    Raises:
        StudioError: the folder is damaged, or belongs to other settings or data.
    """
    _check_whole(source)
    state = TrainerState.from_json(json.loads((source / "position.json").read_text(encoding="utf-8")))
    differing = differences(state.identity, identity)
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
    return state


def _write(folder: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, state: TrainerState) -> None:
    save_file(
        {name: _plain(weight) for name, weight in trainable_parameters(model).items()}, folder / "weights.safetensors"
    )
    optimizer_state: dict[str, Any] = optimizer.state_dict()["state"]
    moments = {
        f"{number}.{key}": _plain(value) for number, values in optimizer_state.items() for key, value in values.items()
    }
    save_file(moments, folder / "optimizer.safetensors")
    random = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        random["cuda"] = torch.cuda.get_rng_state()
    save_file(random, folder / "random.safetensors")
    (folder / "position.json").write_text(json.dumps(state.as_json()), encoding="utf-8")


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous()


def _load_weights(model: torch.nn.Module, folder: Path) -> None:
    saved = load_file(folder / "weights.safetensors")
    trainable = trainable_parameters(model)
    if saved.keys() != trainable.keys():
        raise StudioError(
            "checkpoint_of_another_run",
            f"The checkpoint {folder.name!r} holds other weights than this method trains.",
            "Start the run again from the beginning.",
        )
    with torch.no_grad():
        for name, parameter in trainable.items():
            parameter.copy_(saved[name])


def _load_optimizer(optimizer: torch.optim.Optimizer, folder: Path) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in load_file(folder / "optimizer.safetensors").items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
