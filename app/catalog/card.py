"""The description of a base model: words for people and the sizes that estimates need."""

from dataclasses import dataclass
from typing import Any

Shape = tuple[int, int]


@dataclass(frozen=True)
class BlockFacts:
    """Sizes of one block, as :class:`BaseModelCard` describes them.

    ``other_weights`` take part in the products of a token without being a linear layer: experts (as many as a token goes through)
    and bare matrices.
    """

    linear_shapes: tuple[Shape, ...]
    attention_shapes: int
    parameters: int
    norm_parameters: int
    other_weights: int = 0


@dataclass(frozen=True)
class BaseModelCard:
    """One base model: words for people and the numbers for estimates.

    ``linear_shapes`` are (inputs, outputs) of every linear layer in one block; ``pooling`` and ``normalize`` say how the
    encoder was trained to turn token vectors into one sentence vector; ``load_arguments`` go to ``from_pretrained``;
    ``block_parameters`` are all weights of one block, biases and norms included. Of ``linear_shapes`` the first
    ``attention_shapes`` belong to the attention part, the last leads out of the feed-forward part;
    ``block_norm_parameters`` and ``outer_norm_parameters`` are the weights of the norms in one block and outside of the
    blocks; ``key_width`` is the width of keys and values where it differs from ``hidden_size``.

    What a fetched model was found to be: ``architecture`` is ``encoder``, ``decoder`` or ``encoder-decoder``, of which
    ``context_length`` is what the encoder reads and ``target_length`` what the decoder writes (0: as much), and whose blocks are
    the encoder's, then the decoder's; ``kinds`` are those of
    :mod:`app.catalog.methods.capabilities` that transformers has a class for; where blocks differ, ``block_kinds`` are the different
    ones and ``block_order`` has the number of each block's kind; a text goes ``passes`` times through all of them (ALBERT shares
    its weights); ``output_parameters`` are those of an output layer that is not tied to the embeddings; ``lacks`` are the parts
    of :data:`app.catalog.methods.requirements.PARTS` that are missing; ``fused_attention`` says whether torch's kernel serves.
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
    model_type: str = ""
    architecture: str = ""
    kinds: tuple[str, ...] = ()
    block_kinds: tuple[BlockFacts, ...] = ()
    block_order: tuple[int, ...] = ()
    passes: int = 1
    output_parameters: int = 0
    tied: bool = False
    heads: int = 0
    key_value_heads: int = 0
    experts: int = 0
    experts_used: int = 0
    target_length: int = 0
    lacks: tuple[str, ...] = ()
    fused_attention: bool = True

    @property
    def blocks(self) -> tuple[BlockFacts, ...]:
        """Every block from the input upwards."""
        if self.block_kinds:
            return tuple(self.block_kinds[number] for number in self.block_order)
        norms = self.block_norm_parameters
        return (BlockFacts(self.linear_shapes, self.attention_shapes, self.block_parameters, norms),) * self.layers

    @property
    def blocks_parameters(self) -> int:
        """All weights of all blocks."""
        return sum(block.parameters for block in self.blocks)

    @property
    def block_weights(self) -> float:
        """Weights that a token is multiplied with in one block, on average over the blocks; every pass counts."""
        return self.passes * sum(map(multiplied, self.blocks)) / max(1, self.layers)

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
            "model_type": self.model_type,
            "architecture": self.architecture,
            "experts": self.experts,
            "experts_used": self.experts_used,
        }


def multiplied(block: BlockFacts) -> int:
    """Weights of a block that one token is multiplied with."""
    return sum(inputs * outputs for inputs, outputs in block.linear_shapes) + block.other_weights
