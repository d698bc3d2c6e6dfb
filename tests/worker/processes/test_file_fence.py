"""The kernel's fence around files: what the tests of the sandbox do not try."""

import subprocess
import sys
from pathlib import Path

import pytest

from worker.processes import file_fence

pytestmark = pytest.mark.skipif(not file_fence.version(), reason="this kernel has no Landlock, or forbids it here")

CODE = """
import sys
from pathlib import Path
from worker.processes import file_fence
data = Path(sys.argv[1])
assert file_fence.close_data_folder(data, [data / "models"], [])
for path in sys.argv[2:]:
    try:
        Path(path).read_text()
        print("read")
    except PermissionError:
        print("refused")
"""


def attempt(data: Path, *paths: Path) -> list[str]:
    """What a process behind the first fence can read of these."""
    arguments = [sys.executable, "-c", CODE, str(data), *map(str, paths)]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split()


def test_neighbours_of_the_data_folder_stay_readable_and_what_lies_in_it_does_not(tmp_path: Path) -> None:
    data, beside = tmp_path / "a" / "data", tmp_path / "a" / "beside"
    for path in (
        data / "studio.db",
        data / "models" / "weights",
        data / "logs" / "web.log",
        beside,
        tmp_path / "above",
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    read = attempt(
        data, data / "studio.db", data / "logs" / "web.log", data / "models" / "weights", beside, tmp_path / "above"
    )
    assert read == ["refused", "refused", "read", "read", "read"]


def test_link_from_an_open_folder_does_not_lead_into_a_closed_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "models").mkdir(parents=True)
    (data / "studio.db").write_text("x")
    (data / "models" / "link").symlink_to(data / "studio.db")
    assert attempt(data, data / "models" / "link") == ["refused"]
