"""Stands in for a job's process: ``python -m tests.worker.jobs.stub_job FOLDER`` does what ``behaviour.txt`` there says."""

import json
import os
import sys
from pathlib import Path

from app import files


def main(folder: Path) -> None:
    (folder / "environment.json").write_text(json.dumps(dict(os.environ)))
    # Whole or not at all, as the real processes write it: the worker reads it meanwhile.
    files.write_json(folder / "progress.json", {"phase": "Halfway"}, durable=False)
    behaviour = (folder / "behaviour.txt").read_text()
    if behaviour == "finish":
        (folder / "result.json").write_text('{"answer": 42}')
    if behaviour == "refuse":
        error = {"code": "too_odd", "message": "No.", "hint": "Ask again.", "details": {}}
        (folder / "error.json").write_text(json.dumps({"error": error}))
        sys.exit(3)
    if behaviour == "crash":
        sys.exit(7)
    while behaviour == "hang":
        # Its standard input is empty; the process is killed to end it.
        os.sched_yield()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
