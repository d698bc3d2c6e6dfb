"""Alembic's entry: the address comes from Settings, the tables from app.models."""

from alembic import context

from app import models  # noqa: F401 - fills the metadata
from app.db import Base, get_engine


def run() -> None:
    """Run migrations over one connection; SQLite alters tables by copying them."""
    with get_engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
