"""A full fine-tune made small: the nearest change that its rank allows, and how much of the whole that is."""

import pytest
import torch

from app.errors import Rejected
from tests.tiny import make_spec
from tests.worker.engine.merging.adapted import answer, changes
from worker.engine.loop.train import train
from worker.engine.merging.lora_extraction import extract_lora
from worker.engine.reporting.list_report import ListReport


def test_a_full_fine_tune_becomes_a_lora_that_holds_what_its_rank_allows(make_job, body) -> None:
    job = make_job(make_spec({"kind": "full"}, epochs=6, learning_rate=5e-3))
    train(job, ListReport())
    tuned = type(body()).from_pretrained(job.folder / "adapter", add_pooling_layer=False).eval()
    far = (answer(tuned) - answer(body())).norm()
    small, large = extract_lora(body(), tuned, 2), extract_lora(body(), tuned, 32)
    assert 0 < small.linear_share < large.linear_share
    # Rank 32 is the whole of these layers; what stays away are offsets, norms and embeddings.
    assert large.linear_share == pytest.approx(1, abs=1e-5)
    assert small.total_share < large.total_share < 1
    for name, change in changes(large.model).items():
        name = name.removeprefix("base_model.model.")
        wanted = tuned.get_submodule(name).weight - body().get_submodule(name).weight
        assert torch.allclose(change, wanted, atol=1e-5)
    assert (answer(large.model) - answer(tuned)).norm() < (answer(small.model) - answer(tuned)).norm() < far


def test_shrinking_what_did_not_change_is_refused(body) -> None:
    with pytest.raises(Rejected, match="equals its base"):
        extract_lora(body(), body(), 4)


def test_change_of_the_given_rank_is_recovered_and_other_weights_count_in_the_whole(body) -> None:
    tuned = body()
    layer = tuned.encoder.layer[0].attention.self
    torch.manual_seed(0)
    with torch.no_grad():
        # Rank 2 by construction; squared sizes of the two changes are 1 and 3.
        change = torch.randn(32, 2) @ torch.randn(2, 32)
        layer.query.weight += change / change.norm()
        layer.query.bias += torch.full((32,), (3 / 32) ** 0.5)
    small = extract_lora(body(), tuned, 2)
    assert small.linear_share == pytest.approx(1, abs=1e-4)
    assert small.total_share == pytest.approx(1 / 4, abs=1e-4)


def test_another_model_is_refused(body) -> None:
    with pytest.raises(Rejected) as caught:
        extract_lora(body(), torch.nn.Linear(2, 2), 4)
    assert caught.value.code == "not_this_base"
