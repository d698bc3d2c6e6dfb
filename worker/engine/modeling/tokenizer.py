"""Loading the tokenizer of a base model or of a download; one text or two of them as one sequence of tokens."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer

# Stands before a second text where the tokenizer puts nothing between two texts that ends the first one, as those of decoders.
SEPARATOR = "\n"


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model or adapter folder."""
    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def separator(tokenizer: Any) -> str:
    """What is written before a second text; nothing where the tokenizer's own encoding of two texts ends the first one.

    A token that begins a text is no such end: some decoders' tokenizers write it before each of two texts.
    """
    encoded = tokenizer("a", "b")
    sides = encoded.sequence_ids()
    last, first = len(sides) - 1 - sides[::-1].index(0), sides.index(1)
    between = set(encoded["input_ids"][last + 1 : first])
    return "" if between - {tokenizer.bos_token_id} else SEPARATOR


def tokenize(
    tokenizer: Any, inputs: Sequence[str | tuple[str, str]], max_length: int | None = None
) -> Mapping[str, list[list[int]]]:
    """``input_ids`` of texts, or of pairs of texts; of pairs ``token_type_ids`` too where the tokenizer gives them.

    Args:
        max_length: tokens of an input that are kept. Of two texts the longer one is cut first, each at its end; None cuts nothing.
    """
    options = {"truncation": max_length is not None, "max_length": max_length, "verbose": False}
    if not inputs or isinstance(inputs[0], str):
        return {"input_ids": tokenizer(list(inputs), **options)["input_ids"]}
    before = separator(tokenizer)
    firsts, seconds = zip(*inputs, strict=True)
    encoded = tokenizer(list(firsts), [f"{before}{text}" for text in seconds], **options)
    return {name: encoded[name] for name in ("input_ids", "token_type_ids") if name in encoded}
