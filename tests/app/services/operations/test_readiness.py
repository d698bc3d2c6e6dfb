"""Whether the parts of the web process work."""

from app.db import Base, get_engine
from app.services.operations import readiness
from app.settings import get_settings


def test_each_part_is_named_with_what_is_wrong(owner, monkeypatch):
    assert readiness.parts() == {"database": "ok", "storage": "ok"}
    monkeypatch.setattr("app.services.operations.readiness.os.access", lambda path, mode: False)
    Base.metadata.drop_all(get_engine())
    assert readiness.parts() == {"database": "not reachable, or its tables are missing", "storage": "not writable"}


def test_full_disk_is_named_and_reading_goes_on(owner, monkeypatch):
    monkeypatch.setenv("STUDIO_FREE_DISK_BYTES", str(10**15))
    get_settings.cache_clear()
    parts = readiness.parts()
    assert parts["storage"].startswith("the disk is full: ") and readiness.is_ready(parts)
