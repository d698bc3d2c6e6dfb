"""A part of a page that Python describes and the browser keeps up to date."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import gradio as gr

from studio_ui.components.browser_component import BrowserComponent, query_in
from studio_ui.components.nodes import Node, banner
from studio_ui.session import refusal
from studio_ui.static_texts import filled

_VERSIONS = count(1)


@dataclass
class Content:
    """What a view shows.

    ``again`` is the number of seconds after which the browser asks anew, ``None`` for never; ``title`` becomes the title of
    the browser's tab.
    """

    nodes: Node | list[Node]
    again: float | None = None
    title: str = ""


Describe = Callable[[str, Mapping[str, str]], Content | Node]


class View(BrowserComponent):
    """Shows what ``describe(user_id, query)`` answers, where ``query`` holds the query parameters of the page's address.

    The browser asks when the page opens, when a listener returns :func:`reload`, and again after ``Content.again`` seconds
    while the tab is visible; an unchanged answer is not sent twice. Buttons made by ``nodes.action`` trigger ``action``.
    ``follows`` names parameters of the address: the browser also asks when Back, Forward or a link made by
    ``nodes.stay`` changes one of them.
    """

    module = "view.js"
    sends = ("action", "updated")

    def __init__(
        self, describe: Describe | None = None, *, lines: int = 3, follows: Sequence[str] = (), **options: Any
    ) -> None:
        def describe_view(user_id: str, data: dict[str, Any]) -> dict[str, Any]:
            query = query_in(data)
            return self.answer(user_id, query, str(data.get("known", "")))

        # Not named as the parameter is: Gradio would copy it, and all that a method is bound to, into every page's configuration.
        self.answer_with = describe
        super().__init__(
            server_functions=[describe_view] if describe else [], lines=lines, follows=list(follows), **options
        )
        # The number by which the page's head has asked for the first answer already.
        self.props["part"] = self._id

    def answer(self, user_id: str, query: Mapping[str, str], known: str = "") -> dict[str, Any]:
        """What the browser gets: nodes with their digest, or only ``same`` where ``known`` is that digest."""
        try:
            found = self.answer_with(user_id, query) if self.answer_with else ""
            content = found if isinstance(found, Content) else Content(found)
        except Exception as error:
            shown = refusal(error)
            content = Content(banner("error", shown.message, shown.hint, shown.code))
        # A view that never changes may hold texts from when its page was built.
        answer = {"nodes": filled(content.nodes), "again": content.again, "title": content.title}
        digest = hashlib.sha256(json.dumps(answer, default=str).encode()).hexdigest()[:16]
        if known == digest:
            return {"same": True, "again": content.again}
        return {**answer, "digest": digest}


def reload() -> dict[str, Any]:
    """What a listener returns to a view that shall ask for its content anew."""
    return gr.update(value={"version": next(_VERSIONS)})


def show(nodes: Node | list[Node]) -> dict[str, Any]:
    """What a listener returns to a view to show these nodes."""
    return gr.update(value={"nodes": nodes, "version": next(_VERSIONS)})
