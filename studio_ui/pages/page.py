"""What a page declares: its address, its words and the script that fills it. Knows neither Gradio nor any data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One page.

    ``purpose`` is one sentence, shown under the title and used in the documentation. ``script`` is the ES module in
    ``assets`` that fills the element ``container``. A page without ``nav_label`` is reached from other pages and lights
    up the menu entry whose path is ``nav_under``. ``heading`` is false where the script writes its own.
    """

    path: str
    title: str
    purpose: str
    script: str
    container: str
    nav_label: str = ""
    nav_under: str = ""
    heading: bool = True
    charts: bool = False

    @property
    def route(self) -> str:
        """The address as Gradio's routes want it, without the slash."""
        return self.path.strip("/")
