"""What a run does and how far it is, also of a cross-validation."""

from studio_ui.run_words import done_share, phase_words


def test_a_phase_names_its_fold() -> None:
    assert phase_words("Training", {"step": 1}) == "Training"
    assert phase_words("Training", {"part": 2, "parts": 6}) == "Fold 2 of 5: Training"
    assert phase_words("Testing", {"part": 6, "parts": 6}) == "Model on all rows: Testing"


def test_progress_counts_the_steps_of_all_folds() -> None:
    assert done_share({"step": 3, "total_steps": 4}) == 0.75
    assert done_share({"step": 3, "total_steps": 4, "share": 0.1}) == 0.1
    assert done_share({}) is None
