"""The process that parses files: what it may know, and every way in which a file can end it."""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.errors import StudioError, TooLarge
from app.readers import Choices, Limits, isolation
from app.readers.isolation import MIB, Effort, _environment, read_into
from app.services.datasets import datasets
from app.settings import get_settings
from tests.app import written_files as write
from tests.app.readers.damaged_files import Damaged, damaged_files
from tests.forked_parser import START
from tests.studio.processes import wait_until

# Two of them at a time on a machine that has other things to do.
MAX_SECONDS, MAX_BYTES = 30.0, 300 * MIB
ROWS = [("eins", "a"), ("zwei", "b")]


@pytest.fixture(autouse=True)
def process_per_file(monkeypatch):
    monkeypatch.setattr(isolation, "_run", START)


def read(folder: Path, content: bytes, name: str = "a.csv", **options):
    path = folder / "stored"
    path.write_bytes(content)
    return read_into(folder / "rows.parquet", [(path, name)], **options)


def refused(folder: Path, content: bytes, name: str = "a.csv", **options) -> StudioError:
    with pytest.raises(StudioError) as caught:
        read(folder, content, name, **options)
    assert [path.name for path in folder.iterdir()] == ["stored"]
    assert caught.value.message and caught.value.hint
    return caught.value


def children() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children():
        try:
            if "app.readers.child" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_two_files_become_one_table(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_bytes(write.as_csv(ROWS))
    second.write_bytes(write.as_xlsx(ROWS, names=("text", "note")))
    files = [(first, "a.csv"), (second, "b.xlsx")]
    parts = read_into(tmp_path / "rows.parquet", files, [Choices(), Choices(sheet="1")])
    assert [(part["format"], part["first_id"], part["rows"]) for part in parts] == [("csv", 0, 2), ("xlsx", 2, 2)]
    assert parts[1]["found"] == {"sheet": "Sheet1", "sheets": ["Sheet1"], "header_row": 1}
    from pyarrow import parquet

    stored = parquet.read_table(tmp_path / "rows.parquet").to_pylist()
    assert stored[0] == {"_id": 0, "_line": 2, "text": "eins", "label": "a", "note": None}
    assert stored[3] == {"_id": 3, "_line": 3, "text": "zwei", "label": None, "note": "b"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "rows.parquet"]


def test_refusals_come_back_with_code_rows_and_status(tmp_path):
    error = refused(tmp_path, b'text,label\na,b\n"c,d\n')
    assert (error.code, error.status, error.details) == ("csv_shape", 422, {"rows": [3]})
    error = refused(tmp_path, write.as_csv(ROWS), limits=Limits(rows=1))
    assert isinstance(error, TooLarge) and error.code == "too_large" and error.status == 413
    assert refused(tmp_path, b"%PDF-1.7\n").status == 415


def test_file_that_eats_memory_is_refused(tmp_path):
    big = "x" * 900_000
    content = write.columns_as_parquet({"text": [f"{n}{big}" for n in range(60)]}, use_dictionary=False)
    effort = Effort(memory_bytes=24 * MIB)
    assert refused(tmp_path, content, "a.parquet", effort=effort).code == "read_memory"


def test_file_that_takes_too_long_is_refused(tmp_path):
    content = write.as_csv([("word " * 20, str(n)) for n in range(400_000)])
    assert refused(tmp_path, content, effort=Effort(cpu_seconds=1)).code == "read_timeout"


@pytest.mark.parametrize(("end", "code"), [(signal.SIGSEGV, "read_crash"), (signal.SIGKILL, "read_memory")])
def test_file_that_crashes_its_parser_is_refused(tmp_path, end, code):
    content = write.as_csv([("word " * 20, str(n)) for n in range(300_000)])
    errors: list[StudioError] = []
    thread = threading.Thread(target=lambda: errors.append(refused(tmp_path, content)))
    thread.start()
    wait_until(lambda: any((folder / "rows").exists() for folder in tmp_path.glob(".reading-*")), "rows are written")
    (child,) = children()
    child.send_signal(end)
    thread.join(30)
    assert [error.code for error in errors] == [code]


def test_spoilt_parquet_ends_only_its_parser(tmp_path):
    """Arrow reads some, refuses most, and ends its process over a few: the first, with the release that is pinned."""
    four = [("eins", "a"), ("zwei, drei; vier | fünf", "b"), ('sechs "sieben"\tacht', "a"), ("neun\nzehn 😀", "b")]
    good = write.as_parquet(four * 3)
    choose = random.Random(5)
    changes = [
        {256: 0},
        *({choose.randrange(4, len(good) - 4): choose.randrange(256) for _ in "12345"} for _ in "123456"),
    ]
    for change in changes:
        spoilt = bytearray(good)
        for at, value in change.items():
            spoilt[at] = value
        try:
            read(tmp_path, bytes(spoilt), "a.parquet")
        except StudioError as error:
            assert error.code in ("parquet_corrupt", "read_crash", "read_memory", "columns", "no_rows", "bad_character")


def test_parser_knows_no_address_and_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDIO_DATABASE_URL", "postgresql://owner:secret@host/db")
    monkeypatch.setenv("HF_TOKEN", "secret")
    environment = _environment(tmp_path)
    assert "secret" not in " ".join(environment.values())
    assert not any(name.startswith("STUDIO_") for name in environment)


def test_other_threads_run_while_a_file_is_parsed(tmp_path):
    content = write.as_csv([("word " * 20, str(n)) for n in range(200_000)])
    thread = threading.Thread(target=lambda: read(tmp_path, content))
    thread.start()
    longest, began = 0.0, time.perf_counter()
    last = began
    while thread.is_alive():
        thread.join(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    # Parsing in this process would be one pause; other processes, too, take a processor away for a while.
    assert (tmp_path / "rows.parquet").exists() and longest < (last - began) / 2


@pytest.mark.parametrize(("name", "content"), [("a.json", b"[" * 100_000), ("a.xlsx", b"PK\3\4" + b"\0" * 99)])
def test_check_goes_through_the_parser_and_stores_nothing(studio_home, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    before = sorted(studio_home.rglob("*"))
    report = datasets.check_file(path, name)
    assert report["status"] == "rejected" and report["problems"][0]["code"] in ("json", "xlsx_corrupt")
    assert sorted(studio_home.rglob("*")) == before


def test_limits_of_the_settings_hold(owner, tmp_path, monkeypatch):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(write.as_gzip(write.as_csv([(f"text {n}", "a") for n in range(1000)])))
    monkeypatch.setenv("STUDIO_MAX_UPLOAD_BYTES", "9000")
    get_settings.cache_clear()
    with pytest.raises(StudioError) as caught:
        datasets.import_file(owner, (path, path.name))
    assert caught.value.code == "archive_limit" and datasets.list_datasets(owner) == []


def test_damaged_files_are_many_and_different():
    files = damaged_files()
    assert len({file.id for file in files}) == len(files) >= 140


def test_refused_uploads_store_nothing_and_cost_little(owner, studio_home, tmp_path):
    """Through the process that uploads and `studio check` use: the largest files and one for each code."""
    files = damaged_files()
    firsts = {file.code: file for file in reversed(files)}
    chosen = [file for file in files if len(file.content) > MIB or firsts[file.code] is file]
    paths = [tmp_path / f"{number}" for number in range(len(chosen))]
    for path, file in zip(paths, chosen, strict=True):
        path.write_bytes(file.content)
    datasets.list_datasets(owner)
    before = sorted(str(path) for path in studio_home.rglob("*") if ".db" not in path.name)
    with PeakOfChildren() as peak, ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2) - 1)) as pool:
        results = list(pool.map(lambda pair: _import(owner, *pair), zip(paths, chosen, strict=True)))
    assert [code for code, _ in results] == [file.code for file in chosen]
    assert max(seconds for _, seconds in results) < MAX_SECONDS
    assert peak.bytes < MAX_BYTES
    after = sorted(str(path) for path in studio_home.rglob("*") if ".db" not in path.name)
    assert [path for path in after if path not in before and not path.endswith("/datasets")] == []
    assert datasets.list_datasets(owner) == []


def _import(owner: str, path: Path, file: Damaged) -> tuple[str, float]:
    start = time.perf_counter()
    try:
        datasets.import_file(owner, (path, file.name))
    except StudioError as error:
        return error.code, time.perf_counter() - start
    return "accepted", 0.0


class PeakOfChildren:
    """The most memory that any one parsing process held at a time."""

    bytes = 0

    def __enter__(self) -> "PeakOfChildren":
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()
        assert self.bytes > 0

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            for child in psutil.Process().children():
                try:
                    # Between its birth and its own program, a child shows the memory of its parent.
                    if "app.readers.child" not in child.cmdline():
                        continue
                    self.bytes = max(self.bytes, child.memory_info().rss)
                except psutil.Error:
                    continue
