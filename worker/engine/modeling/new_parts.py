"""Finds the newly initialized modules of a loaded model: classification heads, poolers.

They must train, be saved and be restored with every adapter; by names alone, libraries miss them on several architectures.
"""

from collections.abc import Iterable


def find_new_parts(missing_keys: Iterable[str]) -> tuple[str, ...]:
    """Names of the modules that own the weights a checkpoint did not have.

    Args:
        missing_keys: ``missing_keys`` of transformers' ``from_pretrained(..., output_loading_info=True)``.
    """
    return tuple(sorted({key.rpartition(".")[0] for key in missing_keys if "." in key}))
