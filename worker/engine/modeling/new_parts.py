"""Finds the parts of a loaded model that no pre-training has touched: classification heads, poolers. Knows no method.

They must learn, be saved and be restored with every adapter; left to names, libraries miss them on several architectures.
"""

from collections.abc import Iterable


def find_new_parts(missing_keys: Iterable[str]) -> tuple[str, ...]:
    """Names of the modules that own the weights a checkpoint did not have.

    Args:
        missing_keys: ``missing_keys`` of transformers' ``from_pretrained(..., output_loading_info=True)``.
    """
    return tuple(sorted({key.rpartition(".")[0] for key in missing_keys if "." in key}))
