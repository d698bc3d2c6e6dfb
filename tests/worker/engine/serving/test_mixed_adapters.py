"""Several adapters on one base model in one batch."""

import gc

import pytest
import torch
from peft import PeftModel

from app.catalog.methods.dora import Dora
from app.catalog.methods.lora import Lora
from tests.worker.engine.serving.decoding import PROMPTS, make_handles
from worker.engine.serving.kv_cache import BatchCache, prefill
from worker.engine.serving.mixed_adapters import MixedAdapters
from worker.engine.serving.shared_weights import share_weights


@pytest.mark.parametrize(("number", "supported"), [(0, True), (1, True), (2, True), (3, False)])
def test_plain_lora_of_any_rank_can_be_mixed_and_dora_cannot(base, tuned, number: int, supported: bool) -> None:
    assert MixedAdapters(base).supports(tuned[number], Lora()) is supported


def test_method_that_does_not_declare_it_and_whole_models_are_not_mixed(base, tuned) -> None:
    assert not MixedAdapters(base).supports(tuned[0], Dora())
    assert not MixedAdapters(base).supports(base, Lora())


def test_logits_of_a_row_do_not_depend_on_other_adapters_in_the_batch(base, tuned):
    handles = make_handles(base, tuned)[:4]
    rows = BatchCache()
    with torch.no_grad():
        for handle, ids in zip(handles, PROMPTS, strict=False):
            rows.add(prefill(handle.model, torch.tensor([ids]))[0], len(ids))
        model = handles[0].mixed.model_for([handle.model for handle in handles])
        logits = rows.step(model, [6, 6, 6, 6])
        for row, (handle, ids) in enumerate(zip(handles, PROMPTS, strict=False)):
            expected = handle.model(torch.tensor([[*ids, 6]])).logits[0, -1]
            assert torch.allclose(logits[row], expected, atol=1e-5, rtol=1e-5), row
    assert not torch.allclose(base(torch.tensor([[*PROMPTS[1], 6]])).logits[0, -1], logits[1], atol=1e-2)


def test_unused_adapter_is_deleted_when_a_new_one_is_added(base, tuned):
    handles = make_handles(base, tuned)
    mixed = handles[0].mixed
    mixed.model_for([base, tuned[0]])
    passing = share_weights(tuned[1])
    mixed.model_for([base, passing])
    assert len(mixed._mixed.peft_config) == 2
    del passing
    gc.collect()
    mixed.model_for([base, tuned[2]])
    assert len(mixed._mixed.peft_config) == 2
    ids = torch.tensor([PROMPTS[0]])
    expected = torch.cat([base(ids).logits, tuned[0](ids).logits, tuned[2](ids).logits])
    found = mixed.model_for([base, tuned[0], tuned[2]])(ids.repeat(3, 1)).logits
    assert torch.allclose(found, expected, atol=1e-4)


def test_mixed_adapters_share_all_weights(base, tuned):
    mixed = make_handles(base, tuned)[0].mixed
    inner = mixed.model_for([base, *tuned[:3]])
    known = {tensor.data_ptr() for model in (base, *tuned) for tensor in model.parameters()}
    assert {tensor.data_ptr() for tensor in inner.parameters()} <= known
    assert isinstance(tuned[0], PeftModel) and mixed.model_for([tuned[0], tuned[0]]) is tuned[0]
