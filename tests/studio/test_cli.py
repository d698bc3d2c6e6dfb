"""The command line: words and exit codes of every command that ends by itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.services.accounts import accounts
from app.settings import get_settings
from tests.studio.processes import call, run

pytestmark = pytest.mark.usefixtures("data_folder")


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    look = (
        "import sys\nfrom studio.cli import main\n"
        "try: main(['--help'])\n"
        "finally: sys.exit(bool({'sqlalchemy', 'celery', 'gradio', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    for command in (
        "up",
        "web",
        "worker",
        "beat",
        "inference",
        "migrate",
        "doctor",
        "token",
        "user",
        "check",
        "finetune",
    ):
        assert f"\n  {command} " in done.stdout


REFUSALS = [
    (["check", "nowhere.csv"], "file_not_found", "nowhere.csv"),
    (["check", "GOOD", "--task", "singing"], "unknown_task_type", "text-classification"),
    (["check", "GOOD", "--columns", "text"], "usage", "name=value"),
    (["check", "GOOD", "--repair", "empty_rows=on", "--repair", "empty_rows=off"], "usage", "twice"),
    (["check", "GOOD", "--repair", "nonsense=on"], "unknown_repair", "There is no repair 'nonsense'"),
    (["check", "GOOD", "--colour"], "usage", "--colour"),
    (["finetune", "GOOD", "--set", "rnak=4"], "unknown_field", "rank"),
    (["finetune", "GOOD", "--set", "rank=4", "--set", "rank=5"], "usage", "twice"),
    (["finetune", "GOOD", "--method", "magic"], "unknown_method", "lora"),
    (["finetune", "GOOD", "--out", "."], "out_not_empty", "empty"),
    (["finetune", "GOOD", "--eval", "nowhere.csv"], "file_not_found", "nowhere.csv"),
    (["token", "--user", "nobody"], "user_not_found", "nobody"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSALS, ids=[" ".join(refusal[0]) for refusal in REFUSALS])
def test_refusals_are_one_sentence_and_a_hint_with_exit_code_2(
    good: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str, words: str
) -> None:
    given = [str(good) if word == "GOOD" else word for word in arguments]
    assert run(*given) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and words in printed.err and len(printed.err.splitlines()) == 1
    if arguments[0] != "token":
        assert run(*given, "--json") == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_missing_argument_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 2
    assert "DATA" in capsys.readouterr().err


def test_token_prints_one_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("token") == 0
    used = accounts.user_for_token(capsys.readouterr().out.strip())
    assert used is not None and used.user.role == "owner"


def test_user_add_makes_a_person_who_can_sign_in_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("user", "add", "ann") == 0
    link = capsys.readouterr().out.split()[-1]
    assert link.startswith(get_settings().address + "/sign-in?token=")
    person, _ = accounts.redeem_sign_in_link(link.partition("token=")[2])
    assert (person.name, person.role) == ("ann", "member")
    assert run("user", "add", "ann") == 2
    assert "already" in capsys.readouterr().err
    assert run("token", "--user", "ann") == 0


def test_installed_program_answers(tmp_path: Path) -> None:
    done = call("migrate", STUDIO_DATA_DIR=str(tmp_path / "elsewhere"))
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "elsewhere" / "studio.db").exists()
