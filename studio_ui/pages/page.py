"""What a page declares: its address, its words and what builds it."""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr


@dataclass(frozen=True)
class Page:
    """One page.

    ``purpose`` is one sentence, shown under the title and used in the documentation. ``build(blocks)`` adds the page's
    components and listeners. A page without ``nav_label`` is reached from other pages and lights up the menu entry whose path
    is ``nav_under``. ``heading`` is false where the page writes its own. ``charts`` loads the chart library.
    """

    path: str
    title: str
    purpose: str
    build: Callable[[gr.Blocks], None]
    nav_label: str = ""
    nav_under: str = ""
    heading: bool = True
    charts: bool = False

    @property
    def route(self) -> str:
        """The address as Gradio's routes want it, without the slash."""
        return self.path.strip("/")
