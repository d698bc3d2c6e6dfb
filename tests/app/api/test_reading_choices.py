"""A sheet, a header row or an encoding can be said over HTTP and on the command line."""

import json

import pytest

from studio.cli import main
from tests.app import written_files as write

ROWS = [[f"{word} thing number {n}", label] for n in range(20) for word, label in (("good", "yes"), ("bad", "no"))]
BOOK = write.workbook({"Notes": [["a", "b"], ["c", "d"]], "Data": [["Survey", 2024], [], ["text", "label"], *ROWS]})


def test_an_upload_can_name_its_sheet(ann):
    said = json.dumps({"sheet": "Data", "header_row": 3}).encode()
    answer = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, said)])
    assert answer.status == 201, answer.body
    assert answer.json["rows"] == 40 and answer.json["format"] == "xlsx"
    problem = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, b'{"sheet": "Nowhere"}')])
    assert problem.status == 422 and problem.json["error"]["code"] == "xlsx_sheet"


@pytest.mark.parametrize("said", [b"[]", b"{", b'{"sheet": 3}', b'{"header_row": true}', b'{"colour": "red"}'])
def test_odd_choices_are_refused(ann, said):
    answer = ann.upload([("file", "a.xlsx", BOOK), ("reading", None, said)])
    assert answer.status == 422 and "reading" in answer.json["error"]["details"]["fields"]


def test_check_can_name_sheet_and_encoding(studio_home, tmp_path, capsys):
    book, text = tmp_path / "a.xlsx", tmp_path / "a.csv"
    book.write_bytes(BOOK)
    text.write_bytes(write.as_csv(ROWS + [["привет", "yes"]]).decode().encode("koi8-r"))
    for path, options, found in (
        (book, ["--sheet", "2", "--header-row", "3"], ("xlsx", "utf-8")),
        (text, ["--encoding", "KOI8-R"], ("csv", "koi8-r")),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["check", str(path), "--json", *options])
        report = json.loads(capsys.readouterr().out)
        assert ended.value.code in (0, None)
        assert (report["format"], report["encoding"]) == found and report["rows"]["usable"] >= 40
