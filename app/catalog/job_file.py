"""``job.json``: everything that a trainer needs to know about one attempt at a run.

Written by the supervisor into the attempt's folder, read once by the trainer, which has no database.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app import files

NAME = "job.json"
# Below the cache folder: tokens of each dataset, under the hash of its content.
TOKENS_FOLDER = "tokens"


class JobFile(BaseModel):
    """One attempt: what to train, on what, from where, within which limits.

    Attributes:
        folder: the attempt's own, in which the file lies; everything else is only read, except the cache.
        run_id: the run's id.
        spec: the run's settings as stored; ``RunSpec`` validates them in the trainer.
        rows: ``rows.parquet`` of the dataset version.
        splits: ``splits.json`` of the same.
        cache: folder of tokenised data, shared by all runs.
        base_model: folder of the base model's files.
        resume_from: checkpoint to continue from.
        threads: processor threads of all processes of the run; 0 lets torch decide.
        devices: number of processes that learn the run together.
        portions: how many times finer than planned each update is cut, after memory ran out.
        max_seconds: of training, all attempts together; 0: any.
        free_disk_bytes: to be left on the disk.
        parents: downloads of the runs that the spec's origin names, in its order.
        leaking_rows: test rows that the data report found to be copies, or nearly, of training rows.
        earlier_attempts: folders of earlier attempts at this run, the newest first; finished folds of a cross-validation lie there.
        only_restore: turn the checkpoint ``resume_from`` into a download, train nothing.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path = Field(exclude=True)
    run_id: str = ""
    spec: dict[str, Any]
    rows: Path
    splits: Path
    cache: Path
    base_model: Path
    resume_from: Path | None = None
    threads: int = 0
    devices: int = 1
    portions: int = 1
    max_seconds: float = 0.0
    free_disk_bytes: int = 0
    parents: tuple[Path, ...] = ()
    leaking_rows: int = 0
    earlier_attempts: tuple[Path, ...] = ()
    only_restore: bool = False

    @classmethod
    def read(cls, folder: Path) -> "JobFile":
        """What the file in an attempt's folder says.

        Raises:
            pydantic.ValidationError: it is not of this form.
        """
        return cls.model_validate({**json.loads((folder / NAME).read_bytes()), "folder": folder})

    def write(self) -> None:
        """Put it into its folder."""
        files.write_json(self.folder / NAME, self.model_dump(mode="json"))

    @property
    def attempt(self) -> str:
        """Name of the attempt's folder, under which its spool lines are stored."""
        return self.folder.name

    @property
    def processes(self) -> int:
        """How many processes work on it: restoring a checkpoint takes one, whatever the run took."""
        return 1 if self.only_restore else self.devices

    @property
    def batch_size(self) -> int:
        """Rows per update, as the settings say or by default."""
        return int(self.spec.get("training", {}).get("batch_size", 32))

    @property
    def portion_rows(self) -> float:
        """Rows per portion as planned: the batch divided by the gradient accumulation steps."""
        return self.batch_size / int(self.spec.get("training", {}).get("accumulation", 1))
