"""The losses are those of trl 1.16 on the same logits, and KTO's weights balance both sides."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.tiny_generation import talk
from worker.engine.tasks.generation.model import CausalLM
from worker.engine.tasks.preference import losses
from worker.engine.tasks.preference.losses import AnswerLogps
from worker.engine.tasks.preference.training_rows import answer_logps

PAIRS = 4


@pytest.fixture
def logps() -> tuple[AnswerLogps, AnswerLogps, torch.Tensor, torch.Tensor]:
    """Better and worse answers of 3 to 9 tokens, and the reference's log-probabilities of both."""
    rng = torch.Generator().manual_seed(0)
    tokens = torch.tensor([3.0, 9.0, 5.0, 7.0])
    sides = [-3 * torch.rand(PAIRS, generator=rng) * tokens for _ in range(4)]
    return AnswerLogps(sides[0], tokens), AnswerLogps(sides[1], tokens.flip(0)), sides[2], sides[3]


def trained_loss(trainer: Any, model: Any, inputs: dict[str, torch.Tensor]) -> float:
    return float(trainer.compute_loss(model, inputs))


class _Model(torch.nn.Module):
    """Gives the log-probabilities of tokens that it was made with, in the form that trl patches models into."""

    def __init__(self, logps: torch.Tensor) -> None:
        super().__init__()
        self.logps = logps

    def forward(self, **inputs: Any) -> Any:
        zeros = torch.zeros_like(self.logps)
        return SimpleNamespace(log_probs=self.logps, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())


def rows(*sides: AnswerLogps) -> tuple[torch.Tensor, torch.Tensor]:
    """Token log-probabilities (rows, 9) that sum to those of the answers, and masks with a token of the prompt before them."""
    logps, counts = torch.cat([side.logps for side in sides]), torch.cat([side.tokens for side in sides])
    inside = (torch.arange(9)[None] < counts[:, None]).float()
    return inside * (logps / counts)[:, None], torch.cat([torch.zeros(len(logps), 1), inside], 1).long()


@pytest.mark.parametrize(("ours", "theirs"), [("dpo", "sigmoid"), ("ipo", "ipo")])
def test_dpo_and_ipo_are_trls(logps: Any, ours: str, theirs: str) -> None:
    from trl.trainer.dpo_trainer import DPOTrainer

    better, worse, *reference = logps
    table, mask = rows(better, worse)
    trainer: Any = object.__new__(DPOTrainer)
    vars(trainer).update(_settings(beta=0.3, loss_types=[theirs], loss_weights=[1.0], model=_Model(table)))
    inputs = {"input_ids": torch.ones_like(mask), "attention_mask": torch.ones_like(mask), "completion_mask": mask}
    inputs |= {"ref_chosen_logps": reference[0], "ref_rejected_logps": reference[1]}
    expected = DPOTrainer._compute_loss(trainer, trainer.model, inputs, False)
    found = losses.pair_loss(ours, better, worse, tuple(reference), beta=0.3) / PAIRS
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_kto_is_trls(logps: Any) -> None:
    from trl.trainer.kto_trainer import KTOTrainer

    better, worse, *reference = logps
    table, mask = rows(better, worse)
    good = torch.tensor([True, False, True, True, False, False, True, False])
    others = torch.linspace(0.1, 2.0, 2 * PAIRS)
    trainer: Any = object.__new__(KTOTrainer)
    vars(trainer).update(
        _settings(
            beta=0.3,
            loss_type="kto",
            calculate_KL=True,
            desirable_weight=1.0,
            undesirable_weight=1.3,
            model=_Model(table),
        )
    )
    trainer._compute_kl_logps = lambda *_: others
    inputs = {
        "input_ids": torch.ones_like(mask),
        "attention_mask": torch.ones_like(mask),
        "completion_mask": mask,
        "label": good,
        "ref_logps": torch.cat(reference),
        "ref_KL_logps": torch.zeros(2 * PAIRS),
    }
    expected = KTOTrainer._compute_loss(trainer, trainer.model, inputs, False)
    ratios = torch.cat([better.logps, worse.logps]) - torch.cat(reference)
    found = losses.kto(ratios, good, others.mean(), beta=0.3, weights=(1.0, 1.3)) / (2 * PAIRS)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def test_odds_ratio_is_trls_orpo(logps: Any) -> None:
    from trl.experimental.orpo.orpo_trainer import ORPOTrainer

    better, worse, *_ = logps
    itself: Any = SimpleNamespace(beta=0.3, accelerator=SimpleNamespace(device="cpu"))
    odds = ORPOTrainer.odds_ratio_loss(itself, better.mean, worse.mean)[0]
    # trl takes the prompt into the first part too; here it is the answer's alone, as for every other loss.
    assert float(losses.orpo(better, worse, 0.3)) == pytest.approx(float((-better.mean - odds).sum()), rel=1e-5)


def test_simpo_is_trls(logps: Any) -> None:
    from trl.experimental.cpo.cpo_trainer import CPOTrainer

    better, worse, *_ = logps
    itself: Any = SimpleNamespace(
        beta=2.0,
        simpo_gamma=0.7,
        alpha=0.0,
        loss_type="simpo",
        label_smoothing=0.0,
        accelerator=SimpleNamespace(device="cpu"),
    )
    expected = CPOTrainer.cpo_loss(itself, better.mean, worse.mean)[0].sum()
    found = losses.pair_loss("simpo", better, worse, (better.logps, worse.logps), beta=2.0, gamma=0.7)
    assert float(found) == pytest.approx(float(expected), rel=1e-5)


def _settings(**more: Any) -> dict[str, Any]:
    """What the trainers of trl look at beside the loss: one process, nothing that is logged is kept."""
    from collections import defaultdict

    accelerator = SimpleNamespace(
        device=torch.device("cpu"), gather_for_metrics=lambda value: value, gather=lambda value: value
    )
    return {
        "accelerator": accelerator,
        "aux_loss_enabled": False,
        "ld_alpha": None,
        "precompute_ref_logps": True,
        "f_divergence_type": "reverse_kl",
        "label_smoothing": 0.0,
        "use_weighting": False,
        "_metrics": {"train": defaultdict(list), "eval": defaultdict(list)},
        "_total_train_tokens": 0,
        "_tp_size": 1,
        "loss_is_scaled_for_ga": False,
        **more,
    }


def test_log_probabilities_are_those_of_the_model(model: CausalLM, examples_of: Any) -> None:
    examples = examples_of(talk("Hi", "Hello"), talk("What is it?", "No"))
    together = answer_logps(model, examples, 0, torch.device("cpu"), packed=True)
    for at, example in enumerate(examples):
        table = model.decoder(input_ids=torch.tensor([example.ids])).logits[0, :-1].log_softmax(-1)
        learned = [place for place, learns in enumerate(example.loss_mask) if learns]
        alone = sum(float(table[place - 1, example.ids[place]]) for place in learned)
        assert float(together.logps[at]) == pytest.approx(alone, abs=1e-3) and int(together.tokens[at]) == len(learned)


@pytest.mark.parametrize(
    ("given", "counts", "weights"),
    [
        ((None, None), (30, 10), (1.0, 3.0)),
        ((None, None), (10, 10), (1.0, 1.0)),
        ((2.0, None), (10, 20), (2.0, 1.0)),
        ((None, 1.0), (10, 20), (2.0, 1.0)),
        ((1.0, 1.0), (5, 50), (1.0, 1.0)),
    ],
)
def test_open_weights_balance_good_and_bad_answers(given: Any, counts: Any, weights: Any) -> None:
    assert losses.kto_weights(*given, *counts) == pytest.approx(weights)
