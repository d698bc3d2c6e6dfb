"""`studio backup` and `studio restore`: what they print. The work is in ``app.services.operations.backup``."""

from pathlib import Path

import click

from app.migrate import upgrade
from app.services.operations import backup
from studio.claimed_folder import claimed

NOT_IN_BACKUP = "fetched base models, which can be fetched again, logs, caches, and uploads whose import has not begun"


def make_backup(target: Path) -> None:
    """Write the backup and say what is in it."""
    made = backup.make(target)
    click.echo(f"{target}: {made.rows:,} rows, {made.files:,} files and folders, {made.bytes / 1e6:,.1f} MB.")
    click.echo(f"Not in it: {NOT_IN_BACKUP}.")


def restore_backup(source: Path, *, keep_tokens: bool) -> None:
    """Fill this empty installation; refuses while a studio holds the data folder."""
    with claimed():
        done = backup.restore(source, upgrade, keep_tokens=keep_tokens)
    click.echo(f"Restored {done.rows:,} rows and {done.files:,} files; everything holds together.")
    if not keep_tokens:
        click.echo("API tokens, sessions and links of the backup do not work any more: studio link, studio token.")
    if done.missing_models:
        click.echo(f"Fetch these base models again, runs need them: {', '.join(done.missing_models)}.")
