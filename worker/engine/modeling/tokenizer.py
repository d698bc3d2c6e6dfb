"""Loading the tokenizer of a base model or of a download."""

from pathlib import Path
from typing import Any

from transformers import AutoTokenizer


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model or adapter folder."""
    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
