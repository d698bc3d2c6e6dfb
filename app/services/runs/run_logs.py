"""The log that the trainer of a run writes, for its owner."""

from pathlib import Path

from app import storage
from app.services.runs import runs

LOG = "trainer.log"
TAIL_BYTES = 1024 * 1024


def tail(user_id: str, run_id: str) -> str:
    """The end of the newest attempt's log, at most one mebibyte; empty while there is none.

    Raises:
        NotFound: the run is unknown or somebody else's.
    """
    run = runs.get_run(user_id, run_id)
    attempts = storage.data_dir() / "runs" / run.id
    logs = sorted(attempts.glob(f"attempt-*/{LOG}"), key=_fence)
    if not logs:
        return ""
    with logs[-1].open("rb") as source:
        size = source.seek(0, 2)
        source.seek(max(0, size - TAIL_BYTES))
        return source.read().decode("utf-8", errors="replace")


def _fence(log: Path) -> int:
    return int(log.parent.name.removeprefix("attempt-"))
