"""A studio in an empty folder, two people, and the composed API behind its gate."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db import Base, forget_engine, get_engine
from app.services import accounts
from app.settings import get_settings


@pytest.fixture
def studio_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    get_settings.cache_clear()
    forget_engine()
    Base.metadata.create_all(get_engine())
    yield tmp_path / "data"
    forget_engine()
    get_settings.cache_clear()


@pytest.fixture
def owner(studio_home: Path) -> str:
    return accounts.ensure_owner().id
