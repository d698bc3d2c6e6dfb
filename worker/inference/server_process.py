"""The inference server's process as its supervisor sees it: start, status, close, end."""

from typing import Any

import httpx

from app.processes.certificates import trusted
from app.processes.subprocess import Command, ManagedProcess, inherited_prefix, model_environment, python_module
from app.settings import get_settings
from worker.inference.status import ServerStatus

# Settings that the process must not have: the web process checks who asks.
WITHHELD = ("STUDIO_DATABASE_URL", "STUDIO_BROKER_URL")
STATUS_SECONDS, END_SECONDS = 2.0, 2.0


class ModelServer(ManagedProcess):
    """``python -m worker.inference.server`` in its own process group; it ends when this process does."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__(Command(python_module("worker.inference.server"), _environment(url), has_input=True))

    def status(self) -> ServerStatus | None:
        """The models it holds and its load, or None when it does not response (yet)."""
        try:
            response = self._request("GET", "/status", STATUS_SECONDS)
            return ServerStatus.model_validate(response.json()) if response.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None

    def close(self, seconds: float) -> int:
        """Refuse new requests, give replies ``seconds`` to end, stop the others; returns how many were stopped."""
        try:
            response = self._request("POST", "/close", seconds + 2 * STATUS_SECONDS, json={"seconds": seconds})
            return int(response.json()["stopped"]) if response.status_code == 200 else 0
        except (httpx.HTTPError, ValueError, KeyError):
            return 0

    def _request(self, method: str, path: str, seconds: float, **options: Any) -> httpx.Response:
        headers = {"X-Studio-Secret": get_settings().inference_secret}
        with httpx.Client(trust_env=False, verify=trusted(), headers=headers, timeout=seconds) as client:
            return client.request(method, self._url + path, **options)


def _environment(url: str) -> dict[str, str]:
    settings = inherited_prefix("STUDIO_", without=WITHHELD)
    return model_environment(
        **{**settings, "STUDIO_DATA_DIR": str(get_settings().resolved_data_dir), "STUDIO_INFERENCE_URL": url}
    )
