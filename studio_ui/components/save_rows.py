"""A button that saves rows of a page as a CSV file, without a request."""

from typing import Any

from app.languages import gettext as _
from app.languages import gettext_noop
from studio_ui.components.browser_component import BrowserComponent

DOWNLOAD = gettext_noop("Download as CSV")


class SaveRows(BrowserComponent):
    """``value`` is ``{"name": file name, "rows": [[cell, ...], ...]}``; without rows nothing is shown."""

    module = "save_rows.js"

    def __init__(self, value: Any = None, *, label: str = DOWNLOAD, **options: Any) -> None:
        super().__init__(value=value, words=_(label), **options)

    def api_info(self) -> dict[str, Any]:
        """Name and rows."""
        cells = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
        return {"type": "object", "properties": {"name": {"type": "string"}, "rows": cells}}

    def example_payload(self) -> Any:
        """Two rows."""
        return {"name": "replies.csv", "rows": [["Prompt", "Model"], ["Hello", "Hi"]]}
