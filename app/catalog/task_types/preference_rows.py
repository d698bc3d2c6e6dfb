"""A pair of answers as one text, as it is stored with what a model prefers, and back."""

from typing import NamedTuple

_CHOSEN, _REJECTED, _ELSEWHERE = "\n\n[chosen]\n", "\n\n[rejected]\n", "\n\n[rejected, in answer to]\n"


class ShownPair(NamedTuple):
    """A request with a better and a worse answer; ``other_request`` is what the worse one answers, if it is another."""

    request: str
    chosen: str
    rejected: str
    other_request: str = ""


def join_pair(request: str, chosen: str, rejected: str, other_request: str = "") -> str:
    """One text that people can read."""
    elsewhere = f"{_ELSEWHERE}{other_request}" if other_request and other_request != request else ""
    return f"{request}{_CHOSEN}{chosen}{elsewhere}{_REJECTED}{rejected}"


def split_pair(text: str) -> ShownPair:
    """What :func:`join_pair` joined; a text of another form is a request without answers."""
    request, _, rest = text.partition(_CHOSEN)
    before, _, rejected = rest.rpartition(_REJECTED)
    chosen, _, other_request = before.partition(_ELSEWHERE)
    return ShownPair(request, chosen, rejected, other_request)
