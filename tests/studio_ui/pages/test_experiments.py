"""The Experiments page: addresses that lead nowhere, a new experiment beside a run, and what values mean."""

import pytest
from playwright.sync_api import expect

from app.models import new_id
from app.services.accounts import accounts
from app.services.datasets import datasets
from app.services.experiments import experiments
from app.services.experiments.experiments import ExperimentRequest
from app.services.runs import runs
from studio_ui.pages.experiment_plan import values_of
from tests.app.outcomes import end_run, rows_right


@pytest.mark.parametrize(
    ("text", "schema", "values"),
    [
        ("4, 8,, 16", {"type": "integer"}, [4, 8, 16]),
        ("0.001, auto", {"type": "number"}, [0.001, "auto"]),
        ("yes, false", {"type": "boolean"}, [True, False]),
        ("all, last 4", {"anyOf": [{"type": "null"}, {"type": "string"}]}, ["all", "last 4"]),
        ("1..4", {"type": "integer"}, {"low": 1, "high": 4, "log": False}),
        ("1e-4 .. 0.01", {"type": "number"}, {"low": 1e-4, "high": 0.01, "log": True}),
        ("a..b", {"type": "number"}, {"low": "a", "high": "b", "log": False}),
    ],
)
def test_words_become_the_values_to_try(text, schema, values):
    assert values_of(text, schema) == values


def test_run_is_compared_with_other_methods_on_its_own_rows(signed_in, studio):
    sample = datasets.import_sample(studio.owner, datasets.SAMPLES[0].name)
    request = runs.RunRequest(
        dataset_id=sample.id,
        base_model="starter-encoder",
        task_type="text-classification",
        method={"kind": "lora"},
        name="Mine",
    )
    run = runs.submit(studio.owner, request)
    end_run(run.id, rows_right(80, 100), rows_right(50, 100))
    watched = signed_in()
    page = watched.open(f"/experiments?run={run.id}")
    expect(page.locator("h2", has_text="Compare with other methods")).to_be_visible()
    expect(page.locator("#experiment-form")).to_contain_text("Mine")
    expect(page.locator("#pick-lora")).not_to_be_checked()
    start, total = page.locator("#experiment-start"), page.locator("#experiment-total")
    # Every method is estimated first.
    expect(start).to_have_text("Queue 5 runs", timeout=60_000)
    expect(start).to_be_enabled()
    expect(total).to_contain_text("in all on this machine")
    page.get_by_label("Vary settings").check()
    page.get_by_label("Rank", exact=True).fill("4")
    expect(total).to_contain_text("at least two values")
    expect(start).to_be_disabled()
    assert watched.complaints == []


def test_experiment_and_data_of_another_person_are_not_found(signed_in, studio):
    other = accounts.add_user(f"stranger {new_id()}").id
    sample = datasets.import_sample(other, datasets.SAMPLES[0].name)
    request = ExperimentRequest(dataset_id=sample.id, methods=[{"kind": "lora"}, {"kind": "full"}])
    theirs = experiments.start(other, request).id
    page = signed_in().open(f"/experiments?id={theirs}")
    page.wait_for_selector(".verdict-error:has-text('not found')")
    page.click("text=All experiments")
    page.wait_for_url("**/experiments")
    page = signed_in().open(f"/experiments?dataset={sample.id}")
    page.wait_for_selector(".verdict-error[data-code=dataset_not_found]")
    expect(page.locator("#experiment-form")).to_be_hidden()
