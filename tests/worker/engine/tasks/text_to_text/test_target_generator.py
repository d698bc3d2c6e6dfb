"""Greedy answers of several sources together are those of each alone."""

from pathlib import Path

from app.catalog.card import BaseModelCard
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.tasks.text_to_text.model import load_encoder_decoder
from worker.engine.tasks.text_to_text.target_generator import TargetGenerator


def test_sources_that_share_a_batch_are_answered_as_alone(encoder_decoder: tuple[BaseModelCard, Path]) -> None:
    card, folder = encoder_decoder
    network, tokenizer = load_encoder_decoder(folder, card).eval(), load_tokenizer(folder)
    sources = [[10, 11, 12], [30, 31, 32, 33, 34, 35, 36], [50]]
    together = TargetGenerator(network, tokenizer, card.context_length).generate(sources, 8)
    alone = TargetGenerator(network, tokenizer, card.context_length, batch_rows=1).generate(sources, 8)
    assert together == alone
    assert all(len(ids) <= 8 for ids in together) and any(together)
