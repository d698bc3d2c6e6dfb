"""A place to drop a data file."""

from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.browser_component import BrowserComponent
from studio_ui.components.nodes import Node, action, el

ACCEPTED = tuple(
    ".csv .tsv .tab .psv .xlsx .xlsm .json .jsonl .ndjson .parquet .pq .txt .text .md "
    ".conll .conllu .bio .iob .iob2 .bioes .gz .gzip .zip .docx .pdf .arrow .feather .ft .qa .chat .markdown .nlu .yml .yaml".split()
)
WORDS = gettext_noop(
    "CSV, Excel, JSON, JSON Lines, Parquet, CoNLL or text, also zipped, with one example per row; or PDF and Word documents, whose "
    "text is learned. It stays on this machine."
)
AFTER = gettext_noop("The report is below.")


class DataUpload(BrowserComponent):
    """Sends a file, and a test file if there is one, to a route of the REST API with progress and a way to stop it.

    ``uploaded`` has ``{"dataset", "check", "name"}``: the id of what was made, or of the check that makes it, and the file's
    name. ``refused`` has ``{"error": {"code", "message", "hint", "details"}, "name"}``. No file passes Gradio's own routes.

    Args:
        accept: endings of files that can be chosen.
        words: what is taken, below the title.
        address: the route, which takes multipart with ``file``.
        after: said once the file is read.
        with_test: whether a test file can be chosen too.
    """

    module = "upload.js"
    sends = ("uploaded", "refused")

    def __init__(
        self,
        *,
        accept: tuple[str, ...] = ACCEPTED,
        words: str = WORDS,
        address: str = "/api/v1/datasets",
        after: str = AFTER,
        with_test: bool = True,
        **options: Any,
    ) -> None:
        frame = _frame(",".join(accept), _(words), with_test)
        super().__init__(frame=frame, address=address, after=_(after), **options)

    def api_info(self) -> dict[str, Any]:
        """It has no value."""
        return {"type": "null"}


def _frame(accept: str, words: str, with_test: bool) -> list[Node]:
    """Where files are dropped, how far one is, and the choice of a test file."""
    zone = [
        el("p", _("Drop your data here"), cls="drop-title"),
        el("p", words, cls="muted"),
        _chooser("data", "data-file", _("Choose a file"), accept, "primary large"),
        el("progress", id="data-progress", max="1", aria_label=_("Upload"), hidden=True),
        el("p", id="data-status", role="status", cls="muted"),
        action(_("Cancel"), "stop", id="data-stop", look="small", hidden=True),
    ]
    test = [
        el("summary", _("I have a test file of my own")),
        el(
            "p", _("It has the same columns. Without one, a tenth of your rows is kept aside as the test."), cls="muted"
        ),
        el(
            "div",
            _chooser("test", "data-evaluation", _("Choose a test file"), accept),
            el("p", id="data-evaluation-words", cls="test-file", role="status"),
            cls="actions",
        ),
    ]
    return [el("div", zone, id="data-drop", cls="drop"), *([el("details", test, cls="more")] if with_test else [])]


def _chooser(name: str, id_: str, text: str, accept: str, look: str = "") -> list[Node]:
    """A hidden file input with a button that opens it; a native one cannot be dressed."""
    return [
        action(text, name, id=f"{id_}-choose", look=look),
        el("input", id=id_, type="file", accept=accept, cls="sr-only", tabindex="-1", aria_hidden="true"),
    ]
