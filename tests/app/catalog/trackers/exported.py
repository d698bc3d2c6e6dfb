"""A run with more points than a tracker takes at once, written by the exporter's own process."""

import json
import math
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from app.catalog.trackers import TrackedRun

# 2,100 points: more than two of MLflow's requests, and one value that is no number.
POINTS = [(key, step, 1 / step, 1.7e9 + step) for step in range(1, 1050) for key in ("train/loss", "eval/accuracy")]
RUN = TrackedRun(
    id="0f0e-1",
    name="Letters · LoRA",
    project="Support: letters",
    started_at=1.7e9,
    ended_at=1.7e9 + 60,
    succeeded=True,
    settings={"method.kind": "lora", "method.rank": 8, "training.learning_rate": 0.001, "training.layers": None},
    results={"accuracy": 0.9},
    points=[*POINTS, ("train/loss", 1050, math.nan, 1.7e9 + 1050)],
)


def written(folder: Path, tracker: str, **environment: str) -> tuple[dict[str, Any], Path]:
    """The result of the exporting process, and the unpacked files; it sees no variable of this process but the path."""
    folder.mkdir(exist_ok=True)
    (folder / "job.json").write_text(json.dumps({"tracker": tracker, "run": RUN.as_dict()}), encoding="utf-8")
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    subprocess.run(
        [sys.executable, "-m", "worker.jobs.exporter", str(folder)], env=own, capture_output=True, timeout=120
    )
    error = folder / "error.json"
    result = json.loads((error if error.exists() else folder / "result.json").read_text(encoding="utf-8"))
    if (folder / "export.zip").exists():
        zipfile.ZipFile(folder / "export.zip").extractall(folder / "unpacked")
    return result, folder / "unpacked"
