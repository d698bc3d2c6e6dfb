"""What a page remembers between events, kept in the page itself."""

from typing import Any

import gradio as gr


class PageState(gr.HTML):
    """An invisible JSON value, used where Gradio's tutorials use `gr.State`.

    A `gr.State` holds a connection open for every tab and is lost when the server restarts; this is neither. The browser
    sends it back with every event, so it is the person's own word: services check what it names.
    """

    def __init__(self, value: Any = None, **options: Any) -> None:
        super().__init__(
            value=value,
            html_template="",
            css_template="",
            js_on_load=None,
            visible="hidden",
            apply_default_css=False,
            **options,
        )

    def api_info(self) -> dict[str, Any]:
        """Any JSON."""
        return {}
