"""Fixtures for every test: a data folder of its own with all tables, and the owner."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import db, storage
from app import models as _tables  # noqa: F401 - fills the metadata
from app.queue import celery_app
from app.services.accounts import ensure_owner
from app.settings import get_settings


def forget_settings() -> None:
    """Let the next caller read settings, database and broker anew."""
    get_settings.cache_clear()
    db.forget_engine()
    celery_app.cache_clear()


@pytest.fixture
def studio_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A fresh data folder with all tables."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    forget_settings()
    storage.data_dir()
    db.Base.metadata.create_all(db.get_engine())
    yield tmp_path / "data"
    forget_settings()


@pytest.fixture
def owner(studio_home: Path) -> str:
    """The owner's user id."""
    return ensure_owner().id
