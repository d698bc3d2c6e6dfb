"""Weights & Biases: a run on its server, or an offline folder that its own command sends later."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from app.catalog.trackers.base import TrackedRun, Tracker


class WeightsAndBiases(Tracker):
    """Written by its own library; without a key nothing leaves this machine."""

    name: ClassVar = "wandb"
    title: ClassVar = "Weights & Biases"
    package: ClassVar = "wandb"
    summary: ClassVar = "A run with settings and curves; sent to its server where WANDB_API_KEY is set for the workers, otherwise an offline folder."
    after: ClassVar = "Unpack it and run: wandb sync wandb/offline-run-*"
    environment: ClassVar = ("WANDB_API_KEY", "WANDB_BASE_URL", "WANDB_ENTITY")

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        """One run with our id, so that exporting twice does not make two."""
        import wandb

        online = bool(environment.get("WANDB_API_KEY"))
        settings = wandb.Settings(console="off", silent=True, disable_git=True, save_code=False, x_disable_stats=True)
        made = wandb.init(
            project=_project(run.project),
            name=run.name,
            id=run.id,
            dir=str(folder),
            config=run.settings,
            mode="online" if online else "offline",
            resume="allow" if online else None,
            settings=settings,
        )
        for step, metrics in run.by_step():
            made.log(metrics, step=step)
        made.summary.update({f"test/{key}": value for key, value in run.results.items()})
        address = made.url or ""
        made.finish(exit_code=0 if run.succeeded else 1)
        return address if online else ""


def _project(name: str) -> str:
    """The name without the characters that it refuses in project names."""
    return "".join("-" if letter in "/\\#?%:" else letter for letter in name)[:128]
