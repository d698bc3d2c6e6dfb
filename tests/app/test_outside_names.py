"""Names from outside become paths below their folder, or nothing."""

from pathlib import Path

import pytest

from app.errors import Rejected
from app.outside_names import path_inside

HOSTILE = [
    "",
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "./x",
    "a//b",
    "/etc/passwd",
    "//server/share",
    "C:x",
    "c:/x",
    "..\\x",
    "a\\b",
    "\\\\server\\x",
    "x\0.safetensors",
    "x\ny",
    "x\x7f",
    "x\ud800",
    "a/" * 600 + "x",
    "é" * 128,
    "../../../../x.safetensors",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_name_that_could_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Rejected) as refused:
        path_inside(tmp_path, name)
    assert refused.value.code == "unsafe_path"


@pytest.mark.parametrize(
    "name", ["x.safetensors", "1_Pooling/config.json", "..hidden", "a..b/c", "Grüße.txt", "folder/"]
)
def test_plain_name_becomes_a_path_below_the_folder(tmp_path: Path, name: str) -> None:
    assert path_inside(tmp_path, name) == tmp_path / name


def test_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path)
    with pytest.raises(Rejected, match="by a link"):
        path_inside(tmp_path / "in", "link/x")
