"""The commands of `studio project`; what they do is in `studio.projects`, which is imported when one runs."""

import click


@click.group()
def project() -> None:
    """Projects: who works together on which data and runs."""


@project.command("list")
@click.option("--user", "user_name", default="", help="Whose projects; the owner's if left out.")
def list_projects(user_name: str) -> None:
    """Print the projects of a person with their members."""
    from studio.projects import describe

    click.echo("\n".join(describe(user_name)))


@project.command("create")
@click.argument("name")
@click.option("--user", "user_name", default="", help="Its owner; the studio's owner if left out.")
def create_project(name: str, user_name: str) -> None:
    """Make a project."""
    from studio.projects import create

    click.echo(create(user_name, name))


@project.command("invite")
@click.argument("name")
@click.argument("person")
@click.option("--role", type=click.Choice(["viewer", "editor", "owner"]), default="viewer", show_default=True)
@click.option("--user", "user_name", default="", help="Who invites; the studio's owner if left out.")
def invite_to_project(name: str, person: str, role: str, user_name: str) -> None:
    """Make somebody a member, or change their role. NAME is a project's name or id."""
    from studio.projects import invite

    click.echo(invite(user_name, name, person, role))


@project.command("dismiss")
@click.argument("name")
@click.argument("person")
@click.option("--user", "user_name", default="", help="An owner of the project; the studio's owner if left out.")
def dismiss_from_project(name: str, person: str, user_name: str) -> None:
    """Take a member out of a project; what they made stays in it."""
    from studio.projects import dismiss

    click.echo(dismiss(user_name, name, person))
