"""`studio user quota` and `studio project quota`: limits of one person or project in place of the settings."""

from collections.abc import Callable
from typing import Any

import click

GIGABYTE = 10**9


def _bounds(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--max-gb", type=click.FloatRange(0), help="Most gigabytes on disk; 0 for any."),
        click.option("--max-hours", type=click.FloatRange(0), help="Most GPU hours in seven days; 0 for any."),
        click.option("--max-runs", type=click.IntRange(0), help="Most runs waiting or working; 0 for any."),
    ):
        command = option(command)
    return command


@click.command("quota")
@click.argument("name")
@_bounds
def person_quota(name: str, max_runs: int | None, max_hours: float | None, max_gb: float | None) -> None:
    """Give a person limits of their own; what is left out is as the settings say."""
    from app.services.accounts.quotas import set_person_quota
    from studio.people import find_user

    used = set_person_quota(find_user("").id, find_user(name).id, _made(max_runs, max_hours, max_gb))
    click.echo(_words(name, used))


@click.command("quota")
@click.argument("name")
@click.option("--user", "user_name", default="", help="A member of the project; the studio's owner if left out.")
@_bounds
def project_quota(
    name: str, user_name: str, max_runs: int | None, max_hours: float | None, max_gb: float | None
) -> None:
    """Give a project limits for all its members together; what is left out is not limited. NAME is its name or id."""
    from app.services.accounts.quotas import set_project_quota
    from studio.people import find_user
    from studio.projects import find_project

    project_id = find_project(find_user(user_name).id, name)
    click.echo(_words(name, set_project_quota(find_user("").id, project_id, _made(max_runs, max_hours, max_gb))))


def _made(max_runs: int | None, max_hours: float | None, max_gb: float | None) -> Any:
    from app.services.accounts.quotas import QuotaBounds, bytes_of

    return QuotaBounds(max_runs, max_hours, None if max_gb is None else bytes_of(max_gb))


def _words(name: str, used: Any) -> str:
    return (
        f"{name}: {used.active} of {used.max_active or 'any'} runs waiting or working, {used.hours:.1f} of "
        f"{used.max_hours or 'any'} GPU hours in seven days, {used.bytes / GIGABYTE:.2f} of "
        f"{used.max_bytes / GIGABYTE if used.max_bytes else 'any'} GB on disk."
    )
