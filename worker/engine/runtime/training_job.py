"""What a run is asked to do, and where. Only facts; reads and writes nothing."""

from dataclasses import dataclass
from pathlib import Path

from app.catalog.card import BaseModelCard
from app.catalog.spec import RunSpec
from worker.engine.runtime.distributed import ALONE, ProcessGroup


@dataclass(frozen=True)
class TrainingJob:
    """What to do and where: ``folder`` is this attempt's own, everything else is only read (the cache also grown).

    ``portions`` cuts each update finer than planned, ``max_seconds`` of learning are allowed, and ``free_disk_bytes``
    are left on the disk. ``parents`` are the downloads of the runs that the spec's origin names, in its order. ``ranks`` says
    which of the processes this is that learn the run together.
    """

    spec: RunSpec
    base: BaseModelCard
    base_folder: Path
    rows: Path
    splits: Path
    folder: Path
    cache: Path | None = None
    resume_from: Path | None = None
    portions: int = 1
    max_seconds: float | None = None
    free_disk_bytes: int = 0
    parents: tuple[Path, ...] = ()
    ranks: ProcessGroup = ALONE
