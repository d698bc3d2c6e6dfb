"""The command line: words and exit codes of every command that ends by itself."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.services.accounts import accounts
from app.settings import get_settings
from studio.cli import main
from studio.finetune import sort_settings
from tests.studio.processes import call

GOOD = "text,label\n" + "".join(
    f"letter {n} says that the {subject} {ending},{label}\n"
    for n, (subject, ending, label) in enumerate(
        [("card", "is lost", "cards"), ("invoice", "is wrong", "money"), ("parcel", "is late", "parcels")] * 20
    )
)


def run(*arguments: str) -> int:
    """The command in this process; returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "letters.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find an untouched machine: not even a data folder."""
    from tests.conftest import forget_settings

    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    forget_settings()
    yield
    forget_settings()


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


def test_check_reports_a_usable_file_with_exit_code_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(good), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"]["total"] == 60
    assert report["task"] == "text-classification"
    assert report["columns"] == {"text": "text", "label": "label"}
    assert set(report["labels"]) == {"cards", "money", "parcels"}
    assert {"status", "format", "encoding", "problems"} <= set(report)


def test_check_speaks_to_people_too(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(good)) == 0
    said = capsys.readouterr().out
    assert "60 of 60 rows can be used" in said and "label: column 'label'" in said


def test_check_obeys_the_named_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text(GOOD.replace("text,label", "said,kind"), encoding="utf-8")
    assert run("check", str(odd), "--json", "--columns", "text=said", "--columns", "label=kind") == 0
    assert json.loads(capsys.readouterr().out)["columns"] == {"text": "said", "label": "kind"}


@pytest.mark.parametrize("content", ["", "text,label\n", "text,label\nonly one row,a\n"])
def test_check_rejects_a_useless_file_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(content, encoding="utf-8")
    assert run("check", str(bad), "--json") == 2
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "rejected"
    assert report["problems"][0]["message"] and report["problems"][0]["hint"]
    assert run("check", str(bad)) == 2
    assert "cannot be used" in capsys.readouterr().out


REFUSALS = [
    (["check", "nowhere.csv"], "file_not_found", "nowhere.csv"),
    (["check", "GOOD", "--task", "singing"], "unknown_task_type", "text-classification"),
    (["check", "GOOD", "--columns", "text"], "usage", "name=value"),
    (["check", "GOOD", "--colour"], "usage", "--colour"),
    (["finetune", "GOOD", "--set", "rnak=4"], "unknown_field", "rank"),
    (["finetune", "GOOD", "--set", "rank=4", "--set", "rank=5"], "usage", "twice"),
    (["finetune", "GOOD", "--method", "magic"], "unknown_method", "lora"),
    (["finetune", "GOOD", "--out", "."], "out_not_empty", "empty"),
    (["finetune", "GOOD", "--eval", "nowhere.csv"], "file_not_found", "nowhere.csv"),
    (["token", "--user", "nobody"], "user_not_found", "nobody"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), REFUSALS, ids=[" ".join(each[0]) for each in REFUSALS])
def test_refusals_are_one_sentence_and_a_hint_with_exit_code_2(
    good: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: str, words: str
) -> None:
    given = [str(good) if each == "GOOD" else each for each in arguments]
    assert run(*given) == 2
    said = capsys.readouterr()
    assert said.out == "" and words in said.err and len(said.err.splitlines()) == 1
    if arguments[0] != "token":
        assert run(*given, "--json") == 2
        assert json.loads(capsys.readouterr().out)["error"]["code"] == code


def test_a_missing_argument_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 2
    assert "DATA" in capsys.readouterr().err


def test_token_prints_one_that_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("token") == 0
    person = accounts.user_for_token(capsys.readouterr().out.strip())
    assert person is not None and person.role == "owner"


def test_user_add_makes_a_person_who_can_sign_in_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("user", "add", "ann") == 0
    link = capsys.readouterr().out.split()[-1]
    assert link.startswith(get_settings().address + "/sign-in?token=")
    person, _ = accounts.redeem_sign_in_link(link.partition("token=")[2])
    assert (person.name, person.role) == ("ann", "member")
    assert run("user", "add", "ann") == 2
    assert "already" in capsys.readouterr().err
    assert run("token", "--user", "ann") == 0


def test_a_link_for_the_owner(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("link") == 0
    person, _ = accounts.redeem_sign_in_link(capsys.readouterr().out.strip().partition("token=")[2])
    assert person.role == "owner"


def test_the_installed_program_answers(tmp_path: Path) -> None:
    done = call("migrate", STUDIO_DATA_DIR=str(tmp_path / "elsewhere"))
    assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    assert (tmp_path / "elsewhere" / "studio.db").exists()


def test_settings_are_sorted_by_name_and_read_by_kind() -> None:
    given = {"rank": "8", "epochs": "0.5", "learning_rate": "null", "precision": "fp32"}
    method, training = sort_settings("lora", given)
    assert method == {"kind": "lora", "rank": 8}
    assert training == {"epochs": 0.5, "learning_rate": None, "precision": "fp32"}
