"""The trainer state survives its JSON, which older checkpoints must stay readable by."""

import json

from worker.engine.loop.trainer_state import LrSearchResult, TrainerState, Trial


def test_state_with_a_search_is_read_back_from_its_json() -> None:
    found = LrSearchResult(1e-3, 10, "it learned faster", (Trial(1e-4, 0.9), Trial(1e-3, None)), 1.2)
    state = TrainerState(
        step=4, best_step=2, best={"loss": 0.5}, start={"loss": 0.9}, identity={"data": "sha"}, lr_search=found
    )
    written = json.loads(json.dumps(state.as_json()))
    assert written["race"]["tried"] == [{"rate": 1e-4, "loss": 0.9}, {"rate": 1e-3, "loss": None}]
    assert TrainerState.from_json(written) == state


def test_state_without_a_search_has_an_empty_entry() -> None:
    written = TrainerState(step=1).as_json()
    assert written["race"] is None and TrainerState.from_json(written) == TrainerState(step=1)
    # As they were written before each of these was kept.
    del written["race"], written["start"]
    assert TrainerState.from_json(written) == TrainerState(step=1)
