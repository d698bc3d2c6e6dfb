"""The process that holds the models, as its keeper sees it: started, asked how it does, told to close, ended whole."""

from typing import Any

import httpx

from app.processes.subprocess import Command, ManagedProcess, inherited_prefix, model_environment, python_module
from app.settings import get_settings

# What the process must not know: it answers for people whom somebody else has checked.
KEPT_BACK = ("STUDIO_DATABASE_URL", "STUDIO_BROKER_URL")
STATUS_SECONDS, END_SECONDS = 2.0, 2.0


class ModelServer(ManagedProcess):
    """``python -m worker.inference.server`` in its own process group; it ends when this process does."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__(Command(python_module("worker.inference.server"), _environment(url), has_input=True))

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

    def _ask(self, method: str, path: str, seconds: float, **options: Any) -> httpx.Response:
        headers = {"X-Studio-Secret": get_settings().inference_secret}
        with httpx.Client(trust_env=False, headers=headers, timeout=seconds) as client:
            return client.request(method, self._url + path, **options)


def _environment(url: str) -> dict[str, str]:
    settings = inherited_prefix("STUDIO_", without=KEPT_BACK)
    return model_environment(
        **{**settings, "STUDIO_DATA_DIR": str(get_settings().resolved_data_dir), "STUDIO_INFERENCE_URL": url}
    )
