"""The linear probe on vectors whose best separation is known."""

import torch

from worker.engine.tasks.linear_probe import fit_probe


def clusters(labels: list[int], spread: float = 0.05) -> tuple[torch.Tensor, list[int]]:
    torch.manual_seed(0)
    repeated = labels * 30
    vectors = torch.nn.functional.one_hot(torch.tensor(repeated), 4).float()
    return vectors + spread * torch.randn_like(vectors), repeated


def test_separable_vectors_are_told_apart() -> None:
    vectors, labels = clusters([0, 1, 2])
    assert fit_probe(vectors, labels, 3).logits(vectors).argmax(-1).tolist() == labels


def test_two_labels_get_a_score_each() -> None:
    vectors, labels = clusters([0, 1])
    logits = fit_probe(vectors, labels, 2).logits(vectors)
    assert logits.shape == (60, 2)
    assert logits.argmax(-1).tolist() == labels


def test_a_label_without_training_rows_is_never_the_answer() -> None:
    vectors, labels = clusters([0, 2])
    logits = fit_probe(vectors, labels, 4).logits(vectors)
    assert logits.argmax(-1).tolist() == labels
