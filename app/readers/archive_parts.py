"""Tells the parts of an archive by the names of folders and files: what is for training, what is for tests."""

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from app.languages import stated
from app.readers.members import shown
from app.readers.table import Flaw

Members = Sequence[zipfile.ZipInfo]

TRAIN, TEST, VALIDATION = "train", "test", "validation"
_NAMES = {
    **dict.fromkeys(("train", "training", "trainset", "traindata"), TRAIN),
    **dict.fromkeys(("test", "testing", "testset", "testdata", "heldout", "holdout"), TEST),
    **dict.fromkeys(("validation", "valid", "val", "dev", "eval", "evaluation"), VALIDATION),
}
_PIECES = re.compile(r"[/_.\-\s]+")
# What `save_to_disk` writes beside the rows.
_DESCRIPTIONS = ("state.json", "dataset_info.json", "dataset_dict.json")


@dataclass(frozen=True)
class ArchiveParts:
    """The files to learn from and those to test on; ``name`` is what the latter are called."""

    main: list[zipfile.ZipInfo]
    test: list[zipfile.ZipInfo]
    name: str

    def split_flaw(self) -> Flaw:
        """The report's note on the division."""
        names = shown([member.filename for member in self.test])
        return Flaw(
            "test_part",
            "warning",
            stated(
                "The archive has parts for training and for tests; what is called {name} is the evaluation "
                "file: {names}.",
                name=repr(self.name),
                names=names,
            ),
            stated("If all of it is to be learned from, say so where the file can be read in another way."),
        )


def split(members: Members) -> ArchiveParts | None:
    """The parts, if some files are for training and others for tests, else for validation; None if it is one whole."""
    kinds = [part_of(member.filename) for member in members]
    name = next((kind for kind in (TEST, VALIDATION) if kind in kinds), None)
    if TRAIN not in kinds or name is None:
        return None
    pairs = list(zip(members, kinds, strict=True))
    return ArchiveParts(
        [member for member, kind in pairs if kind != name], [member for member, kind in pairs if kind == name], name
    )


def part_of(path: str) -> str:
    """The part that a path names, the outermost folder first; empty for none."""
    for step in path.split("/"):
        for piece in _PIECES.split(step.casefold()):
            if piece in _NAMES:
                return _NAMES[piece]
    return ""


def without_descriptions(members: Members) -> list[zipfile.ZipInfo]:
    """The files without those that only describe the rows which lie beside them as Arrow."""
    folders = {_folder(member) for member in members if member.filename.lower().endswith(".arrow")}
    inside = {folder.rpartition("/")[0] for folder in folders} | folders
    return [
        member
        for member in members
        if _folder(member) not in inside or member.filename.rpartition("/")[2] not in _DESCRIPTIONS
    ]


def _folder(member: zipfile.ZipInfo) -> str:
    return member.filename.rpartition("/")[0]
