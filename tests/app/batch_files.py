"""Files that a stand-in model answers: ``sure`` texts get ``yes`` at 0.9, others ``no`` at 0.6; prompts get their own words."""

import csv
import io
from pathlib import Path
from typing import Any

from app.db import snapshot
from app.models_work import BatchPrediction
from app.services.inference import batch_prediction
from app.services.queue import jobs
from app.services.queue.jobs import Claim

ROWS = [("1", "a sure text"), ("2", "another"), ("3", ""), ("4", "=sure()")]


def reply(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """What the stand-in answers."""
    if path == "/chat":
        asked = body["messages"][-1]["content"]
        return 200, [{"text": f"You said {asked}"}, {"done": {"finish": "stop"}}]
    return 200, {"answers": [_label("sure" in text) for text in body["inputs"]]}


def _label(sure: bool) -> dict[str, Any]:
    likely, share = ("yes", 0.9) if sure else ("no", 0.6)
    other = "no" if sure else "yes"
    return {"label": likely, "probabilities": {likely: share, other: 1 - share}}


def write_csv(folder: Path, rows: list[tuple[str, ...]] = ROWS, heads: tuple[str, ...] = ("id", "message")) -> Path:
    path = folder / "letters.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


def claim_of(batch_id: str) -> Claim:
    """A worker's claim on the file's job."""
    with snapshot() as session:
        job_id = session.get_one(BatchPrediction, batch_id).job_id
    claim = jobs.claim(job_id or "")
    assert claim is not None
    return claim


def answers(user_id: str, batch_id: str, order: str = "file") -> list[list[str]]:
    """The downloaded table."""
    name, pieces = batch_prediction.download(user_id, batch_id, order)  # type: ignore[arg-type]
    assert name == "letters-answers.csv"
    return list(csv.reader(io.StringIO(b"".join(pieces).decode("utf-8-sig"))))
