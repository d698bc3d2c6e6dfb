"""The command line: reads arguments, calls the piece that does the work, and turns refusals into words and exit codes.

Exit codes: 0 done, 1 the run or a process failed, 2 the input was refused, 130 cancelled. Everything heavy is imported
inside its command, so that help appears at once.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from app.errors import Rejected, StudioError

OK, FAILED, REFUSED, CANCELLED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry of the ``studio`` program."""
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
    from worker.inference.supervisor import supervise

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
def restore(source: Path) -> None:
    """Fill an empty installation from a backup."""
    from studio.backup import restore_backup

    restore_backup(source)


@studio.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> int:
    """Say what works on this machine and what to do about what does not."""
    from studio.doctor import examine

    return examine(as_json)


@studio.command()
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option("--user", "user_name", default="", help="Whose token; the owner's if left out.")
def token(name: str, user_name: str) -> None:
    """Print a new API token; it is shown once."""
    from app.services.accounts import accounts
    from studio.people import find_user

    click.echo(accounts.create_token(find_user(user_name).id, name))


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
def add_user(name: str) -> None:
    """Create a person and print a link with which they sign in for the first time."""
    from app.services.accounts import accounts
    from studio.claimed_folder import bring_up_to_date
    from studio.people import sign_in_link

    bring_up_to_date()
    person = accounts.add_user(name)
    click.echo(f"{person.name} can sign in once, within an hour, at {sign_in_link(person)}")


@studio.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--task", metavar="KIND", help="Task to check for; guessed from the columns if left out.")
@click.option("--columns", "pairs", multiple=True, metavar="ROLE=NAME", help="Which column plays a role; repeatable.")
@click.option("--sheet", default="", help="Sheet of a workbook, by name or number; the first with a table if left out.")
@click.option("--header-row", default=0, metavar="N", help="Row with the column names; searched if left out.")
@click.option("--encoding", default="", help="Encoding of a text file, where the guess is wrong.")
@click.option("--delimiter", default="", help="Character between the fields, where the guess is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
def check(
    data: Path,
    task: str | None,
    pairs: tuple[str, ...],
    sheet: str,
    header_row: int,
    encoding: str,
    delimiter: str,
    as_json: bool,
) -> int:
    """Report what is good and bad about a data file. Exit code 0: usable, 2: not."""
    from app.readers import Choices
    from studio.check import check_data

    choices = Choices(sheet, header_row, encoding, delimiter)
    return check_data(data, task, split_pairs(pairs, "--columns"), as_json, choices)


@studio.command()
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--task", metavar="KIND", help="What the model learns; guessed from the columns if left out.")
@click.option("--model", metavar="NAME", help="Base model; the one recommended for the task if left out.")
@click.option("--method", default="lora", show_default=True, metavar="KIND", help="Tuning method.")
@click.option("--columns", "pairs", multiple=True, metavar="ROLE=NAME", help="Which column plays a role; repeatable.")
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
        settings=split_pairs(settings, "--set"),
        out=out,
        strict=strict,
    )
    return finetune_file(order, as_json)


def split_pairs(pairs: Sequence[str], option: str) -> dict[str, str]:
    """``("a=b", ...)`` as a dictionary.

    Raises:
        Rejected: an entry without ``=`` or a name given twice.
    """
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or not value:
            raise Rejected("usage", f"{option} {pair!r} is not of the form name=value.", f"Write {option} name=value.")
        if name.strip() in found:
            raise Rejected("usage", f"{option} names {name.strip()!r} twice.", "Give each name once.")
        found[name.strip()] = value
    return found


def _tell(error: StudioError, as_json: bool) -> int:
    """Print a refusal and return its exit code."""
    if as_json:
        click.echo(json.dumps(error.as_dict(), ensure_ascii=False, default=str))
    else:
        click.echo(f"{error.message} {error.hint}".strip(), err=True)
    return FAILED if error.code in ("child_keeps_dying", "not_ready", "internal_error") else REFUSED


def _tell_defect(error: Exception, as_json: bool) -> int:
    """A defect of ours: one sentence for the person, the trace for a file."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="studio-", suffix=".log", delete=False) as log:
        traceback.print_exception(error, file=log)
    what = f"The studio could not finish because of a defect on its side ({type(error).__name__})."
    return _tell(StudioError("internal_error", what, f"Try again; the details are in {log.name}."), as_json)


def _help_command(error: click.ClickException) -> str:
    context: Any = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context else "studio --help"


if __name__ == "__main__":
    main()
