"""Every page in Chromium: time to content, requests, bytes, main thread and server seconds, cold and warm, beside another commit.

Fills a store, serves it by the web process of this checkout and of another (``--against``, with an environment of its own in
``.venv``), and opens each page in turn on both, so that both meet the same load of the machine.
Usage: ``python -m benchmarks.pages [--against /path/to/checkout] [--runs 10000] [--repeats 5]``.
Exits 1 when a page takes more than 2.5 s warm or more than 1.3 times the other commit's.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import httpx
import psutil
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from rich.console import Console
from rich.table import Table

from benchmarks.dashboard_store import Store, fill

ROOT = Path(__file__).resolve().parent.parent
WARM_LIMIT, RATIO_LIMIT = 2500.0, 1.3
SESSIONS, MEMORY_LIMIT = 20, 350e6
# True once the page's content is there, for pages of either kind.
FILLED = """() => document.querySelector(document.querySelector('#starting') ? '.browser-component' : '#content')
  && !document.querySelector('.skeleton, .browser-component[aria-busy]')"""


@dataclass(frozen=True)
class Opening:
    """One opening of a page: milliseconds to content, requests, bytes on the wire, seconds of main thread and server."""

    ms: float
    requests: float
    kilobytes: float
    main_thread: float
    server: float


@dataclass
class Served:
    """The web process of a checkout."""

    name: str
    address: str
    process: psutil.Process


def main() -> int:
    """Run the benchmark; the last line is a summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", type=Path, help="another checkout with an environment in .venv")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    checkouts = [("new", ROOT), *([("old", options.against.resolve())] if options.against else [])]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store, dataset, link_owner = prepare(folder, options.runs)
        served = [stack.enter_context(serve(name, checkout, folder)) for name, checkout in checkouts]
        browser = stack.enter_context(chromium())
        memory = {task.name: memory_of_sessions(browser, task, link_owner) for task in served}
        found = {
            path: {task.name: measure(browser, task, path, link_owner, options.repeats) for task in served}
            for path in addresses(store, dataset)
        }
    return report(found, memory)


def prepare(folder: Path, runs: int) -> tuple[Store, str, str]:
    """A filled store in the folder; the store, the id of a real data set in it, and the owner."""
    os.environ["STUDIO_DATA_DIR"] = str(folder)
    from app import migrate
    from app.services.accounts import accounts
    from app.services.datasets import datasets

    migrate.upgrade()
    owner = accounts.ensure_owner().id
    dataset = datasets.import_sample(owner, datasets.SAMPLES[0].name)
    return fill(owner, runs, runs * 100, test_rows=500), dataset.id, owner


def addresses(store: Store, dataset: str) -> list[str]:
    """Every page, with something on it."""
    return [
        "/",
        f"/datasets?id={dataset}",
        f"/new?dataset={dataset}&step=method",
        f"/new?dataset={dataset}&step=settings",
        "/runs",
        f"/run?id={store.run_ids[1]}",
        f"/run?id={store.long_run}",
        "/queue",
        f"/compare?runs={','.join(store.compared[:4])}",
        "/experiments",
        "/playground",
        "/chat",
        "/models",
    ]


@contextmanager
def serve(name: str, checkout: Path, folder: Path) -> Iterator[Served]:
    """`studio web` of a checkout on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    python = checkout / ".venv" / "bin" / "python"
    environment = {**os.environ, "STUDIO_DATA_DIR": str(folder), "STUDIO_PORT": str(port), "PYTHONPATH": str(checkout)}
    command = [str(python if python.exists() else sys.executable), "-m", "studio.cli", "web"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=checkout, env=environment, stdout=quiet, stderr=quiet)
    try:
        address = f"http://127.0.0.1:{port}"
        while not _answers(address):
            if process.poll() is not None:
                raise SystemExit(f"the web process of {checkout} ended before it answered")
            time.sleep(0.05)
        yield Served(name, address, psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(20)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address + "/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def signed_in(browser: Browser, served: Served, owner: str) -> BrowserContext:
    """A fresh browser of the owner."""
    from app.services.accounts import accounts

    context = browser.new_context(viewport={"width": 1280, "height": 860})
    form, headers = {"token": accounts.create_sign_in_link(owner)}, {"Origin": served.address}
    context.request.post(f"{served.address}/sign-in", form=form, headers=headers, max_redirects=0)
    return context


def measure(browser: Browser, served: Served, path: str, owner: str, repeats: int) -> tuple[Opening, Opening]:
    """Medians of opening the page cold (a fresh browser) and warm (everything cached)."""
    cold, warm = [], []
    for _ in range(repeats):
        context = signed_in(browser, served, owner)
        page = context.new_page()
        cold.append(open_page(page, served, path))
        warm.append(open_page(page, served, path))
        context.close()
    return _medians(cold), _medians(warm)


def open_page(page: Page, served: Served, path: str) -> Opening:
    """Open the page and wait until it shows its content."""
    sizes: list[float] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Performance.enable")
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    before, began = _cpu(served), time.perf_counter()
    page.goto(served.address + path, wait_until="commit")
    wait_for_content(page, served, path)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => done(1)))")
    ms = 1000 * (time.perf_counter() - began)
    metrics = {entry["name"]: entry["value"] for entry in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return Opening(ms, len(sizes), sum(sizes) / 1000, metrics["TaskDuration"], _cpu(served) - before)


def wait_for_content(page: Page, served: Served, path: str) -> None:
    """Wait until the page shows its content; end the benchmark, naming page and commit, when it never does."""
    try:
        page.wait_for_function(FILLED)
    except PlaywrightTimeout:
        raise SystemExit(
            f"{_shown(path)} of the {served.name} commit showed no content: {page.inner_text('body')}"
        ) from None


def _cpu(served: Served) -> float:
    times = served.process.cpu_times()
    return times.user + times.system


def _medians(openings: list[Opening]) -> Opening:
    return Opening(*(statistics.median(column) for column in zip(*map(astuple, openings), strict=True)))


def memory_of_sessions(browser: Browser, served: Served, owner: str) -> float:
    """Resident bytes of the web process while twenty pages are open."""
    context = signed_in(browser, served, owner)
    paths = ("/", "/datasets", "/new", "/runs", "/queue")
    for number in range(SESSIONS):
        page = context.new_page()
        path = paths[number % len(paths)]
        page.goto(served.address + path)
        wait_for_content(page, served, path)
    found = float(served.process.memory_info().rss)
    context.close()
    return found


def report(found: dict[str, dict[str, tuple[Opening, Opening]]], memory: dict[str, float]) -> int:
    """Print the tables; 1 if a limit is missed."""
    missed = []
    for kind, at in (("cold", 0), ("warm", 1)):
        table = Table(title=kind, title_justify="left")
        for name in ("page", "commit", *(field.name for field in fields(Opening))):
            table.add_column(name)
        for path, openings in found.items():
            for name, pair in openings.items():
                values = [f"{value:.3g}" if value < 100 else f"{value:.0f}" for value in astuple(pair[at])]
                table.add_row(_shown(path), name, *values)
            new, old = openings["new"][at].ms, openings["old"][at].ms if "old" in openings else None
            if kind == "warm" and new > WARM_LIMIT:
                missed.append(f"{_shown(path)} {new:.0f} ms warm")
            if old and new > RATIO_LIMIT * old:
                missed.append(f"{_shown(path)} {new / old:.2f} times the old commit, {kind}")
        Console(width=120).print(table)
    missed += [
        f"{size / 1e6:.0f} MB with {SESSIONS} pages open"
        for name, size in memory.items()
        if name == "new" and size > MEMORY_LIMIT
    ]
    sizes = ", ".join(f"{name} {size / 1e6:.0f} MB" for name, size in memory.items())
    print(
        f"pages: web process with {SESSIONS} pages open {sizes}; "
        + (f"missed: {'; '.join(missed)}" if missed else "all limits kept")
    )
    return 1 if missed else 0


def _shown(path: str) -> str:
    head, _, query = path.partition("?")
    return f"{head} {query.partition('step=')[2]}".strip() or head


if __name__ == "__main__":
    sys.exit(main())
