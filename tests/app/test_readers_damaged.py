"""Damaged files: the code and the rows of every refusal, nothing stored, little time and little memory."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.errors import StudioError
from app.readers import open_table
from app.services.datasets import datasets
from tests.app import written_files as write
from tests.app.damaged_files import MIB, Damaged, damaged_files

FILES = damaged_files()
LONGEST_SECONDS = 10.0
MOST_BYTES = 300 * MIB


def test_there_are_many_and_each_is_there_once():
    assert len({each.id for each in FILES}) == len(FILES) >= 140


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.id)
def test_a_damaged_file_is_refused_with_code_and_rows(tmp_path, file):
    path = tmp_path / "stored"
    path.write_bytes(file.content)
    with pytest.raises(StudioError) as caught:
        list(open_table(path, file.name).records)
    error = caught.value
    assert error.code == file.code, error.message
    assert error.status == {"type_mismatch": 415, "too_large": 413}.get(file.code, 422)
    assert file.words in error.message and error.hint
    if file.rows is not None:
        assert tuple(error.details["rows"]) == file.rows
    assert [each.name for each in tmp_path.iterdir()] == ["stored"]


def test_refused_uploads_store_nothing_and_cost_little(owner, studio_home, tmp_path):
    """Through the process that uploads and `studio check` use: the largest files, one for each code, every fifth."""
    firsts = {file.code: file for file in reversed(FILES)}
    chosen = [
        file for n, file in enumerate(FILES) if n % 5 == 0 or len(file.content) > MIB or firsts[file.code] is file
    ]
    paths = [tmp_path / f"{number}" for number in range(len(chosen))]
    for path, file in zip(paths, chosen, strict=True):
        path.write_bytes(file.content)
    datasets.list_datasets(owner)
    before = sorted(str(path) for path in studio_home.rglob("*") if ".db" not in path.name)
    with PeakOfChildren() as peak, ThreadPoolExecutor(max_workers=max(2, (os.cpu_count() or 2) - 1)) as pool:
        told = list(pool.map(lambda pair: _import(owner, *pair), zip(paths, chosen, strict=True)))
    assert [code for code, _ in told] == [file.code for file in chosen]
    assert max(seconds for _, seconds in told) < LONGEST_SECONDS
    assert peak.bytes < MOST_BYTES
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


PARTLY: list[Any] = [
    ("a.csv", b'text,label\na,b\nc\nd,e,f\n"g"h,i\nj,k\nl,m\nn,o\n', {"csv_shape": [3, 4, 5]}, [2, 6, 7, 8]),
    ("a.csv", b"text,label\r\na,b\rc\nd,e\r\n\r\nf\n", {"csv_shape": [3, 6]}, [2, 4]),
    ("a.csv", 'text,label\n"a\nb",c\nd\n\u2028,e\n\ufefff,g\n'.encode(), {"csv_shape": [4]}, [2, 5, 6]),
    ("a.jsonl", b'{"t": 1}\n{"t":\n[1]\n{"t": NaN}\n{"t": 2}\n', {"json": [2, 4], "row_not_object": [3]}, [1, 5]),
    ("a.jsonl", b'{"t": "a"}\n{"t": "\\ud800"}\n{"t": "\\u0000"}\n', {"bad_character": [2, 3]}, [1]),
    ("a.jsonl", b'{"t": "a"}\n{"t": ' + b"[" * 9999 + b"\n" + b'{"t": 1e999}\n', {"json": [2, 3]}, [1]),
    ("a.jsonl", b'\xef\xbb\xbf{"t": "a"}\n\n\xef\xbb\xbf{"t": "b"}\n', {"json": [3]}, [1]),
    ("a.json", b'[{"t": "a"}, 7, {"t": "b"}, null]', {"row_not_object": [2, 4]}, [1, 3]),
    ("a.conll", b"a O\nb O\n\nc\nd O\n\ne B-X\n", {"conll": [4]}, [1, 7]),
    ("a.parquet", write.as_parquet([("a", "b"), ("c\0", "d")]), {"bad_character": [2]}, [1]),
    ("a.xlsx", write.workbook({"S": [["t", "l"], ["a", "b"], ["c", "d", "e"], ["f"]]}), {"xlsx_shape": [3]}, [2, 4]),
    (
        "a.xlsx",
        write.workbook({"S": [["t"], ["a"], [b'<c r="PLACE" t="str"><v>_xD800_</v></c>'], ["b"]]}),
        {"bad_character": [3]},
        [2, 4],
    ),
    (
        "a.zip",
        write.as_zip({"p/1.txt": b"a", "p/2.txt": b"a\0b", "n/3.txt": b"\xff\xfe\0", "n/4.txt": b"c"}),
        {"bad_character": [2], "encoding": [3]},
        [1, 4],
    ),
]


@pytest.mark.parametrize(("name", "content", "lost", "kept"), PARTLY)
def test_bad_rows_are_named_and_the_others_read(tmp_path, name, content, lost, kept):
    path = tmp_path / "stored"
    path.write_bytes(content)
    table = open_table(path, name)
    assert [line for line, _ in table.records] == kept
    found = {flaw.code: flaw.rows for flaw in table.flaws.all() if flaw.severity == "error" and flaw.lost}
    assert found == lost


def test_a_sheet_that_claims_to_be_huge_is_read_by_what_it_holds(tmp_path):
    far = b'<c r="PLACE"/>'
    rows = [["text", "label"], ["a", "b", *[far] * 300], *[[None]] * 5000, ["c", "d"]]
    path = tmp_path / "stored"
    path.write_bytes(write.workbook({"S": rows}))
    assert [row for _, row in open_table(path, "a.xlsx").records] == [["a", "b"], ["c", "d"]]
