"""Making and revoking read-only links to the comparison as it looks now."""

import ipaddress
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import gradio as gr

from app.languages import gettext as _
from app.services.evaluation import shares
from app.services.evaluation.shares import DAY, MAX_DAYS, ShareSummary
from app.settings import get_settings
from studio_ui.components.comparison import ComparisonBoard
from studio_ui.components.nodes import Node, action, banner, el, moment
from studio_ui.components.page_state import PageState
from studio_ui.components.view import View, reload, show
from studio_ui.formats import counted
from studio_ui.session import listen, user_of

USUAL_DAYS = 30
# The address as it is now, which the person may have changed since the page was opened.
ADDRESS = "(_, ...rest) => [location.search, ...rest]"
FOCUS = "() => document.querySelector('#share-panel input')?.focus()"


def build_sharing() -> Callable[[ComparisonBoard], None]:
    """The panel, and what connects it to the button *Share* of a comparison."""
    with gr.Column(visible=False, elem_id="share-panel", elem_classes="card") as panel:
        View(describe_sharing, lines=0)
        address = PageState("")
        days = gr.Number(
            USUAL_DAYS,
            label=_("Days until it stops working"),
            precision=0,
            minimum=1,
            maximum=MAX_DAYS,
            elem_id="share-days",
        )
        rows = gr.Checkbox(label=_("Show held-out rows and their answers, too"), elem_id="share-rows")
        with gr.Row():
            make = gr.Button(_("Make a link"), variant="primary", elem_id="share-make")
            close = gr.Button(_("Close"), elem_id="share-close")
        link = gr.Textbox(
            label=_("The link, shown only now"),
            visible=False,
            interactive=False,
            max_lines=1,
            buttons=["copy"],
            elem_id="share-link",
        )
        warning = View(elem_id="share-warning")
        listed = View(describe_links, lines=0, elem_id="share-list")
    listen(close.click, lambda: gr.update(visible=False), None, panel, queued=False)
    listen(make.click, make_link, [address, days, rows], [link, warning, listed], js=ADDRESS)
    listen(listed.action, revoke_link, None, listed)

    def connect(comparison: ComparisonBoard) -> None:
        opened = listen(comparison.sharing, lambda: gr.update(visible=True), None, panel, queued=False)
        listen(opened.then, None, None, None, js=FOCUS)

    return connect


def make_link(address: str, days: float | None, rows: bool, request: gr.Request) -> tuple[Any, Any, Any]:
    """A link to the runs in the address, which opens as the page looks now."""
    query = dict(parse_qsl(str(address).lstrip("?")))
    run_ids = [run_id for run_id in query.pop("runs", "").split(",") if run_id]
    _, token = shares.create(
        user_of(request), run_ids, view=urlencode(query), days=int(days or USUAL_DAYS), with_rows=bool(rows)
    )
    origin = address_for_others(request.headers.get("origin", ""))
    return gr.update(value=f"{origin}/shared#{token}", visible=True), show(loopback_warning(origin)), reload()


def revoke_link(request: gr.Request, event: gr.EventData) -> Any:
    """Close a link for good."""
    shares.revoke(user_of(request), str(event.value))
    gr.Success(_("Revoked; the link is shut."))
    return reload()


def address_for_others(origin: str) -> str:
    """Where other people reach the studio: the address that was set, or else the one that this browser uses."""
    settings = get_settings()
    return settings.public_url.rstrip("/") or origin or settings.address


def loopback_warning(origin: str) -> list[Node]:
    """That nobody else can open the link, and what to set, where the address is one of this computer alone."""
    host = urlsplit(origin).hostname or ""
    if not is_loopback(host):
        return []
    return [
        banner(
            "warning",
            _("Only this computer can open the link: its address is {host}.", host=host),
            _(
                "For others, let the studio listen on the network (STUDIO_HOST=0.0.0.0), set STUDIO_PUBLIC_URL to the address "
                "that they type, such as https://studio.example.org, and start the studio again. Links made afterwards have that "
                "address."
            ),
        )
    ]


def is_loopback(host: str) -> bool:
    """Whether a host name leads back to the computer that asks."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def describe_sharing(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """What a link shows."""
    words = _(
        "Whoever has the link sees these runs: results, settings, curves and names, as the page looks now. Nothing can be "
        "changed through it, and no other run is shown."
    )
    return [el("h2", _("Share this comparison")), el("p", words, cls="muted")]


def describe_links(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """The links that are open."""
    found = shares.list_shares(user_id)
    if not found:
        return []
    return [el("h3", _("Open links")), el("ul", [_line(share) for share in found], cls="share-items")]


def _line(share: ShareSummary) -> Node:
    left = max(1, round((share.expires_at - time.time()) / DAY))
    rows = _(" with rows") if share.with_rows else ""
    opened = _(", {left} left, opened {opened}", left=counted(left, "day"), opened=counted(share.opened, "time"))
    return el(
        "li",
        el(
            "span",
            _("{runs}{rows}, made ", runs=counted(len(share.runs), "run"), rows=rows),
            moment(share.created_at),
            opened,
        ),
        action(_("Revoke"), "revoke", share.id, look="small stop"),
        data_share=share.id,
    )
