"""What readers say of a file is said in the language of whoever reads it, down to its last word."""

import ast
import json
import re
import string
from pathlib import Path

import pytest

from app import readers
from app.errors import StudioError
from app.languages import in_language, restored, storable, translated, translated_json
from app.languages.messages import translations
from app.languages.statements import Statement
from app.readers import isolation
from tests.app import written_files as write
from tests.app.readers.damaged_files import Damaged, damaged_files
from tests.app.readers.reading import read, refused
from tests.forked_parser import START

LANGUAGES = ("de", "es", "fr", "zh")
# Where the texts of a call that tells something begin.
TELLING = {"Rejected": 1, "TooLarge": 1, "Flaw": 2, "broken": 2}
ENGLISH = re.compile(r"\b(the|and|is|are|there|which|holds|cannot|rows?|save|with)\b", re.IGNORECASE)
SAID = {
    "empty": ("a.csv", b"", "The file is empty.", "Die Datei ist leer."),
    "names alone": (
        "a.csv",
        b"text,label\n",
        "The file has no rows below the column names text, label.",
        "Die Datei hat keine Zeilen unter den Spaltennamen text, label.",
    ),
    "picture": (
        "a.csv",
        b"\x89PNG\r\n\x1a\n",
        "The file ends in .csv, but it is a PNG picture.",
        "Die Datei endet auf .csv, ist aber ein PNG-Bild.",
    ),
    "open quote": (
        "a.csv",
        b'text,label\nx,a\n"y,b\n',
        "A quote that opens in row 3 is never closed.",
        "Ein Anführungszeichen, das in Zeile 3 öffnet, wird nie geschlossen.",
    ),
    "comma in JSON": (
        "a.json",
        b'[{"text": "a"},\n]',
        "Line 2, character 1: there is a comma after the last item.",
        "Zeile 2, Zeichen 1: nach dem letzten Eintrag steht ein Komma.",
    ),
    "file in an archive": (
        "a.zip",
        write.as_zip({"x/train.csv": b"text,label\n"}),
        "In x/train.csv: The file has no rows below the column names text, label.",
        "In x/train.csv: Die Datei hat keine Zeilen unter den Spaltennamen text, label.",
    ),
    "repeated name": (
        "a.csv",
        b"text,text\na,b\n",
        "Columns 1 and 2 are both called 'text'.",
        "Die Spalten 1 und 2 heißen beide 'text'.",
    ),
    "bad bytes": (
        "a.csv",
        "text,label\nä,a\n".encode() + b"caf\xe9,b\n",
        "The text is neither UTF-8 nor in any one other encoding: byte 19 in row 3 does not fit.",
        "Der Text ist weder UTF-8 noch in einer einzigen anderen Kodierung: Byte 19 in Zeile 3 passt nicht.",
    ),
}


def lacking(text: str, language: str) -> list[str]:
    """The messages of a text, and of the statements in it, that a language does not have; a text without a message itself."""
    if not isinstance(text, Statement):
        return [text]
    words = "".join(literal for literal, *_ in string.Formatter().parse(text.message))
    inner = [value for value in text.values.values() if isinstance(value, Statement)]
    found = [missing for value in inner for missing in lacking(value, language)]
    known = text.message in translations(language).texts or not any(map(str.isalpha, words))
    return found if known else [text.message, *found]


def plain_texts(source: str) -> list[int]:
    """The lines in which a plain text stands instead of a statement."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        argument.lineno
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in TELLING
        for argument in call.args[TELLING[call.func.id] :]
        if isinstance(argument, ast.JoinedStr | ast.Constant)
        and not (isinstance(argument, ast.Constant) and not argument.value)
    ]


@pytest.mark.parametrize("file", damaged_files(), ids=lambda file: file.id)
def test_refusal_is_there_in_every_language(tmp_path: Path, file: Damaged) -> None:
    error = refused(tmp_path, file.name, file.content)
    crossed = restored(json.loads(json.dumps(storable(error.as_dict()))))["error"]
    assert (crossed["message"], crossed["hint"]) == (error.message, error.hint)
    for language in LANGUAGES:
        assert [*lacking(crossed["message"], language), *lacking(crossed["hint"], language)] == []
    with in_language("de"):
        shown = translated(crossed["message"]), translated(crossed["hint"])
    assert shown[0] != error.message and shown[1] != error.hint
    assert not [text for text in shown if ENGLISH.search(text)]


@pytest.mark.parametrize("what", SAID)
def test_refusal_reads_the_same_in_english_and_well_in_german(tmp_path: Path, what: str) -> None:
    name, content, english, german = SAID[what]
    error = refused(tmp_path, name, content)
    assert error.message == english
    with in_language("de"):
        assert translated(error.message) == german


def test_refusal_crosses_the_process_that_reads_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "_run", START)
    path = tmp_path / "stored"
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(StudioError) as caught:
        isolation.read_into(tmp_path / "rows", [(path, "a.zip")])
    assert caught.value.message == "The archive ends before its table of contents."
    with in_language("fr"):
        shown = translated_json(caught.value.as_dict())["error"]
    assert shown["message"] == "L’archive se termine avant sa table des matières."
    assert shown["hint"] == "Refaites l’archive, sans mot de passe, et envoyez-la."


def test_note_made_of_several_sentences_is_read_in_german(tmp_path: Path) -> None:
    content = write.as_zip({"train.csv": b"text,label\na,b\nc,d,e\n", "more.csv": b"text,kind\na,b\n"})
    table, _ = read(tmp_path, "a.zip", content)
    flaws = {flaw.code: flaw for flaw in table.flaws.all()}
    assert flaws["several_files"].message == (
        "2 files were read as one table; rows are numbered through: train.csv from row 1, more.csv from row 4. "
        "They do not all have the same columns; missing values are read as empty."
    )
    with in_language("de"):
        assert translated(flaws["several_files"].message) == (
            "2 Dateien wurden als eine Tabelle gelesen; die Zeilen sind durchgezählt: train.csv ab Zeile 1, more.csv ab Zeile 4. "
            "Nicht alle haben dieselben Spalten; fehlende Werte werden als leer gelesen."
        )
        assert translated(flaws["csv_shape"].message).startswith("In train.csv: Diese Zeilen haben nicht die 2 Spalten")


@pytest.mark.parametrize("path", sorted(Path(readers.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_readers_tell_nothing_but_statements(path: Path) -> None:
    assert plain_texts(path.read_text(encoding="utf-8")) == []


def test_plain_text_in_a_refusal_is_found() -> None:
    assert plain_texts('x = 1\nRejected("code", f"The file {x}.", stated("Fine."))') == [2]
    assert plain_texts('Flaw("code", "warning", stated("Fine."), "")') == []
