"""Colour and line pattern of compared runs, the same in charts, tables and chips.

The colours themselves are custom properties of `results.css`, so that they follow light and dark.
"""

from studio_ui.components.nodes import Node, el

BASE_INDEX = -1
PATTERNS = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash", "dot", "dashdot")


def colour(index: int) -> str:
    """The CSS colour of the run at this place; the base model has a grey of its own."""
    return "var(--run-base)" if index == BASE_INDEX else f"var(--run-{index % len(PATTERNS)})"


def swatch(index: int) -> Node:
    """A piece of the run's line in charts."""
    pattern = "dot" if index == BASE_INDEX else PATTERNS[index % len(PATTERNS)]
    return el("span", cls=f"swatch swatch-{pattern}", aria_hidden="true", style=f"color: {colour(index)}")


def dot(index: int) -> Node:
    """The run's point in charts."""
    return el("span", cls="dot-swatch", aria_hidden="true", style=f"background: {colour(index)}")
