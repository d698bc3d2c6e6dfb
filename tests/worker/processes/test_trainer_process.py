"""What a trainer inherits of the worker's environment."""

from pathlib import Path

import pytest

from worker.processes.trainer_process import trainer_environment


def test_trainer_inherits_no_secret(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "sqlite:////somewhere")
    monkeypatch.setenv("STUDIO_INFERENCE_SECRET", "hush")
    monkeypatch.setenv("HF_TOKEN", "hush")
    assert not [
        name
        for name in trainer_environment()
        if name.startswith("STUDIO_") or "TOKEN" in name.upper().replace("TOKENIZERS", "")
    ]
