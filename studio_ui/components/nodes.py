"""A description of HTML elements as JSON, which `view.js` turns into elements; text in it can never become markup.

An element is ``[tag, attributes, *children]``, a text is a string.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from studio_ui.formats import percent

Node = str | list[Any]

TAGS = frozenset(
    "a abbr article aside b blockquote br button caption code datalist dd del details div dl dt em fieldset figcaption figure "
    "footer form h1 h2 h3 h4 header hr i img input ins kbd label legend li mark meter ol option output p polyline pre progress q "
    "s section select small span strong sub summary sup svg table tbody td textarea tfoot th thead time tr ul".split()
)
# A link leads into the studio, to a place in the page, or openly elsewhere; never to a script.
LINKS = ("/", "#", "?", "https://", "http://")


def el(tag: str, *children: "Node | list[Node] | int | None", cls: str = "", **attributes: Any) -> Node:
    """One element. ``None`` and empty children are left out; a list of nodes is taken as its items.

    ``cls`` is the class; underscores in other names become hyphens (``aria_label``, ``data_id``); ``None`` and ``False`` drop
    an attribute, ``True`` makes it empty.

    Raises:
        ValueError: an element or link that a page may not contain.
    """
    if tag not in TAGS:
        raise ValueError(f"<{tag}> is not among the elements of a view: {', '.join(sorted(TAGS))}.")
    found: dict[str, Any] = {"class": cls} if cls else {}
    for name, value in attributes.items():
        if value is not None and value is not False:
            found[name.rstrip("_").replace("_", "-")] = "" if value is True else value
    if "href" in found and not str(found["href"]).startswith(LINKS):
        raise ValueError(f"The link {found['href']!r} does not begin with one of {', '.join(LINKS)}.")
    return [tag, found, *_flat(children)]


def _flat(children: Any) -> list[Node]:
    found: list[Node] = []
    for child in children:
        if child is None or child == "" or child is False:
            continue
        # A list whose first item is no tag is a list of nodes.
        if isinstance(child, list) and not is_element(child):
            found += _flat(child)
        else:
            found.append(child if isinstance(child, list) else str(child))
    return found


def is_element(node: Any) -> bool:
    """Whether this is one element, not a text and not a list of nodes."""
    return isinstance(node, list) and len(node) > 1 and isinstance(node[0], str) and isinstance(node[1], dict)


def action(
    text: "Node",
    name: str,
    value: Any = None,
    *,
    look: str = "",
    confirm: tuple[str, str, str] | None = None,
    **attributes: Any,
) -> Node:
    """A button that triggers the view's ``action`` event with ``{"name", "value"}``.

    ``confirm`` is title, text and verb of a dialog that asks first.
    """
    asked = dict(zip(("title", "text", "action"), confirm, strict=True)) if confirm else None
    cls = attributes.pop("cls", f"button {look}".strip())
    return el(
        "button", text, cls=cls, type="button", action={"name": name, "value": value, "confirm": asked}, **attributes
    )


def choice(text: "Node", query: Mapping[str, str | None], *, pressed: bool | None = None, **attributes: Any) -> Node:
    """A button that puts parameters into the page's address, without loading it, and lets the view ask anew.

    Args:
        query: name -> value; None takes a parameter out of the address.
        pressed: whether this is what is chosen now; None for a button that is no switch.
    """
    state = None if pressed is None else str(pressed).lower()
    cls = attributes.pop("cls", "button")
    return el("button", text, cls=cls, type="button", query=dict(query), aria_pressed=state, **attributes)


def noting(text: "Node", changes: list[dict[str, Any]], words: str, **attributes: Any) -> Node:
    """A button that adds changes of rows to those that wait in the page's ``DataRows``; ``words`` say there what they do.

    It does so without the server, so that clicks in quick succession all count.
    """
    return el("button", text, type="button", noted={"changes": changes, "words": words}, **attributes)


def form(name: str, children: "list[Node]", **attributes: Any) -> Node:
    """Fields that are sent together: the view's ``action`` event has ``{"name", "value": {field: text}}``."""
    return el("form", children, action={"name": name}, **attributes)


def copy_button(text: "Node", copied: str, **attributes: Any) -> Node:
    """A button that puts a text on the clipboard."""
    return el("button", text, cls=attributes.pop("cls", "button"), type="button", copied=copied, **attributes)


def chooser(label: str, name: str, value: Any, options: list[tuple[str, str]], chosen: str, **attributes: Any) -> Node:
    """A list to choose from; a choice triggers the view's ``action`` event with ``{"name", "value": [value, choice]}``.

    ``options`` are pairs of a value and its words.
    """
    made = [el("option", words, value=option) for option, words in options]
    acted = {"name": name, "value": value}
    return el("select", made, aria_label=label, action=acted, data_chosen=chosen, **attributes)


def asker(
    parameter: str,
    options: "Sequence[tuple[str, str]]",
    chosen: str,
    *,
    default: str | None = None,
    **attributes: Any,
) -> Node:
    """A list to choose from that puts a parameter into the page's address, and lets the view ask anew.

    ``options`` are pairs of a value and its words. The ``default`` does not stand in the address; it is the first value unless
    given.
    """
    first = options[0][0]
    shown = chosen if chosen in [value for value, _ in options] else first
    made = [el("option", words, value=value) for value, words in options]
    usual = first if default is None else default
    return el("select", made, parameter=parameter, data_chosen=shown, data_default=usual, **attributes)


def stay(text: "Node", address: str, **attributes: Any) -> Node:
    """A link to another state of the page it stands on. Nothing is loaded but what follows the address."""
    return el("a", text, href=address, stays="yes", **attributes)


def moment(seconds: float | None, style: str = "ago") -> Node:
    """A time, written in the browser in its language and time zone.

    Args:
        seconds: since 1970, UTC.
        style: ``ago`` ("5 min ago", kept up to date), ``clock`` (time of day), ``short`` (day and time) or ``full``.
    """
    return el("time", data_seconds=seconds, data_style=style) if seconds is not None else ""


def banner(severity: str, title: str, hint: "Node" = "", code: str = "", *actions: "Node") -> Node:
    """A message in the page with what to do about it. ``severity`` is good, info, warning or error."""
    mark, word = {
        "good": ("✓", _("Good")),
        "info": ("i", _("Note")),
        "warning": ("!", _("Warning")),
        "error": ("✕", _("Problem")),
    }[severity]
    return el(
        "div",
        el("span", mark, cls="verdict-mark", aria_hidden="true"),
        el(
            "div",
            el("strong", el("span", f"{word}: ", cls="sr-only"), title),
            el("p", hint, cls="banner-hint") if hint else None,
            el("p", _("Code "), el("code", code), cls="banner-code") if code else None,
            el("div", *actions, cls="actions") if actions else None,
        ),
        cls=f"verdict verdict-{severity} banner",
        role="alert" if severity == "error" else "status",
        data_code=code or None,
    )


def empty_state(title: str, text: str, link: tuple[str, str] | None = None) -> Node:
    """What a page shows when there is nothing to show: what is missing, and the way on as ``(address, words)``."""
    return el(
        "div",
        el("p", title, cls="empty-title"),
        el("p", text, cls="muted") if text else None,
        el("a", link[1], href=link[0], cls="button primary") if link else None,
        cls="empty",
    )


def facts(pairs: "list[tuple[str, Node]]", cls: str = "summary") -> Node:
    """Names and values as a description list."""
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in pairs], cls=cls)


def table(
    label: str,
    heads: "list[tuple[str, str]]",
    rows: "list[list[Node]]",
    *,
    id_: str = "",
    row_ids: list[str] | None = None,
) -> Node:
    """A small table in a box that scrolls by itself; the first cell of a row is its heading.

    ``heads`` are pairs of words and class (``number`` aligns right); ``row_ids`` become ``data-id`` of the rows.
    """
    head = [el("th", words or el("span", label, cls="sr-only"), scope="col", cls=cls) for words, cls in heads]
    body = []
    for at, row in enumerate(rows):
        cells = [el("td", cell, cls=heads[place][1]) for place, cell in enumerate(row) if place]
        body.append(el("tr", el("th", row[0], scope="row"), cells, data_id=row_ids[at] if row_ids else None))
    return el(
        "div",
        el("table", el("thead", el("tr", head)), el("tbody", body), cls="data-table", id=id_ or None),
        cls="table-box",
        tabindex="0",
        role="region",
        aria_label=label,
    )


def share_bar(share: float) -> Node:
    """A bar with its number; the number alone carries the meaning."""
    fill = el("span", cls="bar-fill", style=f"width: {max(1, round(share * 100))}%")
    return el(
        "span",
        el("span", fill, cls="bar", aria_hidden="true"),
        el("span", percent(share), cls="bar-number"),
        cls="probability",
    )
