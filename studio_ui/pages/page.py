"""What a page declares: its address, its words and what builds it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import gradio as gr


@dataclass(frozen=True)
class Page:
    """One page.

    ``purpose`` is one sentence, shown under the title and used in the documentation. ``build(blocks)`` adds the page's
    components and listeners. A page without ``nav_label`` is reached from other pages and lights up the menu entry whose path
    is ``nav_under``. ``heading`` is false where the page writes its own. ``charts`` loads the chart library. ``first_step(query)``
    is the number of the step that the page's `gr.Walkthrough` shows first, by the parameters of the address.
    """

    path: str
    title: str
    purpose: str
    build: Callable[[gr.Blocks], None]
    nav_label: str = ""
    nav_under: str = ""
    heading: bool = True
    charts: bool = False
    first_step: Callable[[Mapping[str, str]], int] | None = None

    @property
    def route(self) -> str:
        """The address as Gradio's routes want it, without the slash."""
        return self.path.strip("/")
