"""The command line: reads arguments, calls the piece that does the work, and turns refusals into words and exit codes.

Exit codes: 0 done, 1 the run or a process failed, 2 the input was refused, 130 cancelled. Everything heavy is imported
inside its command, so that help appears at once.
"""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from app.errors import StudioError
from studio.data_commands import data
from studio.identity_commands import link_identity
from studio.model_commands import model
from studio.name_pairs import split_pairs
from studio.project_commands import project
from studio.quota_commands import person_quota, project_quota

OK, FAILED, REFUSED, CANCELLED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry of the ``studio`` program; whatever it and its processes write is for this user alone."""
    os.umask(0o077)
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = studio.main(given, prog_name="studio", standalone_mode=False)
    except StudioError as error:
        code = _tell(error, as_json)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = REFUSED
    except click.ClickException as error:
        code = _tell(StudioError("usage", error.format_message(), f"See `{_help_command(error)}`."), as_json)
    except (click.Abort, KeyboardInterrupt):
        code = CANCELLED
    except Exception as error:  # any other exception is a defect of ours
        code = _tell_defect(error, as_json)
    sys.exit(code or OK)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fine-tuning-studio", prog_name="studio")
def studio() -> None:
    """Tune language models on your own labelled data."""


@studio.command()
def up() -> None:
    """Start everything on this machine and print a link to sign in."""
    from studio.up import run_up

    run_up()


@studio.command()
def web() -> None:
    """Run the pages and the API only (server mode)."""
    from studio import commands

    commands.become(commands.web())


@studio.command()
@click.option(
    "--queue",
    type=click.Choice(("train", "light")),
    default="train",
    show_default=True,
    help="train: one run at a time; light: reports on data, label reviews, exports and downloads.",
)
def worker(queue: str) -> None:
    """Run one worker, which trains one model at a time, or does light jobs (server mode)."""
    from studio import commands

    commands.become(commands.light_worker() if queue == "light" else commands.worker())


@studio.command()
def beat() -> None:
    """Run the sweeper that brings lost runs back (server mode)."""
    from studio import commands

    commands.become(commands.beat())


@studio.command()
@click.option("--idle-seconds", type=float, help="Free the memory after so long without a question; 0: never.")
def inference(idle_seconds: float | None) -> None:
    """Run the server that answers for tuned models (server mode)."""
    from app.processes.secrecy import hide_memory
    from worker.inference.supervisor import supervise

    hide_memory()
    supervise(idle_seconds)


@studio.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    from studio.claimed_folder import bring_up_to_date

    bring_up_to_date()
    click.echo("The database is up to date.")


@studio.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Write everything into one file, also while runs are being trained."""
    from studio.backup import make_backup

    make_backup(target)


@studio.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--keep-tokens", is_flag=True, help="Let API tokens and browser sessions of the backup work again.")
def restore(source: Path, keep_tokens: bool) -> None:
    """Fill an empty installation from a backup."""
    from studio.backup import restore_backup

    restore_backup(source, keep_tokens=keep_tokens)


@studio.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> int:
    """Say what works on this machine and what to do about what does not."""
    from studio.doctor import examine

    return examine(as_json)


@studio.command()
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option("--user", "user_name", default="", help="Whose token; the owner's if left out.")
@click.option("--read-only", is_flag=True, help="It can read and change nothing.")
@click.option("--days", type=int, help="For how many days; without end if left out.")
def token(name: str, user_name: str, read_only: bool, days: int | None) -> None:
    """Print a new API token; it is shown once."""
    from app.services.accounts import accounts
    from studio.people import find_user

    click.echo(accounts.create_token(find_user(user_name).id, name, scope="read" if read_only else "all", days=days))


@studio.command()
@click.option("--user", "user_name", default="", help="Who signs in; the owner if left out.")
def link(user_name: str) -> None:
    """Print a new link that signs a browser in once, within an hour."""
    from studio.people import find_user, sign_in_link

    click.echo(sign_in_link(find_user(user_name)))


@studio.group()
def user() -> None:
    """Manage people."""


@user.command("add")
@click.argument("name")
@click.option("--admin", is_flag=True, help="As an administrator, who manages people and models.")
def add_user(name: str, admin: bool) -> None:
    """Create a person and print a link with which they sign in for the first time."""
    from app.services.accounts import accounts
    from studio.claimed_folder import bring_up_to_date
    from studio.people import sign_in_link

    bring_up_to_date()
    person = accounts.add_user(name, "admin" if admin else "member")
    click.echo(f"{person.name} can sign in once, within an hour, at {sign_in_link(person)}")


@user.command("list")
def list_users() -> None:
    """Print everybody with role, state and how many sessions and tokens they have."""
    from app.services.accounts import people
    from studio.people import find_user

    for person in people.list_people(find_user("").id):
        state = person.role if person.active else f"{person.role}, disabled"
        click.echo(f"{person.name}\t{state}\t{person.sessions} sessions\t{person.tokens} tokens\t{person.runs} runs")


@user.command("change")
@click.argument("name")
@click.option("--role", type=click.Choice(["member", "admin"]), help="Administrators manage people and models.")
@click.option("--disable/--enable", "disable", default=None, help="Shut the person out at once, or let them in again.")
@click.option("--sign-out", is_flag=True, help="End all sessions, links and tokens.")
@click.option("--reset-password", is_flag=True, help="Forget the password; prints a link to set another.")
@click.option("--reset-second-factor", is_flag=True, help="Forget authenticator and recovery codes.")
def change_user(
    name: str, role: str | None, disable: bool | None, sign_out: bool, reset_password: bool, reset_second_factor: bool
) -> None:
    """Change a role, shut a person out or let them in again."""
    from app.services.accounts import people
    from studio.people import find_user, sign_in_link

    owner, person = find_user(""), find_user(name)
    if reset_second_factor:
        people.reset_second_factor(owner.id, person.id)
    if reset_password:
        people.reset_password(owner.id, person.id)
        click.echo(f"{person.name} can sign in once, within an hour, at {sign_in_link(person)}")
    if sign_out:
        people.sign_out_everywhere(owner.id, person.id)
    if role is not None or disable is not None:
        people.change_person(owner.id, person.id, role=role, active=None if disable is None else not disable)
    now = people.get_person(person.id)
    click.echo(f"{now.name} is {now.role}, {'active' if now.active else 'disabled'}, with {now.sessions} sessions.")


@user.command("delete")
@click.argument("name")
@click.option("--again", prompt="Type the name again", help="The name once more, instead of asking for it.")
def delete_user(name: str, again: str) -> None:
    """Delete a disabled person with all data, runs, conversations and files of theirs."""
    from app.services.operations.person_removal import remove_person
    from studio.people import find_user

    gone = remove_person(find_user("").id, find_user(name).id, again)
    click.echo(
        f"Deleted: {gone.datasets} data sets, {gone.runs} runs, {gone.bytes / 1e6:,.1f} MB. Backups made before still hold them."
    )


studio.add_command(data)
studio.add_command(model)
studio.add_command(project)
project.add_command(project_quota)
user.add_command(person_quota)
user.add_command(link_identity)


@studio.group()
def audit() -> None:
    """The trail of who did what."""


@audit.command("verify")
@click.option("--holds", "noted", default="", metavar="SHA256", help="A hash noted earlier, which must still be there.")
def verify_audit(noted: str) -> int:
    """Check the hash chain of the audit trail. Exit code 0: whole, 1: not."""
    from studio.people import verify_audit_trail

    words, is_whole = verify_audit_trail(noted)
    click.echo(words)
    return OK if is_whole else FAILED


@studio.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--task", metavar="KIND", help="Task to check for; guessed from the columns if left out.")
@click.option("--columns", "pairs", multiple=True, metavar="ROLE=NAME", help="Which column plays a role; repeatable.")
@click.option(
    "--answer", metavar="N", help="Which reading is meant, where the report offers several; by number or name."
)
@click.option("--sheet", default="", help="Sheet of a workbook, by name or number; the first with a table if left out.")
@click.option("--header-row", default=0, metavar="N", help="Row with the column names; searched if left out.")
@click.option("--encoding", default="", help="Encoding of a text file, where the guess is wrong.")
@click.option("--delimiter", default="", help="Character between the fields, where the guess is wrong.")
@click.option("--no-header", is_flag=True, help="The first row is data, not column names.")
@click.option(
    "--repair", "repairs", multiple=True, metavar="NAME=on|off", help="Put something right, or leave it; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def check(
    data: Path,
    task: str | None,
    pairs: tuple[str, ...],
    answer: str | None,
    sheet: str,
    header_row: int,
    encoding: str,
    delimiter: str,
    no_header: bool,
    repairs: tuple[str, ...],
    as_json: bool,
) -> int:
    """Report what is good and bad about a data file. Exit code 0: usable, 2: not."""
    from app.readers import Choices
    from studio.check import Wanted, check_data, chosen_repairs

    chosen = chosen_repairs(split_pairs(repairs, "--repair")) | ({"no_header": True} if no_header else {})
    choices = Choices(sheet, header_row, encoding, delimiter, chosen)
    return check_data(data, Wanted(task, split_pairs(pairs, "--columns"), answer), as_json, choices)


@studio.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--task", metavar="KIND", help="What the model learns; guessed from the columns if left out.")
@click.option("--model", metavar="NAME", help="Base model; the one recommended for the task if left out.")
@click.option("--method", default="lora", show_default=True, metavar="KIND", help="Tuning method.")
@click.option("--columns", "pairs", multiple=True, metavar="ROLE=NAME", help="Which column plays a role; repeatable.")
@click.option("--answer", metavar="N", help="Which reading is meant, where `studio check` offers several.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting by its name; repeatable.")
@click.option("--strict", is_flag=True, help="Refuse data with rows that cannot be used, instead of leaving them out.")
@click.option("--eval", "evaluation", type=click.Path(path_type=Path), help="Rows to test on, if you have your own.")
@click.option("--out", type=click.Path(path_type=Path), help="Empty or new folder that receives the adapter.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def finetune(
    data: Path,
    task: str | None,
    model: str | None,
    method: str,
    pairs: tuple[str, ...],
    answer: str | None,
    settings: tuple[str, ...],
    strict: bool,
    evaluation: Path | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Tune a model on a data file, from the check to the adapter."""
    from studio.finetune import FinetuneRequest, finetune_file

    order = FinetuneRequest(
        data=data,
        evaluation=evaluation,
        task=task,
        model=model,
        method=method,
        columns=split_pairs(pairs, "--columns"),
        answer=answer,
        settings=split_pairs(settings, "--set"),
        out=out,
        strict=strict,
    )
    return finetune_file(order, as_json)


def _tell(error: StudioError, as_json: bool) -> int:
    """Print a refusal and return its exit code."""
    if as_json:
        click.echo(json.dumps(error.as_dict(), ensure_ascii=False, default=str))
    else:
        click.echo(f"{error.message} {error.hint}".strip(), err=True)
    return FAILED if error.code in ("child_keeps_dying", "not_ready", "internal_error") else REFUSED


def _tell_defect(error: Exception, as_json: bool) -> int:
    """A full disk, or a defect of ours: one sentence for the person, the trace for a file."""
    import tempfile
    import traceback

    from app import disk_space

    if disk_space.is_full(error):
        return _tell(disk_space.disk_full(), as_json)
    with tempfile.NamedTemporaryFile("w", prefix="studio-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    what = f"The studio could not finish because of a defect on its side ({type(error).__name__})."
    return _tell(StudioError("internal_error", what, f"Try again; the details are in {log.name}."), as_json)


def _help_command(error: click.ClickException) -> str:
    context: Any = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context else "studio --help"


if __name__ == "__main__":
    main()
