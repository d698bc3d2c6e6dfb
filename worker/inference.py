"""The inference server: keeps tuned models in memory and answers with them. ``python -m worker.inference``.

An HTTP service for the web process alone: loopback or a private network, a shared secret, adapter folders inside the data
folder only. Knows no users; whoever asks has been checked by the web.
"""

import hmac
import logging
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch
import uvicorn
from fastapi import FastAPI, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from app import manifest, storage
from app.catalog.base_models import base_model, base_model_path
from app.catalog.spec import RunSpec
from app.errors import NotFound, NotSignedIn, StudioError
from app.settings import get_settings
from worker.engine.predict import Predictor
from worker.engine.save import SPEC

MOST_RESIDENT = 4
LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)


class Question(BaseModel):
    """Texts for one adapter."""

    adapter: str
    inputs: list[str] = Field(min_length=1, max_length=256)


class Residents:
    """The most recently asked predictors; the oldest makes room. One question at a time computes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Predictor] = OrderedDict()
        self._lock = threading.Lock()
        self.used_at = time.monotonic()

    def answer(self, folder: Path, inputs: list[str]) -> list[dict[str, object]]:
        """Answers in the order of the inputs."""
        with self._lock:
            self.used_at = time.monotonic()
            return self._predictor(folder).predict(inputs)

    def _predictor(self, folder: Path) -> Predictor:
        # The manifest's hash is part of the name: a folder that was replaced is loaded anew.
        name = f"{folder}:{manifest.sha256_of(folder / manifest.NAME)}"
        if name not in self._kept:
            spec = RunSpec.model_validate_json((folder / SPEC).read_text(encoding="utf-8"))
            device = "cuda" if torch.cuda.is_available() else "cpu"
            path = base_model_path(spec.base_model)
            self._kept[name] = Predictor(folder, path, base_model(spec.base_model), device)
            log.info("loaded %s", folder.name)
        self._kept.move_to_end(name)
        while len(self._kept) > MOST_RESIDENT:
            self._kept.popitem(last=False)
        return self._kept[name]


def create_inference() -> FastAPI:
    """The application; every route but ``/healthz`` asks for the secret."""
    api = FastAPI(title="Inference", docs_url=None, redoc_url=None, openapi_url=None)
    residents = Residents()
    api.state.residents = residents

    @api.exception_handler(StudioError)
    def refuse(_: Any, error: StudioError) -> JSONResponse:
        return JSONResponse(error.as_dict(), status_code=error.status)

    @api.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @api.post("/predict")
    def predict(question: Question, x_studio_secret: str = Header("")) -> dict[str, Any]:
        _check_secret(x_studio_secret)
        return {"answers": residents.answer(_inside(question.adapter), question.inputs)}

    return api


def _check_secret(given: str) -> None:
    secret = get_settings().inference_secret
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise NotSignedIn("secret", "The inference server was asked without its secret.", "Ask through the studio.")


def _inside(adapter: str) -> Path:
    """The folder, if it lies inside the data folder and is complete."""
    folder = Path(adapter).resolve()
    if not folder.is_relative_to(storage.data_dir().resolve()) or not (folder / manifest.NAME).is_file():
        raise NotFound("adapter_not_found", "There is no such adapter.", "Open the run and look at its files.")
    return folder


def serve(idle_seconds: float = 0.0) -> None:
    """Listen where ``STUDIO_INFERENCE_URL`` says; ends by itself after ``idle_seconds`` without a question, if given."""
    address = urlsplit(get_settings().inference_url)
    if not get_settings().inference_secret:
        print("STUDIO_INFERENCE_SECRET is empty; set one, the same for web and inference.", file=sys.stderr)
        raise SystemExit(2)
    api = create_inference()
    host = get_settings().inference_host or address.hostname or "127.0.0.1"
    server = uvicorn.Server(uvicorn.Config(api, host=host, port=address.port or 7861, log_level="warning"))
    if idle_seconds:
        _end_when_idle(api.state.residents, idle_seconds, lambda: setattr(server, "should_exit", True))
    server.run()


def _end_when_idle(residents: Residents, idle_seconds: float, end: Callable[[], None]) -> None:
    def watch() -> None:
        while time.monotonic() - residents.used_at < idle_seconds:
            time.sleep(LOOK_SECONDS)
        end()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    serve()
