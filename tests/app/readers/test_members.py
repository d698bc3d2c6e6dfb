"""Members of a ZIP file: dangerous ones are refused, litter is skipped."""

import io
import zipfile

from app.readers.members import safe_members, shown
from tests.app import written_files as write
from tests.app.readers.reading import check_refusal, damaged_cases


@damaged_cases("members")
def test_dangerous_member_is_refused(tmp_path, file):
    check_refusal(tmp_path, file)


def test_folders_and_litter_of_desktop_programs_are_skipped():
    names = ("data/", "data/a.csv", "__MACOSX/data/._a.csv", ".DS_Store", "data/Thumbs.db", "b.csv")
    with zipfile.ZipFile(io.BytesIO(write.as_zip(dict.fromkeys(names, b"")))) as archive:
        assert [member.filename for member in safe_members(archive)] == ["data/a.csv", "b.csv"]


def test_names_in_messages_are_few_and_visible():
    assert shown(["a\u202eb.csv", "c\n.csv"]) == "a?b.csv, c?.csv"
    assert shown([f"{number}.csv" for number in range(1007)]) == "0.csv, 1.csv, 2.csv, 3.csv, 4.csv and 1,002 more"
