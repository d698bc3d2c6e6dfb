"""What the wizard offers for small data, and how a cross-validated run speaks of its rows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.db import transaction
from app.models import Run
from app.services.datasets import datasets
from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.evaluation import comparison
from app.services.queue import machine_speeds
from studio_ui.comparison.matrix import matrix
from studio_ui.pages.new_run.draft import preset_of, recommended, with_folds
from studio_ui.pages.new_run.review import review_nodes
from studio_ui.pages.run import answers, header, learning_curves
from tests.app.outcomes import end_run, rows_right
from tests.app.services.runs.test_cross_validation import rows
from tests.factories import SPEC, make_run, make_version
from tests.studio_ui.pages.test_run import start, words


@pytest.fixture
def dataset(owner: str, tmp_path: Path) -> Any:
    machine_speeds.store_speed(machine_speeds.training_machine().name, dict(REFERENCE))
    return datasets.import_file(owner, rows(tmp_path))


def test_small_data_begins_with_folds_and_keeps_its_preset(owner: str, dataset: Any) -> None:
    draft = recommended(owner, dataset)
    assert draft.training == {"cross_validation_folds": 5}
    preset = preset_of(draft.training)
    assert preset is not None and preset.name == "balanced"
    # Nobody pays for many minutes of folds without asking.
    long = replace(draft, training={"epochs": 100, "batch_size": 1})
    assert "cross_validation_folds" not in with_folds(long, datasets.latest_version(dataset)).training


def test_review_says_what_folds_bring_and_offers_the_other_way(owner: str, dataset: Any) -> None:
    draft = recommended(owner, dataset)
    shown = words(review_nodes(owner, draft, dataset, ""))
    assert "5-fold cross-validation: all 60 rows are tested." in shown and "60 rows in 5 folds" in shown
    assert "Test 6 rows instead" in shown
    # The rate that is used, with its reason.
    assert "The learning rate is 0.02, more than the method's own 0.01" in shown
    shown = words(review_nodes(owner, replace(draft, training={}), dataset, ""))
    assert "Only 6 rows are tested, which tells little." in shown and "Cross-validate with 5 folds" in shown


def test_the_run_page_says_which_fold_works(owner: str) -> None:
    run = make_run(owner, spec={**SPEC, "training": {"cross_validation_folds": 5}})
    start(run.id, step=3, total_steps=9, part=2, parts=6, share=0.2, eta_seconds=90.0)
    shown = words(header.live(owner, {"id": run.id}).nodes)
    assert "Fold 2 of 5: Training" in shown and "all folds and the model on all rows" in shown
    assert "after the folds, when the model on all rows is trained" in shown and "no value yet" not in shown
    charts = learning_curves.read_curves(owner, {"id": run.id}, None).charts
    assert charts is not None and charts[0].empty == "Appears after the folds, when the model on all rows is trained."


def test_a_cross_validated_run_says_so_and_is_not_trained_further(owner: str) -> None:
    run = make_run(owner, spec={**SPEC, "training": {"cross_validation_folds": 5}})
    end_run(run.id, rows_right(190, 200), rows_right(120, 200))
    with transaction() as session:
        found = session.get_one(Run, run.id)
        found.results = {**found.results, "cross_validation": {"folds": 5, "rows": 200, "factor": 2.25}}
    shown = words(header.live(owner, {"id": run.id}).nodes)
    assert "200 rows, 5-fold cross-validated" in shown and "Accuracy, cross-validated" in shown
    assert "Train one more pass" not in shown
    assert "did not train on it (5 folds)" in words(answers.answers(owner, {"id": run.id}).nodes)


def test_compare_shows_each_runs_own_probe_where_the_runs_were_tested_on_different_rows(owner: str) -> None:
    version = make_version(owner)
    folded, plain = make_run(owner, version, "folded"), make_run(owner, version, "plain")
    folds = {"folds": 5, "rows": 200, "factor": 2.25}
    end_run(folded.id, rows_right(150, 200), rows_right(100, 200), cross_validation=folds)
    end_run(plain.id, rows_right(8, 20), rows_right(6, 20))
    found = comparison.compare(owner, [folded.id, plain.id], baseline=folded.id)
    shown = words(matrix(found, {folded.id: 0, plain.id: 1}, as_rows=False, read_only=True))
    assert "Linear probe on the base model" not in shown and "Majority class" in shown
    assert "its base 50.0 %" in shown and "its base 30.0 %" in shown and "+0 −12 of 20 rows" in shown
