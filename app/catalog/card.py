"""The description of a base model: words for people and the sizes that estimates need."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class BaseModelCard:
    """One base model: words for people and the numbers for estimates.

    ``linear_shapes`` are (inputs, outputs) of every linear layer in one block; ``pooling`` and ``normalize`` say how the
    encoder was trained to turn token vectors into one sentence vector; ``load_arguments`` go to ``from_pretrained``;
    ``block_parameters`` are all weights of one block, biases and norms included. Of ``linear_shapes`` the first
    ``attention_shapes`` belong to the attention part, the last leads out of the feed-forward part;
    ``block_norm_parameters`` and ``outer_norm_parameters`` are the weights of the norms in one block and outside of the
    blocks; ``key_width`` is the width of keys and values where it differs from ``hidden_size``.
    """

    name: str
    title: str
    summary: str
    licence: str
    source: str
    parameters: int
    hidden_size: int
    layers: int
    context_length: int
    linear_shapes: tuple[tuple[int, int], ...]
    package: str
    folder: str
    weights_sha256: str
    hub_id: str
    task_types: tuple[str, ...] = ("text-classification",)
    pooling: str = "mean"
    normalize: bool = True
    load_arguments: tuple[tuple[str, Any], ...] = ()
    block_parameters: int = 0
    attention_shapes: int = 4
    block_norm_parameters: int = 0
    outer_norm_parameters: int = 0
    key_width: int = 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready facts for the Models page and the catalog route."""
        return {
            "name": self.name,
            "title": self.title,
            "summary": self.summary,
            "licence": self.licence,
            "source": self.source,
            "parameters": self.parameters,
            "hidden_size": self.hidden_size,
            "layers": self.layers,
            "context_length": self.context_length,
            "task_types": list(self.task_types),
            "fetched": not self.package,
        }
