"""An accordion that holds fields."""

from typing import Any

import gradio as gr


class Accordion(gr.Accordion):
    """A `gr.Accordion` whose fields are there while it is closed.

    Gradio makes the content of a closed accordion when it is opened, and writes the first values into the fields again one frame
    later: what was typed by then is lost.
    """

    # Gradio shows a subclass that says so by the component of the class above it. It has no constructor of its own, because
    # Gradio reads from the constructor's signature what the configuration holds.
    is_template = True

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]
        """Gradio's configuration. Only ``false`` makes it leave out the content; an accordion of ``0`` is closed all the same."""
        return {**super().get_config(), "open": self.open or 0}
