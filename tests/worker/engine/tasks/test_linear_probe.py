"""The linear probe on vectors whose best separation is known."""

import pytest
import torch

from worker.engine.tasks.linear_probe import Strength, _best, choose_strength, fit_chosen_probe, fit_probe


def clusters(labels: list[int], spread: float = 0.05) -> tuple[torch.Tensor, list[int]]:
    torch.manual_seed(0)
    repeated = labels * 30
    vectors = torch.nn.functional.one_hot(torch.tensor(repeated), 4).float()
    return vectors + spread * torch.randn_like(vectors), repeated


def test_separable_vectors_are_distinguished() -> None:
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


def test_weak_vectors_get_a_strong_penalty_and_clear_ones_a_weak_one() -> None:
    torch.manual_seed(0)
    labels = [row % 2 for row in range(600)]
    noise = torch.nn.functional.normalize(torch.randn(600, 50), dim=-1)
    clear = torch.nn.functional.normalize(
        torch.nn.functional.one_hot(torch.tensor(labels), 50).float() + 0.02 * torch.randn(600, 50), dim=-1
    )
    hidden, plain = choose_strength(noise, labels), choose_strength(clear, labels)
    assert hidden is not None and plain is not None
    assert hidden.value <= 0.1 and plain.value == 100
    assert hidden.accuracy < 0.65 and plain.accuracy == 1 and plain.loss < 0.05 < hidden.loss


def test_the_choice_answers_new_rows_better_than_a_fixed_penalty() -> None:
    torch.manual_seed(0)
    labels = [row % 4 for row in range(1200)]
    vectors = torch.nn.functional.one_hot(torch.tensor(labels), 100).float() + 0.7 * torch.randn(1200, 100)
    train, test = vectors[:200], vectors[200:]
    losses = [
        float(torch.nn.functional.cross_entropy(probe.logits(test), torch.tensor(labels[200:])))
        for probe in (fit_chosen_probe(train, labels[:200], 4), fit_probe(train, labels[:200], 4))
    ]
    assert losses[0] < 0.8 * losses[1]


def test_the_choice_depends_on_the_rows_alone_and_holds_out_no_label_as_a_whole() -> None:
    vectors, labels = clusters([0, 1])
    vectors, labels = torch.cat([vectors, torch.tensor([[0.0, 0.0, 1.0, 0.0]])]), [*labels, 2]
    first = fit_chosen_probe(vectors, labels, 3)
    assert first.strength == fit_chosen_probe(vectors, labels, 3).strength and first.strength.accuracy == 1
    assert first.logits(vectors).argmax(-1).tolist() == labels


@pytest.mark.parametrize("rows", [3, 30], ids=["few", "every label once"])
def test_where_nothing_can_be_held_out_there_is_no_choice(rows: int) -> None:
    vectors, labels = torch.eye(rows), list(range(rows))
    assert choose_strength(vectors, labels) is None
    assert fit_chosen_probe(vectors, labels, rows).logits(vectors).argmax(-1).tolist() == labels


def test_one_more_right_row_chooses_no_penalty_that_leaves_every_answer_unsure() -> None:
    """Of 288 rows one more is chance although the standard error of 100 % is less than a row; two more are not."""
    strong, weak = Strength(0.3, 1.0, 0.87), Strength(100.0, 287 / 288, 0.04)
    assert _best([strong, weak], 288) == weak
    assert _best([strong, Strength(100.0, 286 / 288, 0.04)], 288) == strong
