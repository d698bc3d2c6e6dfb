"""Settings from the environment."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings, get_settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STUDIO_DATA_DIR", "STUDIO_DATABASE_URL", "STUDIO_PUBLIC_URL", "STUDIO_HUB_URL", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def test_data_and_database_lie_in_the_current_folder_by_default(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.resolved_data_dir == (tmp_path / "data").resolve()
    assert settings.resolved_database_url == f"sqlite:///{(tmp_path / 'data').resolve()}/studio.db"


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql+psycopg://host/db")
    monkeypatch.setenv("STUDIO_HOST", "0.0.0.0")
    monkeypatch.setenv("STUDIO_PORT", "80")
    assert Settings().resolved_database_url == "postgresql+psycopg://host/db"
    assert Settings().address == "http://0.0.0.0:80"
    monkeypatch.setenv("STUDIO_PUBLIC_URL", "https://studio.example/")
    assert Settings().address == "https://studio.example"


def test_address_of_the_hub_may_have_the_name_that_huggingface_hub_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example")
    assert Settings().hub_url == "https://mirror.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [("STUDIO_PORT", "99999"), ("STUDIO_MAX_ROWS", "0"), ("STUDIO_LOG_FORMAT", "xml"), ("STUDIO_INFERENCE_BATCH", "0")],
)
def test_value_out_of_range_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        Settings()


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    get_settings.cache_clear()
    first = get_settings()
    monkeypatch.setenv("STUDIO_PORT", "81")
    assert get_settings() is first
    get_settings.cache_clear()


def test_every_setting_is_explained() -> None:
    assert all(field.description for field in Settings.model_fields.values())
