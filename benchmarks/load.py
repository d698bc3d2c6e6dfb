"""The studio under load: fifty readers, a run that reports, four uploads of 20 MB, two hundred waiting runs, on either store.

Each reader asks again as soon as it is answered, which is far more than a person does. Bounded in readers and seconds. What
is measured: answers of 500 and above, the 95th percentile of reads, of the queue with its waiting runs, the longest wait until an
upload is acknowledged, and the memory of the web process.
Usage: ``python -m benchmarks.load [--readers 50] [--seconds 60] [--database sqlite|postgresql|both]``. Exits 1 when a figure is
missed.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from rich.console import Console

from benchmarks.dashboard import Figure, WebProcess, as_table, forget
from benchmarks.dashboard_store import Store, fill

RUNS, POINTS, WAITING = 500, 200_000, 200
UPLOADS, UPLOAD_BYTES = 4, 20 * 10**6
REPORT_SECONDS, REPORT_POINTS = 0.5, 10
WORDS = "card loan refund opening balance transfer branch limit statement fee not yet arrived please explain".split()


@dataclass
class Seen:
    """What came back: seconds by kind of request, and how often each status."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, status: str) -> None:
        """Count one answer."""
        with self.lock:
            self.seconds.setdefault(kind, []).append(seconds)
            self.statuses[status] += 1

    def p95(self, *kinds: str) -> float:
        """95th percentile in seconds over these kinds."""
        taken = [value for kind in kinds for value in self.seconds.get(kind, [])]
        return statistics.quantiles(taken, n=20)[18] if len(taken) > 1 else float("inf")


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    missed, total = [], 0
    for kind in kinds:
        figures = measure(kind, options.readers, options.seconds)
        Console(width=110).print(as_table(kind, figures))
        missed += [f"{kind}: {figure.name}" for figure in figures if not figure.met]
        total += len(figures)
    print(f"load: {total - len(missed)} of {total} figures met" + "".join(f"; missed {name}" for name in missed))
    return 1 if missed else 0


def measure(kind: str, readers: int, seconds: float) -> list[Figure]:
    """All figures of one store."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        os.environ["STUDIO_DATA_DIR"] = str(home)
        os.environ["STUDIO_MEASURE_SPEED"] = "false"
        if kind == "postgresql":
            from tests.servers import PostgresServer

            os.environ["STUDIO_DATABASE_URL"] = stack.enter_context(stack.enter_context(PostgresServer()).database())
        else:
            os.environ.pop("STUDIO_DATABASE_URL", None)
        forget()
        stack.callback(forget)
        from app.migrate import upgrade
        from app.services.accounts import accounts

        upgrade()
        owner = accounts.ensure_owner().id
        store = fill(owner, RUNS, POINTS, test_rows=200)
        wait_in_queue(store)
        web = stack.enter_context(WebProcess())
        worker = light_worker(home)
        stack.callback(worker.wait, 30)
        stack.callback(worker.terminate)
        return load(web, store, accounts.create_token(owner), readers, seconds)


def wait_in_queue(store: Store) -> None:
    """Put runs of the store into the queue again."""
    from sqlalchemy import select, update

    from app.db import transaction
    from app.models import QUEUED, Job, Run

    with transaction() as session:
        waiting = select(Run.job_id).where(Run.id.in_(store.run_ids[-WAITING:]))
        session.execute(update(Job).where(Job.id.in_(waiting)).values(state=QUEUED, finished_at=None))


def light_worker(home: Path) -> subprocess.Popen[bytes]:
    """A worker for reports."""
    command = [sys.executable, "-m", "studio.cli", "worker", "--queue", "light"]
    with (home / "light.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def load(web: WebProcess, store: Store, token: str, readers: int, seconds: float) -> list[Figure]:
    """Everything at once, for so many seconds; uploads may take longer and are waited for."""
    seen, until = Seen(), time.monotonic() + seconds
    work = [
        threading.Thread(target=read, args=(web.address, token, store, seen, until, number))
        for number in range(readers)
    ]
    work += [threading.Thread(target=upload, args=(web.address, token, seen, number)) for number in range(UPLOADS)]
    work.append(threading.Thread(target=report, args=(store, until)))
    for thread in work:
        thread.start()
    process, memory = psutil.Process(web.process.pid), 0
    while any(thread.is_alive() for thread in work):
        memory = max(memory, process.memory_info().rss)
        time.sleep(0.2)
    failed = sum(count for status, count in seen.statuses.items() if status >= "500")
    answers = sum(len(taken) for kind, taken in seen.seconds.items() if kind != "upload")
    print(f"{readers} readers: {answers:,} answers in {seconds:g} s; by status {dict(seen.statuses)}", flush=True)
    return [
        Figure("answers of 500 and above, or none", failed, 0, "answers"),
        Figure("reads, p95", seen.p95("read"), 1.0, "s"),
        Figure(f"queue with {WAITING} waiting runs, p95", seen.p95("queue"), 1.0, "s"),
        Figure("upload of 20 MB acknowledged, longest", max(seen.seconds.get("upload", [float("inf")])), 10.0, "s"),
        Figure("memory of the web process", memory / 1e6, 500.0, "MB"),
    ]


def read(address: str, token: str, store: Store, seen: Seen, until: float, number: int) -> None:
    """One reader: the table, a chart, new points, the queue, a health probe, again and again."""
    rng = random.Random(number)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=address, headers=headers, timeout=120) as client:
        while time.monotonic() < until:
            run = rng.choice(store.run_ids)
            for kind, path in (
                ("read", "/api/v1/runs?limit=50"),
                ("read", f"/api/v1/runs/{run}/series"),
                ("read", f"/api/v1/runs/{run}/metrics?after=0"),
                ("queue", "/api/v1/queue"),
                ("read", "/healthz"),
            ):
                ask(client, "GET", path, kind, seen)


def ask(client: httpx.Client, method: str, path: str, kind: str, seen: Seen, **options: object) -> None:
    """One request; no answer counts as 599."""
    began = time.monotonic()
    try:
        status = str(client.request(method, path, **options).status_code)  # type: ignore[arg-type]
    except httpx.HTTPError:
        status = "599"
    seen.note(kind, time.monotonic() - began, status)


def upload(address: str, token: str, seen: Seen, number: int) -> None:
    """Send a table of 20 MB as the page does, and wait for the acknowledgement."""
    rng = random.Random(number)
    lines = ["text,label"]
    size = 0
    while size < UPLOAD_BYTES:
        lines.append(f"{' '.join(rng.choices(WORDS, k=20))} {rng.random()},{rng.choice(('yes', 'no'))}")
        size += len(lines[-1]) + 1
    content = "\n".join(lines).encode()
    headers = {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
    with httpx.Client(base_url=address, headers=headers, timeout=600) as client:
        files = {"file": (f"table-{number}.csv", content)}
        ask(client, "POST", "/api/v1/datasets", "upload", seen, files=files)


def report(store: Store, until: float) -> None:
    """What the supervisor of a training writes while it runs."""
    from app.db import transaction
    from app.services.runs import metrics

    step = 0
    while time.monotonic() < until:
        lines = [
            {"n": step + at, "type": "metric", "key": "bench/value", "step": step + at, "value": 1.0, "at": 1.0}
            for at in range(REPORT_POINTS)
        ]
        with transaction() as session:
            metrics.append(session, store.run_ids[1], "bench", lines)
        step += REPORT_POINTS
        time.sleep(REPORT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
