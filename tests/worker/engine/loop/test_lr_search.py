"""The race for the learning rate: short, fair, reported, and without a trace in the run that follows."""

import json

import pytest

from tests.tiny import make_spec
from tests.worker.engine.loop.test_checkpoints import learned, stop
from worker.engine.loop import lr_search
from worker.engine.loop.lr_search import FACTORS, SHARE, steps_per_trial
from worker.engine.loop.train import train
from worker.engine.loop.trainer_state import Trial
from worker.engine.reporting.list_report import ListReport

# 42 rows, 6 updates a pass: enough updates for a race of three.
LONG = {"epochs": 32.0, "learning_rate": "auto"}


def test_it_takes_at_most_its_share_and_short_runs_have_none() -> None:
    assert steps_per_trial(599) == 0 and steps_per_trial(600) == 10
    assert all(len(FACTORS) * steps_per_trial(total) <= SHARE * total for total in range(1, 5000))


@pytest.fixture
def short_races(monkeypatch: pytest.MonkeyPatch) -> None:
    """Races of a few updates, so that the tiny runs have one."""
    monkeypatch.setattr(lr_search, "MIN_STEPS", 3)


@pytest.mark.usefixtures("short_races")
def test_the_run_is_the_one_that_the_chosen_rate_alone_would_have_made(make_job) -> None:
    spec, report = make_spec({"kind": "lora"}, **LONG), ListReport()
    raced = make_job(spec)
    found = train(raced, report)
    race = found["rate_race"]
    rates = [entry["rate"] for entry in race["tried"]]
    assert race["steps"] == 3 and rates == pytest.approx([rates[1] / 3, rates[1], rates[1] * 3])
    assert found["learning_rate"] == race["chosen"] in rates and race["start"] > 0
    result = [event for event in report.events if "learning_rate" in event]
    assert f"{race['chosen']:.3g}" in result[0]["message"] and race["why"] == result[0]["message"]
    alone = make_job(make_spec({"kind": "lora"}, **{**LONG, "learning_rate": race["chosen"]}))
    train(alone, ListReport())
    assert learned(raced) == learned(alone)


@pytest.mark.usefixtures("short_races")
@pytest.mark.parametrize("kind", ["lora", pytest.param("adalora", marks=pytest.mark.methods)])
def test_a_run_that_was_cut_off_does_not_race_again_and_ends_the_same(make_job, kind: str) -> None:
    spec = make_spec({"kind": kind}, **LONG)
    twin = make_job(spec)
    whole = train(twin, ListReport())
    resumed, report = make_job(spec, resume_from=stop(make_job(spec), 8)), ListReport()
    again = train(resumed, report)
    assert again["rate_race"] == whole["rate_race"] and "Choosing the learning rate" not in report.phases
    assert learned(resumed) == learned(twin)


@pytest.mark.usefixtures("short_races")
def test_the_race_is_on_disk_before_the_first_update(make_job) -> None:
    spec = make_spec({"kind": "lora"}, **LONG)
    twin, job, report = make_job(spec), make_job(spec), ListReport()
    train(twin, ListReport())
    kept = stop(job, 1).parent / "step-0"
    assert json.loads((kept / "position.json").read_text())["race"]["chosen"] > 0
    resumed = make_job(spec, resume_from=kept)
    train(resumed, report)
    assert report.curve("train/loss")[0][0] == 1 and learned(resumed) == learned(twin)


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [
        ((0.85, 1.00, 1.55), 1e-2),
        ((0.70, 1.00, 1.35), 1e-2),
        ((0.90, 0.86, 0.83), 1e-2),
        ((8.53, 7.64, 7.07), 3e-2),
        ((0.95, None, None), 3e-3),
        ((0.95, 2.50, 3.00), 3e-3),
        ((None, None, None), 3e-3),
        ((0.85, 0.85, 0.85), 1e-2),
    ],
    ids=["hardly moved", "lower", "not clearly", "clearly higher", "gone", "broken", "all gone", "equal"],
)
def test_a_higher_rate_must_learn_clearly_faster_and_a_lower_one_be_needed(losses, chosen: float) -> None:
    begun = 9.5 if losses[0] == 8.53 else 0.87
    trials = [Trial(rate, loss) for rate, loss in zip((3e-3, 1e-2, 3e-2), losses, strict=True)]
    report = ListReport()
    result = lr_search._decide(trials, 1e-2, begun, 10, report)
    assert result.chosen == chosen and f"Learning rate {chosen:.3g}" in result.why
    assert (report.events[-1]["severity"] == "warning") == (losses == (None, None, None))


def test_a_short_run_keeps_the_methods_rate_and_says_so(make_job) -> None:
    report = ListReport()
    found = train(make_job(make_spec({"kind": "lora"}, learning_rate="auto")), report)
    plain = train(make_job(make_spec({"kind": "lora"}, learning_rate=None)), ListReport())
    assert found["rate_race"]["tried"] == [] and found["learning_rate"] == plain["learning_rate"]
    assert any("too few" in event["message"] for event in report.events)
