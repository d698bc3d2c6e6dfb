"""ZIP files whose folders are labels."""

from hypothesis import given
from hypothesis import strategies as st

from tests.app import written_files as write
from tests.app.readers.reading import QUICK, cell_texts, cells, check_lost_rows, read, refused


@QUICK
@given(rows=st.lists(st.tuples(cell_texts("\r\ufeff"), st.sampled_from(["a", "b"])), min_size=2, max_size=6))
def test_arbitrary_texts_are_read_as_written(tmp_path, rows):
    rows = [*rows, ("x", "a"), ("y", "b")]
    table, records = read(tmp_path, "a.zip", write.as_class_folders(rows))
    assert [(text, label) for text, label, _ in cells(records)] == rows and table.columns[:2] == ["text", "label"]


def test_unreadable_texts_are_named_and_the_others_read(tmp_path):
    content = write.as_zip({"p/1.txt": b"a", "p/2.txt": b"a\0b", "n/3.txt": b"\xff\xfe\0", "n/4.txt": b"c"})
    check_lost_rows(tmp_path, "a.zip", content, {"bad_character": [2], "encoding": [3]}, [1, 4])


def test_folder_that_holds_the_text_is_its_label(tmp_path):
    content = write.as_zip({"data/good/1.txt": b"fine\r\n", "data/bad/2": b"awful"})
    _, records = read(tmp_path, "a.zip", content)
    assert records == [(1, ["fine", "good", "data/good/1.txt"]), (2, ["awful", "bad", "data/bad/2"])]


def test_single_folder_of_texts_has_no_labels(tmp_path):
    table, _ = read(tmp_path, "a.zip", write.as_zip({"good/1.txt": b"fine\n", "good/2.txt": b"nice\n"}))
    assert "label" not in table.columns


def test_text_beyond_the_length_of_a_cell_is_refused(tmp_path):
    content = write.as_zip({"a/1.txt": b"x", "b/2.txt": b"y" * (1024 * 1024 + 1)})
    error = refused(tmp_path, "a.zip", content)
    assert error.code == "cell_too_long" and error.details["rows"] == [2]
