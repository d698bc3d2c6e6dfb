"""The cache of a running batch: each row gets the logits that it has alone."""

import random

import torch

from worker.engine.serving.kv_cache import BatchCache, prefill, supports_batching
from worker.engine.serving.shared_weights import share_weights


def test_rows_join_and_leave_in_any_order(base):
    rng, rows, texts = random.Random(3), BatchCache(), []
    with torch.no_grad():
        for _ in range(40):
            if texts and rng.random() < 0.25:
                stays = [at for at in range(len(texts)) if rng.random() < 0.6]
                rows.select(stays)
                texts = [texts[at] for at in stays]
            if len(texts) < 5 and rng.random() < 0.5:
                texts.append([rng.randrange(1, 90) for _ in range(rng.randrange(1, 12))])
                rows.add(prefill(base, torch.tensor([texts[-1]]))[0], len(texts[-1]))
            if texts and max(map(len, texts)) < 100:
                new = [rng.randrange(1, 90) for _ in texts]
                logits = rows.step(base, new)
                texts = [[*ids, token] for ids, token in zip(texts, new, strict=True)]
                expected = torch.stack([base(torch.tensor([ids])).logits[0, -1] for ids in texts])
                assert torch.allclose(logits, expected, atol=1e-4, rtol=1e-4)


def test_models_without_batching_are_detected(base):
    assert supports_batching(base)

    class IgnoresMask(torch.nn.Module):
        """Attends to masked tokens."""

        def __init__(self) -> None:
            super().__init__()
            self.inner, self.config, self.generation_config = base, base.config, base.generation_config

        def forward(self, attention_mask: torch.Tensor, **kwargs: object) -> object:
            return self.inner(attention_mask=torch.ones_like(attention_mask), **kwargs)

    assert not supports_batching(IgnoresMask())
    special = share_weights(base)
    special.generation_config = type(base.generation_config)(min_p=0.3)
    assert not supports_batching(special)


def test_what_no_row_needs_any_more_is_freed(base):
    rows = BatchCache()
    with torch.no_grad():
        for ids in ([1, 5, 9, 4, 2, 6], [7, 1]):
            rows.add(prefill(base, torch.tensor([ids]))[0], len(ids))
    assert (rows.lengths, rows._cache.get_seq_length()) == ([6, 2], 6)
    rows.select([1])
    assert (rows.lengths, rows._cache.get_seq_length()) == ([2], 2)
    rows.select([])
    assert rows.lengths == [] and rows._cache is None


def test_prefill_computes_the_logits_of_the_last_token_only_and_in_fp32(base):
    ids = torch.tensor([[1, 5, 9]])
    seen = []
    hook = base.get_output_embeddings().register_forward_hook(lambda *args: seen.append(args[2].shape[1]))
    with torch.no_grad():
        _, logits = prefill(base, ids)
        expected = base(ids).logits[0, -1]
    hook.remove()
    assert seen == [1, 3]
    assert logits.dtype == torch.float32 and torch.allclose(logits, expected, atol=1e-5)
