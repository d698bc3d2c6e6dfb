"""The dashboard on a full store: table of runs, charts, comparison, and how fast metrics are taken in.

Fills a fresh database of each kind, starts the real web process and asks it as a browser does; the compare page is opened
in Chromium. Every batch of metrics is delivered twice, by several writers at once, and must be stored exactly once.
Usage: ``python -m benchmarks.dashboard [--runs 10000] [--points 10000000] [--database sqlite|postgresql|both]``.
Exits 1 when a figure is missed.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from benchmarks.dashboard_store import Store, fill

ASKED = 40
MOST_POINTS = 1000
BATCH = 100
# (writers, points per second) for taking metrics in.
INGEST = {"sqlite": (4, 300.0), "postgresql": (16, 2000.0)}


@dataclass(frozen=True)
class Figure:
    """One measured number and its limit; ``at_least`` where more is better."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    found = {kind: measure(kind, options.runs, options.points) for kind in kinds}
    console = Console(width=110)
    for kind, figures in found.items():
        console.print(as_table(kind, figures))
    missed = [f"{kind}: {figure.name}" for kind, figures in found.items() for figure in figures if not figure.met]
    total = sum(len(figures) for figures in found.values())
    print(
        f"dashboard, {options.runs:,} runs: {total - len(missed)} of {total} figures met"
        + "".join(f"; missed {m}" for m in missed)
    )
    return 1 if missed else 0


def as_table(kind: str, figures: list[Figure]) -> Table:
    """The figures of one database."""
    table = Table(title=kind, title_justify="left")
    for name in ("figure", "measured", "limit", ""):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for figure in figures:
        sign = "at least" if figure.at_least else "at most"
        table.add_row(
            figure.name,
            f"{figure.value:,.4g} {figure.unit}",
            f"{sign} {figure.limit:,g}",
            "ok" if figure.met else "MISSED",
        )
    return table


def measure(kind: str, runs: int, points: int) -> list[Figure]:
    """All figures of one database, on a fresh store."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="studio-bench-")))
        os.environ["STUDIO_DATA_DIR"] = str(home)
        if kind == "postgresql":
            from tests.servers import PostgresServer

            server = stack.enter_context(PostgresServer())
            os.environ["STUDIO_DATABASE_URL"] = stack.enter_context(server.database())
        else:
            os.environ.pop("STUDIO_DATABASE_URL", None)
        forget()
        stack.callback(forget)
        from app.migrate import upgrade
        from app.services.accounts import accounts

        upgrade()
        owner = accounts.ensure_owner().id
        began = time.monotonic()
        store = fill(owner, runs, points)
        print(
            f"{kind}: {runs:,} runs and {store.points:,} points written in {time.monotonic() - began:.0f} s", flush=True
        )
        figures = [*ingest(kind, store), *reading(store, accounts.create_token(owner), stack)]
        forget()
        return figures


def forget() -> None:
    """Close connections and read the settings anew."""
    from app import db
    from app.settings import get_settings

    db.forget_engine()
    get_settings.cache_clear()


def ingest(kind: str, store: Store, seconds: float = 5.0) -> list[Figure]:
    """Points per second from several writers, each batch twice; and whether every point is there exactly once."""
    from sqlalchemy import func, select

    from app.db import transaction
    from app.models import MetricPoint
    from app.services.runs import metrics

    writers, limit = INGEST[kind]
    sent = [0] * writers
    until = time.monotonic() + seconds

    def write(number: int) -> None:
        while time.monotonic() < until:
            first = sent[number]
            lines = [
                {"n": first + at, "type": "metric", "key": "bench/value", "step": first + at, "value": 1.0, "at": 1.0}
                for at in range(BATCH)
            ]
            for _ in range(2):
                with transaction() as session:
                    metrics.append(session, store.run_ids[1 + number], "bench", lines)
            sent[number] += BATCH

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(sent) / (time.monotonic() - began)
    with transaction() as session:
        stored = session.scalar(select(func.count()).where(MetricPoint.key == "bench/value")) or 0
    return [
        Figure(f"metrics taken in, {writers} writers, each batch twice", rate, limit, "points/s", at_least=True),
        Figure("points lost or doubled", abs(stored - sum(sent)), 0, "points"),
    ]


def reading(store: Store, token: str, stack: ExitStack) -> list[Figure]:
    """What a browser asks for, from the real web process."""
    address = stack.enter_context(WebProcess()).address
    client = stack.enter_context(
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60)
    )
    series = f"/api/v1/runs/{store.long_run}/series"
    curves = client.get(series).json()["series"]
    compared = ",".join(store.compared)
    asked: list[tuple[str, float, Callable[[int], str]]] = [
        ("table of runs, newest, p95", 300, lambda _: "/api/v1/runs?limit=50"),
        ("table of runs, by quality, p95", 300, lambda _: "/api/v1/runs?limit=50&sort=accuracy"),
        ("table of runs, searched, p95", 300, lambda at: f"/api/v1/runs?limit=50&q=lora%20{at}"),
        ("chart of a usual run, p95", 300, lambda at: f"/api/v1/runs/{store.run_ids[1 + at]}/series"),
        ("chart of one metric of the longest run, p95", 300, lambda _: f"{series}?keys=train/loss,eval/loss"),
        ("new points of a run, p95", 300, lambda at: f"/api/v1/runs/{store.run_ids[1 + at]}/metrics?after=0"),
        ("comparison of 10 runs, p95", 1000, lambda _: f"/api/v1/compare?runs={compared}"),
        ("examples of 10 runs, p95", 1000, lambda _: f"/api/v1/compare/examples?runs={compared}"),
    ]
    figures = [Figure(name, p95(client, path), limit, "ms") for name, limit, path in asked]
    longest = max(len(points) for key, points in curves.items() if not key.startswith("eval/"))
    figures.append(Figure("points of the longest curve", longest, MOST_POINTS, "points"))
    page = compare_page(store, address)
    return (
        figures if page is None else [*figures, Figure("compare page of 10 runs, usable in Chromium", page, 2.0, "s")]
    )


def p95(client: httpx.Client, path: Callable[[int], str]) -> float:
    """95th percentile in milliseconds of asking, after two requests that warm connections and caches."""
    taken = []
    for at in range(ASKED + 2):
        began = time.perf_counter()
        client.get(path(at)).raise_for_status()
        taken.append(1000 * (time.perf_counter() - began))
    return statistics.quantiles(taken[2:], n=20)[18]


def compare_page(store: Store, address: str) -> float | None:
    """Median seconds until table and curves are there and the page answers; None where there is no browser."""
    import shutil

    chromium = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if chromium is None:
        return None
    from playwright.sync_api import sync_playwright

    from app.services.accounts import accounts

    taken = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"{address}/sign-in?token={accounts.create_sign_in_link(store.owner)}")
        for _ in range(4):
            began = time.perf_counter()
            page.goto(f"{address}/compare?runs={','.join(store.compared)}", wait_until="commit")
            page.wait_for_selector("#compare-table")
            page.wait_for_selector("#compare-curves .main-svg")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => done(1)))")
            taken.append(time.perf_counter() - began)
        browser.close()
    return statistics.median(taken[1:])


class WebProcess:
    """`studio web` on a free port, for as long as the block lasts."""

    def __enter__(self) -> "WebProcess":
        from tests.servers import free_port

        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "STUDIO_PORT": str(port)}
        command = [sys.executable, "-m", "studio.cli", "web"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(self.address + "/healthz").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.1)
        self.process.kill()
        raise RuntimeError("the web process did not start")

    def __exit__(self, *ignored: object) -> None:
        self.process.terminate()
        self.process.wait(20)


if __name__ == "__main__":
    sys.exit(main())
