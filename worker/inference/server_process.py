"""The process that holds the models, as its keeper sees it: started, asked how it does, told to close, ended whole."""

import os
import signal
import subprocess
import sys
from typing import Any

import httpx

from app.settings import get_settings
from worker.processes.prewarmed import FIXED, PASSED_ON

# What the process must not know: it answers for people whom somebody else has checked.
KEPT_BACK = ("STUDIO_DATABASE_URL", "STUDIO_BROKER_URL")
STATUS_SECONDS, END_SECONDS = 2.0, 2.0


class ModelServer:
    """``python -m worker.inference.server`` in its own process group; it ends when this process does."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Its output goes where its keeper's goes.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "worker.inference.server"],
            stdin=subprocess.PIPE,
            env=_environment(url),
            start_new_session=True,
        )

    def poll(self) -> int | None:
        """Exit code, or None while it lives."""
        return self._process.poll()

    def status(self) -> dict[str, Any] | None:
        """What it holds and does, or None when it does not answer (yet)."""
        try:
            answer = self._ask("GET", "/status", STATUS_SECONDS)
            return dict(answer.json()) if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def close(self, seconds: float) -> int:
        """Let nobody in, let answers end within ``seconds``, stop the others with a word; returns how many were stopped."""
        try:
            answer = self._ask("POST", "/close", seconds + 2 * STATUS_SECONDS, json={"seconds": seconds})
            return int(answer.json()["stopped"]) if answer.status_code == 200 else 0
        except (httpx.HTTPError, ValueError, KeyError):
            return 0

    def end(self) -> None:
        """Make sure that nothing of it is left."""
        if self._process.stdin:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()

    def _ask(self, method: str, path: str, seconds: float, **options: Any) -> httpx.Response:
        headers = {"X-Studio-Secret": get_settings().inference_secret}
        with httpx.Client(trust_env=False, headers=headers, timeout=seconds) as client:
            return client.request(method, self._url + path, **options)


def _environment(url: str) -> dict[str, str]:
    ours = {name: each for name, each in os.environ.items() if name.startswith("STUDIO_") and name not in KEPT_BACK}
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    place = {"STUDIO_DATA_DIR": str(get_settings().resolved_data_dir), "STUDIO_INFERENCE_URL": url}
    return {**FIXED, **passed, **ours, **place}
