"""Copies of a model share its weights but not its structure."""

import torch

from worker.engine.serving.shared_weights import share_weights


def test_copy_shares_parameters_and_buffers_but_no_module() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    copied = share_weights(model)
    assert [tensor.data_ptr() for tensor in copied.state_dict().values()] == [
        tensor.data_ptr() for tensor in model.state_dict().values()
    ]
    copied[0] = torch.nn.Identity()
    assert isinstance(model[0], torch.nn.Linear)
