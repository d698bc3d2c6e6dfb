"""The profile of a dataset's texts: near-duplicates, hidden characters, languages, lengths in tokens."""

import csv
import random

import pytest

from app import storage
from app.services.datasets import datasets
from app.services.datasets.imports import ImportOptions
from app.services.datasets.version_lengths import cut_at, lengths_of
from app.services.profiling.token_lengths import TokenCounter

TOPICS = (("weather", "rain and wind"), ("cooking", "salt and butter"))
LONG = [
    (f"On day {n} our little group talked for a while about {TOPICS[n % 2][1]} near house {n * 7}", TOPICS[n % 2][0])
    for n in range(100)
]


def load(owner, tmp_path, rows, evaluation=()):
    def write(name, content):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([("text", "label"), *content])
        return tmp_path / name

    own = (write("test.csv", evaluation), "test.csv") if evaluation else None
    dataset = datasets.import_file(owner, (write("x.csv", rows), "x.csv"), options=ImportOptions(evaluation=own))
    version = datasets.latest_version(dataset)
    return version, {problem["code"]: problem for problem in version.report["problems"]}


def test_near_duplicates_are_reported_and_stay_in_one_split(owner, tmp_path):
    rng = random.Random(5)
    rows = [(" ".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=20)), "ab"[n % 2]) for n in range(100)]
    copies = [(text + ", they say", label) for text, label in rows[:30]]
    version, problems = load(owner, tmp_path, [*rows, *copies])
    assert problems["near_duplicates"]["rows"] == list(range(102, 132))
    assert problems["near_duplicates"]["examples"][0]["nearly the same as row"] == 2
    splits = storage.read_json(storage.dataset_dir(version.id) / "splits.json")
    home = {row_id: name for name in ("train", "validation", "test") for row_id in splits[name]}
    assert all(home[n] == home[100 + n] for n in range(30)) and len({home[100 + n] for n in range(30)}) > 1


def test_near_duplicates_across_the_files_are_leakage(owner, tmp_path):
    own = [(LONG[4][0] + ", they say", "weather"), ("something else entirely was said here", "cooking")]
    _, problems = load(owner, tmp_path, LONG, own)
    assert problems["near_leakage"]["rows"] == [2] and problems["near_leakage"]["key"] == "evaluation.near_leakage"
    assert "near_duplicates" not in problems


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("zero\u200bwidth and more of it", "hidden_characters"),
        ("turned \u202eround text here", "hidden_characters"),
        ("soft\u00adhyphen in a text", "hidden_characters"),
        ("?!", "short_text"),
        ("x", "short_text"),
        ("word " * 300, "cut_text"),
    ],
)
def test_row_with_an_unusual_text_is_a_warning(owner, tmp_path, text, code):
    _, problems = load(owner, tmp_path, [*LONG, (text, "weather")])
    assert set(problems) == {code}
    assert (problems[code]["severity"], problems[code]["rows"]) == ("warning", [102])


def test_emoji_with_joiners_are_not_hidden_characters(owner, tmp_path):
    _, problems = load(
        owner, tmp_path, [*LONG, ("the family \U0001f468\u200d\U0001f469\u200d\U0001f467 is here", "weather")]
    )
    assert problems == {}


def test_other_languages_are_listed(owner, tmp_path):
    german = [(f"ich habe die Karte nicht und das ist ein Problem Nummer {n}", "weather") for n in range(5)]
    french = [("je ne trouve pas la carte que vous avez dans les mains", "cooking")]
    _, problems = load(
        owner, tmp_path, [(f"{text} and that is the truth", label) for text, label in LONG] + german + french
    )
    mix = problems["language_mix"]
    assert mix["rows"] == list(range(102, 108)) and "5 German, 1 French" in mix["message"]


def test_made_up_words_are_no_mix_of_languages(owner, tmp_path):
    rng = random.Random(4)
    words = ["".join(rng.choice("bcdfgklmnprstv") + rng.choice("aeiou") for _ in range(3)) for _ in range(300)]
    rows = [(" ".join(rng.choices(words, k=rng.randint(8, 24))), "ab"[n % 2]) for n in range(300)]
    _, problems = load(owner, tmp_path, rows)
    assert "language_mix" not in problems


def test_tokens_are_counted_as_the_trainer_counts_them(owner, tmp_path):
    from transformers import AutoTokenizer

    from app.catalog.base_models import base_model_path

    tokenizer = AutoTokenizer.from_pretrained(str(base_model_path("starter-encoder")))
    texts = [text for text, _ in LONG] + ["", "Ünïcödé \u200b 漢字 😀", "word " * 700]
    counter = TokenCounter("starter-encoder")
    assert counter.measured
    assert counter.count(texts) == [len(ids) for ids in tokenizer(texts, truncation=False, verbose=False)["input_ids"]]
    version, _ = load(owner, tmp_path, [*LONG, ("word " * 300, "weather")])
    lengths = lengths_of(version)
    assert lengths.measured and lengths.longest == 302 and sum(lengths.counts.values()) == 101
    assert cut_at(version, "starter-encoder", 302)["cut_rows"] == 0
    assert cut_at(version, "starter-encoder", 301)["cut_rows"] == 1
    assert lengths.mean_tokens(10) == 10.0
