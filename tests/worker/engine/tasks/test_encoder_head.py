"""What tasks with an encoder and a head share; each is tested by itself."""

import torch

from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.multi_label.multi_label import MultiLabel


def test_what_people_see_of_logits_are_probabilities() -> None:
    logits = torch.tensor([[0.0, 0.0]])
    assert Classification.shown(logits).tolist() == MultiLabel.shown(logits).tolist() == [[0.5, 0.5]]
