"""Does slow first uses before a job arrives: lazy imports and the first matrix products."""

import torch


def warm_up() -> None:
    """Import what a run imports inside functions, and let torch make its threads and kernels."""
    import peft  # noqa: F401 - the import is the purpose
    import sklearn.linear_model  # noqa: F401
    from transformers import AutoModel, AutoTokenizer, BertModel  # noqa: F401

    layer = torch.nn.Linear(64, 64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        layer(torch.ones(8, 64)).sum().backward()
