"""Checks the files of a model before anything of ours or of a library relies on them. Runs in a process of its own.

Started by :mod:`app.services.models.limited_process` as ``python -m``, with the folder on its command line; the answer is one
line of JSON on standard output. Reads no weights, only the header of each file of weights.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.outside_names import path_inside
from app.services.models.limited_process import answer

# The format's own limit, see the documentation of safetensors.
MAX_HEADER_BYTES = 100_000_000
MAX_DEPTH = 64
MAX_SIDES = 8
# What lets a configuration choose program code.
FORBIDDEN = ("auto_map", "trust_remote_code", "_attn_implementation_internal", "custom_generate", "custom_pipelines")
ATTENTION = (None, "eager", "sdpa", "flash_attention_2")
INDEX = "model.safetensors.index.json"
# Their keys are words of texts, not settings.
VOCABULARIES = ("tokenizer.json", "vocab.json")
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
IDENTIFIERS = ("model_type", "tokenizer_class", "processor_class")
BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}


def check_files(folder: Path) -> None:
    """Check every configuration, the tokenizer and the header of each file of weights.

    Raises:
        Rejected: ``forbidden_key``, ``model_file`` or ``safetensors``, naming the file and what is wrong.
    """
    for path in sorted(folder.rglob("*.json")):
        if path.name == INDEX:
            _check_index(folder, _parsed(path))
        elif path.name not in VOCABULARIES:
            check_config(path.name, _parsed(path))
    for path in sorted(folder.rglob("*.safetensors")):
        check_weights(path)
    if (folder / "tokenizer.json").exists():
        _check_tokenizer(folder / "tokenizer.json")


def check_config(name: str, config: Any) -> None:
    """Refuse keys, at any depth, that make a library load code, and names that are none."""
    for key, value in _entries(name, config):
        if key in FORBIDDEN and value:
            raise Rejected(
                "forbidden_key",
                f"The file {name!r} sets {key!r}, which can make a library run code that comes with a model.",
                "Choose a model of a family that transformers knows.",
            )
        if key in ("attn_implementation", "_attn_implementation") and value not in ATTENTION:
            raise Rejected(
                "forbidden_key", f"The file {name!r} chooses {key} = {str(value)[:60]!r}.", "Choose another."
            )
        # MPT names the type of a part of its configuration with no letter at all.
        if key in IDENTIFIERS and not (value in (None, "") or (isinstance(value, str) and IDENTIFIER.fullmatch(value))):
            raise _strange(name, f"{key} is {str(value)[:60]!r}, which is no name")


def check_weights(path: Path) -> None:
    """Check the header of a safetensors file: its length, its JSON, and that the tensors fill the file without overlap."""
    size = path.stat().st_size
    with path.open("rb") as source:
        length = int.from_bytes(source.read(8), "little")
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise _damaged(path, f"its header claims {length:,} bytes")
        try:
            header = json.loads(source.read(length))
        except (ValueError, RecursionError):
            raise _damaged(path, "its header is not JSON") from None
    if not isinstance(header, dict):
        raise _damaged(path, "its header is not an object")
    spans = sorted(_span(path, key, facts) for key, facts in header.items() if key != "__metadata__")
    end = 0
    for start, stop in spans:
        if start != end:
            raise _damaged(path, "its tensors overlap or leave gaps")
        end = stop
    if end != size - 8 - length:
        raise _damaged(path, "it is longer or shorter than its tensors")


def _check_index(folder: Path, index: Any) -> None:
    """Libraries open the files that an index names, so each must be one of those that were fetched."""
    names = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise _strange(INDEX, "it lists no files of weights")
    for name in set(names.values()):
        if not path_inside(folder, name).is_file():
            raise _strange(INDEX, f"it names {name[:60]!r}, which is not there")


def _span(path: Path, key: str, facts: Any) -> tuple[int, int]:
    try:
        shape, (start, stop), bits = facts["shape"], facts["data_offsets"], BITS[facts["dtype"]]
        whole = all(type(number) is int and number >= 0 for number in (*shape, start, stop))
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, f"the entry {key[:60]!r} is none of a tensor") from None
    if not whole or len(shape) > MAX_SIDES:
        raise _damaged(path, f"the shape of {key[:60]!r} is none")
    elements = 1
    for side in shape:
        elements *= side
    if elements * bits != (stop - start) * 8:
        raise _damaged(path, f"{key[:60]!r} has another size than its shape says")
    return start, stop


def _check_tokenizer(path: Path) -> None:
    from tokenizers import Tokenizer

    try:
        Tokenizer.from_file(str(path)).encode("A text of words, numbers 1234 and \N{GRINNING FACE}." * 20)
    except Exception as error:  # the library raises a plain Exception for whatever is wrong
        raise _strange(path.name, f"its library says {str(error)[:200]!r}") from None


def _parsed(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise _strange(path.name, "it is not JSON") from None


def _entries(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    pending = [(value, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise _strange(name, f"it is nested more than {MAX_DEPTH} deep")
        if isinstance(node, dict):
            yield from node.items()
            pending.extend((below, depth + 1) for below in node.values())
        elif isinstance(node, list):
            pending.extend((below, depth + 1) for below in node)


def _strange(name: str, complaint: str) -> Rejected:
    return Rejected("model_file", f"The file {name!r} cannot be used: {complaint}.", "Choose another model.")


def _damaged(path: Path, complaint: str) -> Rejected:
    return Rejected(
        "safetensors", f"The file {path.name!r} is no sound file of weights: {complaint}.", "Choose another model."
    )


if __name__ == "__main__":
    answer(check_files)
