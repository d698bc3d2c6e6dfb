"""Stands in for the trainer under faults: the same protocol, checkpoints and resume, but its weights are a hash chain.

What it learns after step n depends on every step before, so one skipped or repeated step changes the result. The spec's
``stub`` says how many steps, how long each takes, how often to save, and what goes wrong when.
"""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from app import files, manifest
from worker.processes import sandbox
from worker.processes.spool import SpoolReport

DEFAULTS: dict[str, Any] = {"steps": 40, "delay": 0.01, "save_every": 5}


def weights_after(run_id: str, steps: int) -> str:
    """What a run that was never interrupted has learned after so many steps."""
    state = run_id
    for step in range(1, steps + 1):
        state = learn(state, step)
    return state


def learn(state: str, step: int) -> str:
    return hashlib.sha256(f"{state}/{step}".encode()).hexdigest()


def loss_at(step: int) -> float:
    return 1.0 / step


def main() -> None:
    line = sys.stdin.readline()
    if not line:
        return
    folder = Path(json.loads(line)["folder"])
    sandbox.enter_folder(folder)
    with (folder.parent / "starts.txt").open("a") as out:
        out.write(f"{os.getpid()}\n")
    report = SpoolReport(folder / "spool.jsonl")
    threading.Thread(target=_listen, args=(report,), daemon=True).start()
    order = json.loads((folder / "job.json").read_text())
    code = Work(folder, order, report).run()
    sys.stdout.flush()
    os._exit(code)


class Work:
    """One attempt."""

    def __init__(self, folder: Path, order: dict[str, Any], report: SpoolReport) -> None:
        self.folder, self.order, self.report = folder, order, report
        self.plan = {**DEFAULTS, **order["spec"].get("stub", {})}
        self.step, self.state = 0, order["run_id"]
        self.kept: list[Path] = []
        # Faults that depend on the try strike only in the first ones.
        self.tries = len((folder.parent / "starts.txt").read_text().split())

    def run(self) -> int:
        self.phase("Reading the data")
        if self.order["resume_from"]:
            kept = Path(self.order["resume_from"])
            assert manifest.holds(kept)
            position = json.loads((kept / "position.json").read_text())
            self.step, self.state = position["step"], position["state"]
        self.phase("Training")
        while self.step < self.plan["steps"]:
            self.step += 1
            self.state = learn(self.state, self.step)
            time.sleep(self.plan["delay"])
            if (code := self.go_wrong()) is not None:
                return code
            self.report.metric("train/loss", loss_at(self.step), self.step)
            self.report.progress(step=self.step, total_steps=self.plan["steps"], eta_seconds=1.0)
            stop = self.report.should_stop()
            if self.step % self.plan["save_every"] == 0 or stop:
                self.save()
            if stop:
                return 4
        for title in ("Testing", "Saving"):
            self.phase(title)
        self.finish()
        return 0

    def phase(self, title: str) -> None:
        self.report.phase(title)
        late = self.plan.get("late_delay", 0.0) if title == self.plan.get("late_phase") else 0.0
        deadline = time.monotonic() + (late or self.plan.get("phase_delay", 0.0))
        while time.monotonic() < deadline:
            if self.report.should_stop():
                os._exit(4)
            time.sleep(0.02)

    def save(self) -> None:
        final = self.folder / "checkpoints" / f"step-{self.step}"
        aside = self.folder / "checkpoints" / f".aside-{self.step}"
        aside.mkdir(parents=True)
        (aside / "position.json").write_text(json.dumps({"step": self.step, "state": self.state}))
        digest = manifest.write(aside)
        os.rename(aside, final)
        files.flush(final.parent)
        self.report.checkpoint(final, step=self.step, size=1, sha256=digest, metrics={})
        self.kept.append(final)
        if len(self.kept) > 2:
            self.report.dropped(self.kept.pop(0))

    def finish(self) -> None:
        adapter = self.folder / "adapter"
        adapter.mkdir()
        (adapter / "weights").write_text(self.state)
        manifest.write(adapter)
        (self.folder / "predictions.jsonl").write_text("")
        (self.folder / "result.json").write_text(json.dumps({"metrics": {"accuracy": 1.0}}))

    def go_wrong(self) -> int | None:  # noqa: C901 - one branch for each fault
        """What the plan holds for this step, if it is that step's turn and the try is not past it."""
        plan = self.plan
        # At step 0: at every step.
        if (plan.get("at", -1) and self.step != plan.get("at", -1)) or self.tries > plan.get("tries", 10**9):
            return None
        fault = plan.get("fault")
        if fault == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "hang":
            hang()
        if fault == "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while True:
                time.sleep(60)
        if fault == "flood":
            into = os.open(self.folder / "aside", os.O_WRONLY | os.O_CREAT | os.O_APPEND) if plan.get("aside") else 2
            for _ in range(plan["megabytes"]):
                os.write(into, b"x" * 1023 + b"\n" * 1 + (b"x" * 1023 + b"\n") * 1023)
        if fault == "memory" and self.order["portions"] < plan["needs"]:
            return self.refuse("out_of_memory", "Memory ran out.")
        if fault == "kernel" and self.order["portions"] < plan["needs"]:
            # What the kernel does when memory is used up: it counts, and the process is gone without a word.
            counter = Path(plan["counter"])
            killed = int(counter.read_text().split()[-1]) + 1
            counter.write_text(f"low 0\noom 3\noom_kill {killed}\n")
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "diverged":
            return self.refuse("diverged", "The training loss became nan.")
        if fault == "device":
            return self.refuse("device_lost", "The graphics card stopped working.")
        return None

    def refuse(self, code: str, message: str) -> int:
        error = {"code": code, "message": message, "hint": "Do something.", "details": {"step": self.step}}
        (self.folder / "error.json").write_text(json.dumps({"error": error}))
        return 3


def hang() -> None:
    """Named so that a stack dump shows it."""
    threading.Event().wait()


def _listen(report: SpoolReport) -> None:
    for line in sys.stdin:
        if line.strip() == "cancel":
            report.ask_to_stop()
    os._exit(5)


if __name__ == "__main__":
    main()
