"""The names of the baselines."""

from app.catalog.baselines import BASELINES, PROMPT_EXAMPLES, baseline


def test_every_baseline_has_a_name_and_says_what_it_does() -> None:
    assert len({known.key for known in BASELINES}) == len({known.name for known in BASELINES}) == len(BASELINES)
    assert all(known.about.endswith(".") for known in BASELINES)
    assert str(PROMPT_EXAMPLES) in baseline("few_shot").name


def test_a_baseline_of_older_results_is_called_by_its_key() -> None:
    assert baseline("other_thing").name == "other thing"
