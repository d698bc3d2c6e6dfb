"""Texts that are stored in English and said again in the language of whoever reads them."""

import json

import pytest

from app import storage
from app.errors import StudioError
from app.languages import (
    in_language,
    restored,
    stated,
    stated_list,
    stated_number,
    storable,
    translated,
    translated_json,
)
from app.services.datasets import datasets, findings, imports, requests, versions
from app.services.datasets.versions import report_of
from app.storage import dataset_dir

ROWS = "text,label\n" + "".join(f"letter {n} about a {'card' if n % 2 else 'coin'},{'ab'[n % 2]}\n" for n in range(30))


def test_statement_is_english_until_somebody_reads_it_in_another_language():
    one = stated("Only {rows} usable rows; scores on so few say little.", rows=1234)
    number = stated_number(
        "{number} label has only one row: {labels}.", "{number} labels have only one row: {labels}.", 2, labels="“a”"
    )
    assert one == "Only 1,234 usable rows; scores on so few say little."
    assert number == "2 labels have only one row: “a”."
    stored = json.loads(json.dumps(storable({"problems": [{"message": one, "hint": number, "count": 3}]})))
    assert stored["problems"][0]["message"] == one
    with in_language("de"):
        assert translated_json(stored) == {
            "problems": [
                {
                    "message": "Nur 1.234 brauchbare Zeilen; Bewertungen auf so wenigen sagen wenig.",
                    "hint": "2 Labels haben nur eine Zeile: “a”.",
                    "count": 3,
                }
            ]
        }
    assert translated_json(stored) == {"problems": [{"message": one, "hint": number, "count": 3}]}
    assert translated(restored(stored)["problems"][0]["message"]) == one


def test_what_was_stored_without_its_message_stays_as_it_is():
    with in_language("de"):
        assert translated_json({"message": "The sentence has no words.", "rows": [1]}) == {
            "message": "The sentence has no words.",
            "rows": [1],
        }


def test_braces_in_the_values_of_a_person_stay_theirs():
    stored = storable(
        {"message": stated("The file has no column {name}; it has: {columns}.", name="{x}", columns="%s {0}")}
    )
    with in_language("fr"):
        assert translated_json(stored)["message"] == "Le fichier n’a pas de colonne {x} ; il a : %s {0}."


def test_report_of_a_file_is_read_in_the_language_of_the_reader(owner, tmp_path):
    path = tmp_path / "letters.csv"
    path.write_text(ROWS + ",a\n", "utf-8")
    version = datasets.latest_version(datasets.import_file(owner, (path, path.name)))
    shown = {}
    for language in ("en", "de"):
        with in_language(language):
            shown[language] = {problem["code"]: problem["message"] for problem in report_of(version)["problems"]}
    assert shown["en"]["empty_text"] == "The text in 'text' is missing or empty."
    assert shown["de"]["empty_text"] == "Der Text in 'text' fehlt oder ist leer."
    assert shown["de"]["few_rows"].startswith("Nur 30 brauchbare Zeilen")
    with in_language("de"):
        assert (
            translated(findings.find_finding(dataset_dir(version.id), "empty_text").message)
            == shown["de"]["empty_text"]
        )


def test_refusal_of_a_file_is_reported_in_the_language_of_who_comes_back_to_it(owner):
    path = storage.uploads_dir() / "same.csv"
    path.write_text("text,label\n" + "".join(f"letter {n},a\n" for n in range(20)), "utf-8")
    staged = imports.stage(owner, path, "same.csv")
    with pytest.raises(StudioError, match="Every row has the same label"):
        requests.begin_import(owner, staged, dict.fromkeys(("name", "task_type", "columns", "answer")))
    with in_language("de"):
        reported = requests.staged_file(owner, staged)["error"]
    assert reported["message"] == "Jede Zeile hat dasselbe Label, “a”; es gibt nichts zu unterscheiden."


def test_notes_of_a_stored_file_and_what_a_version_changed_are_read_in_the_language_of_the_reader(owner, tmp_path):
    path = tmp_path / "letters.csv"
    path.write_bytes(
        b"Text,Urteil\n" + "".join(f"Größe {n} über Straße,{'ab'[n % 2]}\n" for n in range(30)).encode("cp1252")
    )
    dataset = datasets.import_file(owner, (path, path.name))
    version = datasets.latest_version(dataset)
    changed = datasets.latest_version(versions.restore(owner, dataset.id, 1))
    with in_language("de"):
        notes = {problem["code"]: problem["message"] for problem in report_of(version)["problems"]}
        assert notes["encoding"].startswith(
            "Die Datei ist nicht UTF-8; sie wurde als cp1252 gelesen, wie Programme Deutsch schreiben."
        )
        assert versions.change_of(version)["summary"] == "Importiert aus letters.csv."
        assert versions.change_of(changed)["summary"] == "Zurück zu Version 1."
        assert {problem["code"]: problem["message"] for problem in report_of(changed)["problems"]} == notes
    assert versions.change_of(changed)["summary"] == "Back to version 1."


def test_list_of_statements_keeps_what_each_says():
    listed = stated_list(["{x}", stated("Columns: {columns}.", columns="a")], "; ")
    assert listed == "{x}; Columns: a."
    with in_language("de"):
        assert translated(restored(json.loads(json.dumps(storable({"said": listed}))))["said"]) == "{x}; Spalten: a."
