"""The engine's view of one attempt at a run: validated settings, base model, files and limits."""

from dataclasses import dataclass
from pathlib import Path

from app.catalog.base_models import base_model
from app.catalog.card import BaseModelCard
from app.catalog.fetched_models import card_in
from app.catalog.job_file import JobFile
from app.catalog.spec import RunSpec


@dataclass(frozen=True)
class TrainingJob:
    """One run, or one attempt at it: ``folder`` is its own, everything else is only read (the cache also grown).

    Attributes:
        portions: cuts each update into so many times more micro-batches than planned, after memory ran out.
        max_seconds: the longest training that is allowed, over all attempts.
        free_disk_bytes: stay free on the disk.
        parents: the adapter folders of the runs that the spec's origin names, in its order.
        leaking_rows: test rows that are copies, or nearly, of training rows.
        earlier_attempts: folders of earlier attempts at this run, the newest first.
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
    leaking_rows: int = 0
    earlier_attempts: tuple[Path, ...] = ()

    @classmethod
    def from_file(cls, job: JobFile) -> "TrainingJob":
        """What a job file says, with the settings validated and the base model's card looked up.

        Raises:
            pydantic.ValidationError: the settings are not valid.
        """
        spec = RunSpec.model_validate(job.spec)
        return cls(
            spec=spec,
            base=card_in(job.base_model) or base_model(spec.base_model),
            base_folder=job.base_model,
            rows=job.rows,
            splits=job.splits,
            folder=job.folder,
            cache=job.cache,
            resume_from=job.resume_from,
            portions=job.portions,
            max_seconds=job.max_seconds or None,
            free_disk_bytes=job.free_disk_bytes,
            parents=job.parents,
            leaking_rows=job.leaking_rows,
            earlier_attempts=job.earlier_attempts,
        )
