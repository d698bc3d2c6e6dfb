"""Split plans: by group, by time, by shares of one's own; and plans that the rows do not allow."""

import csv

import pytest

from app import storage
from app.errors import Rejected
from app.services.datasets import datasets
from app.services.datasets.changes import Add, Edit, change
from app.services.datasets.imports import ImportOptions
from app.services.datasets.versions import change_splits, read_splits
from app.services.profiling.split_plans import SplitPlan
from app.services.profiling.splits import SPLITS

ROWS = [
    (
        f"{['red', 'blue', 'green'][n % 3]} message {n} on {'fruit' if n % 2 else 'music'}",
        "ab"[n % 2],
        f"customer {n // 5}",
        f"2026-{1 + n // 28:02}-{1 + n % 28:02}",
    )
    for n in range(200)
]


@pytest.fixture
def dataset(owner, tmp_path):
    with (tmp_path / "x.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("text", "label", "who", "day"), *ROWS])
    return datasets.import_file(owner, (tmp_path / "x.csv", "x.csv"))


def splits_of(dataset):
    return storage.read_json(storage.dataset_dir(datasets.latest_version(dataset).id) / "splits.json")


def test_group_is_in_one_split_also_after_an_addition(owner, dataset):
    after = change_splits(owner, dataset.id, SplitPlan("group", "who", seed=3))
    parts = splits_of(after)
    people = [{ROWS[n][2] for n in parts[name]} for name in SPLITS]
    assert sum(map(len, people)) == len(set().union(*people)) == 40 and all(people)
    assert sorted(n for name in SPLITS for n in parts[name]) == list(range(200))
    # A row that is added for a known customer joins the others.
    tested = ROWS[parts["test"][0]][2]
    again = splits_of(change(owner, dataset.id, [Add({"text": "one more", "label": "a", "who": tested})]))
    assert 200 in again["test"] and again["plan"]["how"] == "group"


def test_split_by_time_tests_the_newest_rows(owner, dataset):
    after = change_splits(owner, dataset.id, SplitPlan("time", "day"))
    parts = splits_of(after)
    assert parts["train"] == list(range(160)) and parts["validation"] == list(range(160, 180))
    assert parts["test"] == list(range(180, 200)) and "newest last" in parts["how"]
    assert read_splits(datasets.latest_version(after))["plan"]["column"] == "day"


def test_rows_of_the_same_time_stay_in_one_split(owner, dataset):
    change(owner, dataset.id, [Edit(n, {"day": "2026-06-01"}) for n in range(175, 190)])
    parts = splits_of(change_splits(owner, dataset.id, SplitPlan("time", "day")))
    assert any(set(range(175, 190)) <= set(parts[name]) for name in SPLITS)


def test_given_shares_are_kept(owner, dataset):
    parts = splits_of(change_splits(owner, dataset.id, SplitPlan(validation=0.2, test=0.3)))
    assert [len(parts[name]) for name in SPLITS] == [100, 40, 60] and parts["how"] == "stratified 50/20/30"


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        (SplitPlan("group", "nowhere"), "missing_column"),
        (SplitPlan("time", "who"), "not_a_time"),
        (SplitPlan("group", "label"), "too_few_groups"),
    ],
)
def test_plan_that_the_rows_do_not_allow_is_refused(owner, dataset, plan, code):
    with pytest.raises(Rejected) as caught:
        change_splits(owner, dataset.id, plan)
    assert caught.value.code == code and len(datasets.get_dataset(owner, dataset.id).versions) == 1


def test_rows_from_one_template_are_still_split(owner, tmp_path):
    rows = [
        (f"the customer with the number {n} has once again asked us to send the very same thing", "ab"[n % 2])
        for n in range(60)
    ]
    with (tmp_path / "x.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *rows])
    dataset = datasets.import_file(owner, (tmp_path / "x.csv", "x.csv"))
    assert [len(splits_of(dataset)[name]) for name in SPLITS] == [48, 6, 6]


def test_rows_that_stay_together_are_stored_for_other_splits_of_the_same_rows(owner, dataset, tmp_path):
    splits = splits_of(dataset)
    assert splits["kept_together"] == [] and splits["own_test"] is False
    grouped = splits_of(change_splits(owner, dataset.id, SplitPlan("group", "who")))
    assert sorted(map(len, grouped["kept_together"])) == [5] * 40
    (tmp_path / "y.csv").write_text(
        "text,label\n" + "".join(f"one of {n // 2} alike,{'ab'[n // 2 % 2]}\n" for n in range(60))
    )
    (tmp_path / "z.csv").write_text("text,label\n" + "".join(f"another {n},{'ab'[n % 2]}\n" for n in range(9)))
    own = datasets.import_file(
        owner, (tmp_path / "y.csv", "y.csv"), options=ImportOptions(evaluation=(tmp_path / "z.csv", "z.csv"))
    )
    assert splits_of(own)["own_test"] is True and [0, 1] in splits_of(own)["kept_together"]
