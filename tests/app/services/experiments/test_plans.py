"""The stored plan of an experiment: its JSON keys, and plans that older versions wrote."""

from app.models import Experiment
from app.services.experiments.plans import ExperimentPlan, TrialSettings, plan_of, update_plan


def test_plan_keeps_its_public_json_keys() -> None:
    trials = {"r": TrialSettings(method_index=0, settings={"method.rank": 4})}
    plan = ExperimentPlan(methods=[{"kind": "lora"}], max_runs=5, max_minutes=None, early_stopping=True, trials=trials)
    assert plan.as_dict() == {
        "methods": [{"kind": "lora"}],
        "most_runs": 5,
        "most_minutes": None,
        "stop_hopeless": True,
        "tried": {"r": {"choice": 0, "settings": {"method.rank": 4}}},
    }


def test_plan_without_later_keys_is_read_with_defaults() -> None:
    plan = plan_of(Experiment(plan={"methods": [], "most_runs": 3, "stop_hopeless": False}))
    assert (plan.max_runs, plan.growing, plan.trials, plan.needs_scheduling) == (3, False, {}, False)


def test_update_replaces_the_stored_json() -> None:
    experiment = Experiment(plan={"most_runs": 3, "growing": True})
    before = experiment.plan
    update_plan(experiment, {"growing": False, "note": "Done."})
    assert experiment.plan == {"most_runs": 3, "growing": False, "note": "Done."}
    assert before == {"most_runs": 3, "growing": True}
