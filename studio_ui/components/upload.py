"""A place to drop a data file."""

from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.browser_component import BrowserComponent

ACCEPTED = tuple(
    ".csv .tsv .tab .psv .xlsx .xlsm .json .jsonl .ndjson .parquet .pq .txt .text .md "
    ".conll .conllu .bio .iob .iob2 .bioes .gz .gzip .zip .docx .pdf .arrow .feather .ft .qa .markdown .nlu .yml .yaml".split()
)
WORDS = gettext_noop(
    "CSV, Excel, JSON, JSON Lines, Parquet, CoNLL or text, also zipped, with one example per row; or PDF and Word documents, whose "
    "text is learned. It stays on this machine."
)


class DataUpload(BrowserComponent):
    """Sends a file, and a test file if there is one, to ``POST /api/v1/datasets`` with progress and a way to stop it.

    ``uploaded`` has ``{"dataset", "check", "name"}``: the id of the dataset or of the check that makes it, and the file's
    name. ``refused`` has ``{"error": {"code", "message", "hint", "details"}, "name"}``. No file passes Gradio's own routes.
    """

    module = "upload.js"
    sends = ("uploaded", "refused")

    def __init__(self, *, accept: tuple[str, ...] = ACCEPTED, words: str = WORDS, **options: Any) -> None:
        super().__init__(accept=list(accept), words=_(words), **options)

    def api_info(self) -> dict[str, Any]:
        """It has no value."""
        return {"type": "null"}
