"""Numbers of texts from an adapter folder."""

from tests.tiny_targets import SCORED
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.regression.predict import NumberPredictor


def test_every_number_has_its_name_and_the_scale_it_was_learned_on(trained_numbers: tuple[TrainingJob, dict]) -> None:
    job, _ = trained_numbers
    [answer] = NumberPredictor(job.folder / "adapter", job.base_folder, job.base).predict(["card stolen"])
    assert list(answer["numbers"]) == list(answer["means"]) == list(answer["deviations"]) == SCORED["labels"]
