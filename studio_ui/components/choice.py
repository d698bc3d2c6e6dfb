"""A dropdown whose choices come with a page's data."""

from typing import Any

import gradio as gr


class Choice(gr.Dropdown):
    """Takes any choice that comes back; the service that it is given to checks it.

    Gradio itself compares a choice with those that it remembers for the browser's session, which are gone after a restart
    of the server, while the page is still open.
    """

    is_template = True

    def preprocess(self, payload: Any) -> Any:
        """What was chosen, as it came."""
        return payload
