"""Reads a tokenizer in whatever format transformers knows (SentencePiece, word lists), for a process of its own."""

from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.languages import gettext as _


def read_tokenizer(folder: Path) -> str:
    """The tokenizer of a folder as the content of a ``tokenizer.json``.

    Raises:
        Rejected: ``no_tokenizer``.
    """
    from transformers import AutoTokenizer

    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
        return str(tokenizer.backend_tokenizer.to_str())
    except Exception as error:  # whatever a library says of a stranger's file
        raise Rejected(
            "no_tokenizer",
            _(
                "The tokenizer of this model cannot be converted: {words}",
                words=" ".join(f"{type(error).__name__}: {error}".split())[:300],
            ),
            _("Choose a model that has a file tokenizer.json."),
        ) from None
