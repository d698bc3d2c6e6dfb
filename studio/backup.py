"""`studio backup` and `studio restore`: what they print. The work is in ``app.services.operations.backup``."""

from pathlib import Path

import click

from app.migrate import upgrade
from app.services.operations import backup
from studio.claimed_folder import claimed


def make_backup(target: Path) -> None:
    """Write the backup and say what is in it."""
    made = backup.make(target)
    click.echo(f"{target}: {made.rows:,} rows, {made.files:,} files and folders, {made.bytes / 1e6:,.1f} MB.")


def restore_backup(source: Path) -> None:
    """Fill this empty installation; refuses while a studio holds the data folder."""
    with claimed():
        done = backup.restore(source, upgrade)
    click.echo(f"Restored {done.rows:,} rows and {done.files:,} files; everything holds together.")
