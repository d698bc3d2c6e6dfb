"""When cross-validation is offered, and when it is done unasked."""

from pathlib import Path

import pytest

from app.services.datasets import datasets
from app.services.estimates.cost_arithmetic import REFERENCE
from app.services.queue import machine_speeds
from app.services.runs import cross_validation_offers, run_costs
from app.services.runs.cross_validation_offers import CrossValidationOffer
from tests.app.services.runs.test_cross_validation import rows


def offer(owner: str, folder: Path, number: int, **training: object) -> CrossValidationOffer | None:
    dataset = datasets.import_file(owner, rows(folder, "rows.csv", number))
    chosen = {"base_model": "starter-encoder", "method": {"kind": "lora"}, "training": training}
    return cross_validation_offers.offer(datasets.latest_version(dataset), **chosen)


@pytest.fixture(autouse=True)
def measured_machine(owner: str) -> None:
    machine_speeds.store_speed(machine_speeds.training_machine().name, dict(REFERENCE))


def test_few_test_rows_are_cross_validated_where_that_is_cheap(owner: str, tmp_path: Path) -> None:
    found = offer(owner, tmp_path, 60)
    assert found is not None and found.cheap and (found.folds, found.rows, found.test_rows) == (5, 60, 6)
    assert found.seconds > 0 and found.as_dict()["cheap"] is True


def test_a_long_run_is_offered_folds_at_their_price(owner: str, tmp_path: Path) -> None:
    found = offer(owner, tmp_path, 2000, epochs=100, cross_validation_folds=10)
    assert found is not None and not found.cheap and found.seconds > cross_validation_offers.CHEAP_SECONDS


def test_enough_test_rows_and_too_few_different_texts_get_no_offer(owner: str, tmp_path: Path) -> None:
    assert offer(owner, tmp_path, 3000) is None
    copies = tmp_path / "copies.csv"
    copies.write_text("text,label\n" + "".join(f"one of {n % 8},{'ab'[n % 2]}\n" for n in range(40)))
    version = datasets.latest_version(datasets.import_file(owner, (copies, copies.name)))
    assert (
        cross_validation_offers.offer(version, base_model="starter-encoder", method={"kind": "lora"}, training={})
        is None
    )


def test_folds_cost_about_as_many_times_more_as_there_are(owner: str, tmp_path: Path) -> None:
    version = datasets.latest_version(datasets.import_file(owner, rows(tmp_path, "rows.csv", 400)))
    once, folded = (
        run_costs.estimate_with_defaults(
            version, base_model="starter-encoder", method={"kind": "lora"}, training={"cross_validation_folds": folds}
        ).cost
        for folds in (0, 5)
    )
    # Five folds on 280 to 290 rows each, then 360 rows instead of 320.
    assert 5 < folded.counted["learning"] / once.counted["learning"] < 6.5
    assert folded.steps == 5 * 3 * 9 + 3 * 12 or folded.steps > 5 * once.steps * 0.8
    assert folded.memory_likely <= 1.2 * once.memory_likely
