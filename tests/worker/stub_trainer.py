"""Stands in for the trainer in tests of the execution path: same protocol, no learning, a few milliseconds.

A run's name says what it should do: ``train`` ends well, ``crash`` dies every time, ``hang`` waits until it is stopped,
``deaf`` ignores the request to stop, ``refuse`` reports an error. Each start leaves a line in ``starts.txt`` of the run's folder.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path


def main() -> None:
    folder = Path(json.loads(sys.stdin.readline())["folder"])
    with (folder.parent / "starts.txt").open("a") as out:
        out.write(f"{os.getpid()}\n")
    behaviour = (json.loads((folder / "job.json").read_text())["spec"].get("labels") or ["train"])[0]
    spool(folder, {"n": 0, "type": "event", "kind": "phase", "severity": "info", "message": "Training", "at": 1.0})
    spool(folder, {"n": 1, "type": "metric", "key": "train/loss", "step": 1, "value": 0.5, "at": 1.0})
    if behaviour == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if behaviour == "refuse":
        error = {"code": "diverged", "message": "The loss is not a number.", "hint": "Lower the rate.", "details": {}}
        (folder / "error.json").write_text(json.dumps({"error": error}))
        sys.exit(3)
    if behaviour == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(60)
    if behaviour == "hang":
        sys.exit(4 if sys.stdin.readline() == "cancel\n" else 9)
    finish(folder)


def finish(folder: Path) -> None:
    (folder / "adapter").mkdir()
    (folder / "adapter" / "manifest.json").write_text('{"files": {}}')
    (folder / "predictions.jsonl").write_text("")
    (folder / "result.json").write_text('{"metrics": {"accuracy": 1.0}}')


def spool(folder: Path, line: dict) -> None:
    with (folder / "spool.jsonl").open("a") as out:
        out.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
