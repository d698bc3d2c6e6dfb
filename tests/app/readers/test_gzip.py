"""Tables packed with gzip."""

from tests.app import written_files as write
from tests.app.readers.reading import ROWS, cells, check_refusal, damaged_cases, read


@damaged_cases("gzip")
def test_damaged_archive_is_refused_and_leaves_nothing_unpacked(tmp_path, file):
    check_refusal(tmp_path, file)


def test_content_is_read_as_its_own_format_and_the_copy_removed(tmp_path):
    table, records = read(tmp_path, "a.json.gz", write.as_gzip(write.as_json(ROWS)))
    assert table.format == "json" and cells(records) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["stored"]


def test_packed_file_without_an_ending_is_unpacked_too(tmp_path):
    assert cells(read(tmp_path, "data", write.as_gzip(write.as_csv(ROWS)))[1]) == ROWS
