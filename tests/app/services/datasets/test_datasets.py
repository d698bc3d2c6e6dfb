"""From a file to an immutable version: what is stored, what is refused, and that nothing stays behind by halves."""

import csv
import io
import json
from collections import Counter

import pyarrow
import pytest
from pyarrow import parquet
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from app import storage
from app.catalog.task_types.text_patterns import text_key
from app.db import transaction
from app.errors import NotFound, Rejected, TooLarge
from app.models import Dataset, DatasetVersion
from app.samples import SAMPLES, generate, sample_path
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.datasets.imports import ImportOptions
from app.settings import get_settings

ROWS = [(f"sentence number {n} about {'fruit' if n % 2 else 'music'}", "ab"[n % 2]) for n in range(100)]
REPORT_KEYS = {"status", "format", "encoding", "rows", "task", "columns", "labels", "problems"}


def write(path, rows, columns=("text", "label")):
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([columns, *rows])
    return path


@pytest.fixture
def file(tmp_path):
    return write(tmp_path / "letters.csv", ROWS)


def stored(version):
    folder = storage.dataset_dir(version.id)
    return parquet.read_table(folder / "rows.parquet"), storage.read_json(folder / "splits.json"), folder


def nothing_stored():
    folder = storage.data_dir() / "datasets"
    with transaction() as session:
        counts = [session.scalar(select(func.count(each.id))) for each in (Dataset, DatasetVersion)]
    return counts == [0, 0] and (not folder.exists() or list(folder.iterdir()) == [])


def test_an_import_stores_rows_splits_and_report(owner, file):
    made = datasets.import_file(owner, (file, "My letters.csv"))
    version = datasets.latest_version(made)
    table, dealt, folder = stored(version)
    assert made.name == "My letters" and version.number == 1 and version.file_name == "My letters.csv"
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("_id", "int64"),
        ("_line", "int64"),
        ("text", "string"),
        ("label", "string"),
    ]
    assert table["_id"].to_pylist() == list(range(100)) and table["_line"].to_pylist() == list(range(2, 102))
    assert table["text"].to_pylist() == [text for text, _ in ROWS]
    assert {name: len(dealt[name]) for name in ("train", "validation", "test")} == version.split_sizes
    assert version.split_sizes == {"train": 80, "validation": 10, "test": 10}
    assert (dealt["seed"], dealt["how"]) == (0, "stratified 80/10/10")
    assert storage.read_json(folder / "report.json") == version.report and set(version.report) == REPORT_KEYS
    assert (version.rows, version.usable_rows, version.status, version.format) == (100, 100, "ok", "csv")
    assert version.columns == {"text": "text", "label": "label"} and version.labels == {"a": 50, "b": 50}
    assert version.bytes == file.stat().st_size and len(version.content_sha256) == 64
    json.dumps(datasets.as_dict(made))


def test_check_says_the_same_as_an_import_and_stores_nothing(owner, file):
    report = datasets.check_file(file, "letters.csv")
    assert nothing_stored() and report["status"] == "ok"
    assert datasets.latest_version(datasets.import_file(owner, (file, "letters.csv"))).report == report


def test_unusable_rows_are_reported_and_in_no_split(owner, tmp_path):
    rows = [*ROWS, ("", "a"), ("text", ""), ROWS[0]]
    path = write(tmp_path / "x.csv", rows)
    path.write_text(path.read_text() + "one,two,three\n")
    version = datasets.latest_version(datasets.import_file(owner, (path, "x.csv")))
    assert version.report["rows"] == {"total": 104, "usable": 101} and version.status == "warnings"
    told = {each["code"]: each["rows"] for each in version.report["problems"]}
    assert told == {"csv_shape": [105], "empty_text": [102], "empty_label": [103], "duplicate_rows": [104]}
    _, dealt, _ = stored(version)
    ids = sorted(n for name in ("train", "validation", "test") for n in dealt[name])
    assert ids == [*range(100), 102]
    assert any({0, 102} <= set(dealt[name]) for name in ("train", "validation", "test"))
    assert sum(version.labels.values()) == 101


def test_the_same_file_and_seed_give_the_same_version(owner, file):
    first, second = (datasets.latest_version(datasets.import_file(owner, (file, "a.csv"))) for _ in range(2))
    other = datasets.latest_version(datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(seed=1)))
    assert first.id != second.id and first.content_sha256 == second.content_sha256 != other.content_sha256
    assert stored(first)[1] == stored(second)[1] != stored(other)[1]
    inodes = {(storage.dataset_dir(each.id) / "rows.parquet").stat().st_ino for each in (first, second)}
    assert len(inodes) == 1


def test_b28_two_files_of_one_name_are_two_datasets(owner, file):
    ids = {datasets.import_file(owner, (file, "letters.csv")).id for _ in range(2)}
    assert len(ids) == 2 and [each.id in ids for each in datasets.list_datasets(owner)] == [True, True]


def test_an_own_evaluation_file_becomes_the_test_split(owner, file, tmp_path):
    extra = [("fresh one", "a", "x"), ("fresh two", "never", "x"), (ROWS[3][0], "b", "x"), ("", "a", "x")]
    evaluation = write(tmp_path / "test.csv", extra, ("text", "label", "note"))
    made = datasets.import_file(
        owner, (file, "letters.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv"))
    )
    version = datasets.latest_version(made)
    table, dealt, _ = stored(version)
    assert dealt["test"] == [100, 102] and dealt["how"] == "own evaluation file"
    assert sorted(dealt["train"] + dealt["validation"]) == list(range(100)) and len(dealt["validation"]) == 10
    assert table["_line"].to_pylist()[99:] == [101, 2, 3, 4, 5]
    told = {each["code"]: each["rows"] for each in version.report["problems"]}
    assert told == {"unknown_label": [3], "leakage": [4], "empty_text": [5]}
    assert version.report["rows"] == {"total": 104, "usable": 102}
    assert list(version.labels) == ["a", "b"] and sum(version.labels.values()) == 102


def test_a_useless_evaluation_file_is_refused(owner, file, tmp_path):
    evaluation = write(tmp_path / "test.csv", [("text", "never")])
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv")))
    assert caught.value.code == "too_few_rows" and nothing_stored()
    evaluation = write(tmp_path / "test.csv", ROWS, ("words", "label"))
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), options=ImportOptions(evaluation=(evaluation, "test.csv")))
    assert caught.value.code == "missing_column" and "evaluation" in caught.value.message and nothing_stored()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "empty_file"),
        ("text,label\n", "no_rows"),
        ("text,label\n" + "a,b\n" * 3, "too_few_rows"),
        ("text,label\n" + "".join(f"t{n},same\n" for n in range(20)), "one_class"),
        ("text,label\n" + "".join(f"t{n},{n / 7}\n" for n in range(60)), "too_many_labels"),
        ("text,label\n" + ",a\n" * 20, "empty_text"),
        ("a,b\n" + "".join(f"text {n} here,other {n} there\n" for n in range(60)), "missing_column"),
        ("text,label\n" + "x,a\ny,b\n" * 20, "too_few_rows"),
    ],
)
def test_refused_files_leave_nothing_and_the_report_says_why(owner, tmp_path, content, code):
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (path, "x.csv"))
    assert caught.value.code == code and nothing_stored()
    report = datasets.check_file(path, "x.csv")
    assert report["status"] == "rejected" and set(report) == REPORT_KEYS
    assert code in [each["code"] for each in report["problems"]]
    if code not in ("empty_file", "no_rows", "missing_column"):
        assert caught.value.details["report"] == report


def test_a_failure_at_the_last_moment_leaves_nothing(owner, file):
    refuse = "CREATE TRIGGER full BEFORE INSERT ON dataset_versions BEGIN SELECT RAISE(ABORT, 'no more versions'); END"
    with transaction() as session:
        session.execute(text(refuse))
    with pytest.raises(IntegrityError, match="no more versions"):
        datasets.import_file(owner, (file, "x.csv"))
    assert nothing_stored()


def test_b10_a_wrong_column_is_refused_with_the_nearest_name(owner, file):
    with pytest.raises(Rejected) as caught:
        datasets.import_file(owner, (file, "a.csv"), columns={"text": "texts"})
    assert caught.value.code == "missing_column" and "'text'" in caught.value.hint
    for columns, code in ({"words": "text"}, "unknown_role"), ({"text": "text", "label": "text"}, "same_column"):
        with pytest.raises(Rejected) as caught:
            datasets.import_file(owner, (file, "a.csv"), columns=columns)
        assert caught.value.code == code
    report = datasets.check_file(file, "a.csv", columns={"text": "texts"})
    assert report["status"] == "rejected" and report["rows"] == {"total": 100, "usable": 0}
    assert nothing_stored()


def test_an_unknown_task_type_is_refused(owner, file):
    for call in (datasets.check_file, lambda path, name, **kw: datasets.import_file(owner, (path, name), **kw)):
        with pytest.raises(Rejected) as caught:
            call(file, "a.csv", task_type="no-such")
        assert caught.value.code == "unknown_task_type"


def test_columns_can_be_named(owner, tmp_path):
    path = write(
        tmp_path / "x.csv", [(*row, "cd"[n % 3 == 0], "Rest") for n, row in enumerate(ROWS)], ("a", "b", "c", "d")
    )
    version = datasets.latest_version(datasets.import_file(owner, (path, "x.csv"), columns={"label": "c"}))
    assert version.columns == {"text": "a", "label": "c"} and set(version.labels) == {"c", "d"}


def test_texts_that_no_role_reads_are_named(owner, tmp_path):
    """A column of ids, of a few categories or of numbers is no text; one of sentences is, and is told."""
    lines = [
        f"the card {n} was lost,{'card' if n % 2 else 'loan'},id-{n},3.5,we sent letter {n} to them" for n in range(40)
    ]
    path = tmp_path / "a.csv"
    path.write_text("text,label,number,score,reply\n" + "\n".join(lines))
    named = [each for each in datasets.check_file(path, path.name)["problems"] if each["code"] == "unread_text"]
    assert len(named) == 1 and "'reply' are not read" in named[0]["message"] and named[0]["severity"] == "warning"
    asked = {"columns": {"text": "reply", "label": "label"}}
    (other,) = [
        each for each in datasets.check_file(path, path.name, **asked)["problems"] if each["code"] == "unread_text"
    ]
    assert "'text' are not read" in other["message"]


def test_change_columns_makes_a_version_and_leaves_the_old_one(owner, tmp_path):
    path = write(
        tmp_path / "x.csv", [(*row, "cd"[n % 3 == 0]) for n, row in enumerate(ROWS)], ("text", "label", "other")
    )
    made = datasets.import_file(owner, (path, "x.csv"), options=ImportOptions(seed=5))
    before = datasets.latest_version(made)
    changed = datasets.change_columns(owner, made.id, "text-classification", {"text": "text", "label": "other"})
    after = datasets.latest_version(changed)
    assert [each.number for each in changed.versions] == [1, 2] and changed.versions[0].labels == before.labels
    assert set(after.labels) == {"c", "d"} and after.content_sha256 != before.content_sha256
    assert stored(after)[0].equals(stored(before)[0]) and stored(after)[1]["seed"] == 5
    with pytest.raises(Rejected):
        datasets.change_columns(owner, made.id, "text-classification", {"text": "nowhere"})
    assert len(datasets.get_dataset(owner, made.id).versions) == 2
    assert len(list((storage.data_dir() / "datasets").iterdir())) == 2


def test_nested_values_count_only_in_chosen_columns(owner, tmp_path):
    rows = [{"text": text, "label": label, "meta": {"n": 1}, "other": [text]} for text, label in ROWS]
    rows[7]["text"] = ["not", "text"]
    rows[8]["label"] = 1
    path = tmp_path / "x.json"
    path.write_text(json.dumps(rows))
    report = datasets.check_file(path, "x.json", columns={"text": "text", "label": "label"})
    told = {each["code"]: each["rows"] for each in report["problems"]}
    assert told["nested_value"] == [8] and told["label_type"] == [9] and set(report["columns"]) == {"text", "label"}
    assert report["rows"] == {"total": 100, "usable": 99}
    report = datasets.check_file(path, "x.json", columns={"text": "other", "label": "label"})
    assert report["status"] == "rejected" and "nested_value" in [each["code"] for each in report["problems"]]


def test_preview_shows_the_first_rows_as_read(owner, tmp_path):
    path = write(tmp_path / "x.csv", [("=1+1", "a"), *ROWS])
    made = datasets.import_file(owner, (path, "x.csv"))
    shown = datasets.preview(owner, made.id, limit=2)
    assert shown["columns"] == ["text", "label"]
    assert shown["rows"] == [
        {"_line": 2, "text": "=1+1", "label": "a"},
        {"_line": 3, "text": ROWS[0][0], "label": ROWS[0][1]},
    ]
    assert len(datasets.preview(owner, made.id, limit=200)["rows"]) == 101


def test_other_people_see_nothing(owner, file):
    made = datasets.import_file(owner, (file, "a.csv"))
    other = accounts.add_user("bob").id
    assert datasets.list_datasets(other) == []
    for call in (
        lambda: datasets.get_dataset(other, made.id),
        lambda: datasets.preview(other, made.id),
        lambda: datasets.archive(other, made.id),
        lambda: datasets.change_columns(other, made.id, "text-classification", {}),
    ):
        with pytest.raises(NotFound):
            call()
    assert not datasets.get_dataset(owner, made.id).archived


def test_archived_datasets_leave_the_list_but_can_be_read(owner, file):
    kept, hidden = (datasets.import_file(owner, (file, "a.csv"), name=name) for name in ("Kept", " Hid\nden "))
    datasets.archive(owner, hidden.id)
    assert [each.name for each in datasets.list_datasets(owner)] == ["Kept"]
    assert datasets.get_dataset(owner, hidden.id).name == "Hid den" and kept.id != hidden.id


@pytest.mark.parametrize(("setting", "value"), [("STUDIO_MAX_ROWS", "99"), ("STUDIO_MAX_UPLOAD_BYTES", "1000")])
def test_limits_stop_an_import(owner, file, monkeypatch, setting, value):
    monkeypatch.setenv(setting, value)
    get_settings.cache_clear()
    with pytest.raises(TooLarge):
        datasets.import_file(owner, (file, "a.csv"))
    assert nothing_stored()


def test_a_small_parquet_cannot_unfold_without_end(owner, tmp_path, monkeypatch):
    path = tmp_path / "x.parquet"
    parquet.write_table(pyarrow.table({"text": ["y" * 1_000_000] * 200, "label": ["a"] * 200}), path)
    assert path.stat().st_size < 1_000_000
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_BYTES", "10000000")
    get_settings.cache_clear()
    assert datasets.check_file(path, "x.parquet")["problems"][0]["code"] == "too_large"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.name)
def test_samples_are_clean_and_as_described(owner, sample):
    made = datasets.import_sample(owner, sample.name)
    version = datasets.latest_version(made)
    assert (version.status, version.rows, len(version.labels)) == ("ok", sample.rows, sample.labels)
    assert made.name == sample.title and version.task_type == sample.task_type
    if sample.file in generate.CONLL_FILES:
        assert sample_path(sample).read_text() == generate.make_conll(sample.rows, generate.SEED)
        return
    phrases, per_label = generate.FILES[sample.file]
    assert sample_path(sample).read_text() == generate.make_csv(phrases, per_label, generate.SEED)
    rows = list(csv.DictReader(io.StringIO(sample_path(sample).read_text())))
    assert len({text_key(row["text"]) for row in rows}) == len(rows)
    assert set(Counter(row["label"] for row in rows).values()) == {per_label}


def test_an_unknown_sample_is_not_found(owner):
    with pytest.raises(NotFound):
        datasets.import_sample(owner, "no-such")
