"""`studio check`: the data report of a file, for people or as JSON."""

import json
from pathlib import Path

import pytest

from app.errors import NotFound
from studio.check import require_file
from tests.studio.processes import run

pytestmark = pytest.mark.usefixtures("data_folder")


def test_usable_file_is_reported_with_exit_code_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(good), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rows"]["total"] == 60
    assert report["task"] == "text-classification"
    assert report["columns"] == {"text": "text", "label": "label"}
    assert set(report["labels"]) == {"cards", "money", "parcels"}
    assert {"status", "format", "encoding", "problems"} <= set(report)


def test_report_for_people_is_in_words(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", str(good)) == 0
    printed = capsys.readouterr().out
    assert "60 of 60 rows can be used" in printed and "label: column 'label'" in printed


def test_named_columns_are_used(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = tmp_path / "odd.csv"
    odd.write_text(good.read_text(encoding="utf-8").replace("text,label", "said,kind"), encoding="utf-8")
    assert run("check", str(odd), "--json", "--columns", "text=said", "--columns", "label=kind") == 0
    assert json.loads(capsys.readouterr().out)["columns"] == {"text": "said", "label": "kind"}


@pytest.mark.parametrize("content", ["", "text,label\n", "text,label\nonly one row,a\n"])
def test_useless_file_is_rejected_with_exit_code_2(
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


def test_folder_or_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is a folder, not a file"):
        require_file(tmp_path)
    with pytest.raises(NotFound, match="does not exist"):
        require_file(tmp_path / "nowhere.csv")


def test_question_is_asked_and_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tickets.csv"
    rows = [
        f"Parcel number {n} has not come,{('Billing', 'App')[n % 2]},{('Anna', 'Ben', 'Cleo')[n % 3]}"
        for n in range(48)
    ]
    path.write_text("\n".join(["Ticket,Team,Agent", *rows]), encoding="utf-8")
    assert run("check", str(path)) == 2
    printed = capsys.readouterr().out
    assert "--answer 1: Sort texts into categories (Text: Ticket, Label: Team)" in printed
    assert "- Text: Parcel number 0 has not come | Label: Billing" in printed
    assert run("check", str(path), "--answer", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["columns"]["label"] == "Agent"
