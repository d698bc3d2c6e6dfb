"""Alembic's entry: the address comes from Settings, the tables from app.models."""

from typing import Any

from alembic import context

from app import models  # noqa: F401 - fills the metadata
from app.db import Base, get_engine


def run() -> None:
    """Run migrations over one connection; SQLite alters tables by copying them."""
    with get_engine().connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            _check_references(connection, False)
        context.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=sqlite, compare_type=True
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        if sqlite:
            _check_references(connection, True)


def _check_references(connection: Any, on: bool) -> None:
    """Copying a table drops the old one, which rows that point at it would forbid; only outside a transaction."""
    connection.rollback()
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")
    cursor.close()


run()
