"""A network whose lower blocks are frozen: which parts run as in training, and when the lower blocks are skipped."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from app.catalog.card import BaseModelCard
from worker.engine.modeling.partly_frozen import RowSpan, padded_rows, row_key
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head

IDS = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
MASK = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])


class KeptStates:
    """States of the two texts by key."""

    def __init__(self, states: torch.Tensor, keys: Sequence[bytes]) -> None:
        self.states, self.keys, self.closed = states, list(keys), False

    def gather(self, spans: Sequence[RowSpan], shape: torch.Size, device: torch.device) -> torch.Tensor | None:
        return self.states if all(span.key in self.keys for span in spans) else None

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def network(tiny_base: tuple[BaseModelCard, Path]) -> PooledClassifier:
    card, folder = tiny_base
    torch.manual_seed(0)
    return PooledClassifier(load_encoder(folder, card), make_head(32, 3), card)


def states_above(network: PooledClassifier, block: int) -> torch.Tensor:
    """The output of a block for the two texts."""
    found: list[torch.Tensor] = []
    hook = network.blocks()[block].register_forward_hook(lambda *args: found.append(args[2]))
    network(IDS, MASK)
    hook.remove()
    return found[0].detach()


def test_texts_of_a_batch_are_found_without_their_padding() -> None:
    assert list(padded_rows(IDS, MASK)) == [RowSpan(row_key([2, 5, 6, 3]), 0, 0), RowSpan(row_key([2, 7, 3]), 1, 0)]
    assert row_key([1, 2]) != row_key([12]) and row_key([1, 2]) != row_key([2, 1])


def test_frozen_blocks_and_embeddings_stay_in_evaluation_mode(network: PooledClassifier) -> None:
    network.freeze(1)
    network.train()
    assert [block.training for block in network.blocks()] == [False, True]
    assert not network.encoder.embeddings.training and network.head.training
    network.eval()
    assert not any(module.training for module in network.modules())


def test_kept_states_replace_the_frozen_blocks_and_the_answers_stay(network: PooledClassifier) -> None:
    network.freeze(1)
    network.eval()
    expected = network(IDS, MASK)
    ran: list[int] = []
    for number, block in enumerate(network.blocks()):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
    states = states_above(network, 0)
    ran.clear()
    network.hidden_states = KeptStates(states, [span.key for span in padded_rows(IDS, MASK)])
    assert torch.allclose(network(IDS, MASK), expected, atol=1e-6)
    # The first block returned kept states, whatever comes in; other states give another answer.
    network.hidden_states.states = torch.zeros_like(states)
    assert not torch.allclose(network(IDS, MASK), expected, atol=1e-3)
    # Without the states of one text, both go all the way.
    network.hidden_states.keys.pop()
    assert torch.allclose(network(IDS, MASK), expected, atol=1e-6)


def test_replaced_forward_is_put_back_after_the_batch(network: PooledClassifier) -> None:
    network.freeze(1)
    (block,) = network._skipped
    plain = block.forward
    block.forward = own = lambda *args, **kwargs: plain(*args, **kwargs)
    network.hidden_states = KeptStates(torch.zeros(2, 4, 32), [span.key for span in padded_rows(IDS, MASK)])
    with network.cached_below(lambda: padded_rows(IDS, MASK), IDS):
        assert block.forward is not own
    assert block.forward is own


def test_dropped_cache_is_closed_and_never_asked_again(network: PooledClassifier) -> None:
    network.hidden_states = kept = KeptStates(torch.zeros(2, 4, 32), [])
    network.drop_caches()
    assert kept.closed and network.hidden_states is None
