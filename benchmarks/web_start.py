"""How long the web process takes from its start to its first answer and ``studio up`` to its link, and the web's memory.

Run with ``python benchmarks/web_start.py [repeats]``; prints one JSON object. Budget: 4 s,
10 s (as for its end after Ctrl-C) and 300 MB.
"""

import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent


def measure() -> dict[str, float]:
    """One start with an empty data folder: seconds to the first answer, resident bytes then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "uvicorn", "--factory", "studio.web:serve_web", "--port", str(port)]
        environment = {**os.environ, "STUDIO_DATA_DIR": folder, "STUDIO_PORT": str(port)}
        began = time.perf_counter()
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
        try:
            while not _answers(port):
                if server.poll() is not None:
                    raise SystemExit("the web process ended before it answered")
                time.sleep(0.02)
            seconds = time.perf_counter() - began
            return {"seconds": seconds, "bytes": psutil.Process(server.pid).memory_info().rss}
        finally:
            server.terminate()
            server.wait(20)


def measure_studio() -> tuple[float, float]:
    """Seconds from ``studio up`` on an empty data folder to its sign-in link, and from Ctrl-C to its end."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "STUDIO_DATA_DIR": str(Path(folder) / "data"), "STUDIO_PORT": "0"}
        began = time.perf_counter()
        studio = subprocess.Popen(
            [sys.executable, "-m", "studio.cli", "up"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert studio.stdout is not None
        try:
            if not any("/sign-in?token=" in line for line in studio.stdout):
                raise SystemExit("the studio ended before it was ready")
            ready = time.perf_counter() - began
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)
        return ready, time.perf_counter() - began - ready


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def main() -> None:
    """Measure several starts and print median and worst."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    starts = [measure() for _ in range(repeats)]
    ready, gone = zip(*(measure_studio() for _ in range(repeats)), strict=True)
    seconds = [start["seconds"] for start in starts]
    summary: dict[str, Any] = {
        "starts": repeats,
        "seconds": {"median": round(statistics.median(seconds), 2), "worst": round(max(seconds), 2)},
        "studio_ready_seconds": {"median": round(statistics.median(ready), 2), "worst": round(max(ready), 2)},
        "studio_gone_seconds": {"median": round(statistics.median(gone), 2), "worst": round(max(gone), 2)},
        "resident_mb": round(max(start["bytes"] for start in starts) / 1e6),
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
