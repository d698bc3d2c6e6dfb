"""Brings the database to the newest revision: where Alembic is set up and run."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from app import storage
from app.settings import get_settings


def config() -> Config:
    """Alembic's configuration, made in code so that it works from any folder."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent.parent / "migrations"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(revision: str = "head") -> None:
    """Apply all missing migrations up to ``revision``."""
    if not get_settings().database_url:
        storage.data_dir()
    command.upgrade(config(), revision)
