"""Data on its way from another machine: how far it is, why it did not come, and what can be chosen instead."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.languages import gettext as _
from app.models import ACTIVE_STATES
from app.services.datasets.hub_listing import MAX_LISTED
from studio_ui.components.nodes import Node, action, banner, el
from studio_ui.formats import byte_size, count

SECOND_TRY = "fetch-otherwise"


def fetch_nodes(check: Mapping[str, Any]) -> Node:
    """A fetch before anything of it is here."""
    source = check["source"]
    box = [el("div", el("h2", _title(source)), el("span", _about(source), cls="muted"), cls="card-head")]
    if check["state"] in ACTIVE_STATES:
        box.append(_progress(check, source))
        box.append(el("p", _("You can leave this page meanwhile; the data appears in your list."), cls="muted small"))
    elif error := check["error"]:
        box.append(banner("error", error["message"], error["hint"], error["code"]))
        box.append(el("div", [*_choices(source, error), _again(check)], cls="actions fetch-choices"))
    else:
        box.append(banner("info", _("The import was stopped."), _("Nothing was kept.")))
        box.append(el("div", _again(check), cls="actions"))
    return el(
        "section", box, id="data-fetch", cls="report stack", aria_label=_("Import of {name}", name=_title(source))
    )


def source_words(source: Mapping[str, Any]) -> Node:
    """Where the rows of a dataset were fetched from, for its report."""
    parts = [_title(source), _about(source)]
    if source["kind"] == "hub":
        parts.append(_("commit {commit}", commit=source["commit"][:8]))
        if source.get("test_split"):
            parts.append(_("tested on {split}", split=source["test_split"]))
        licence = source.get("licence")
        parts.append(_("licence {licence}", licence=licence) if licence else _("it states no licence"))
    else:
        parts.append(_("SHA-256 {digest}", digest=source["sha256"][:12]))
    return el(
        "p", _("From {parts}", parts=", ".join(part for part in parts if part)), id="report-source", cls="muted small"
    )


def _title(source: Mapping[str, Any]) -> str:
    return str(source["repo"] if source["kind"] == "hub" else source["address"].split("?")[0])


def _about(source: Mapping[str, Any]) -> str:
    if source["kind"] != "hub":
        return ""
    parts = [
        _("split {split}", split=source["split"]) if source.get("split") else "",
        _("configuration {config}", config=source["config"]) if source.get("config") else "",
        _("revision {revision}", revision=source["revision"]) if source["revision"] != "main" else "",
        _("the first {rows} rows", rows=count(first))
        if (first := source.get("rows") or source.get("first_rows"))
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _progress(check: Mapping[str, Any], source: Mapping[str, Any]) -> Node:
    done, total = (check["progress"].get(name, 0) for name in ("done", "total"))
    size = byte_size if check["progress"].get("unit") == "bytes" else count
    known = _("{done} of {total}", done=size(done), total=size(total)) if total else size(done)
    unit = "" if check["progress"].get("unit") == "bytes" else f" {_('rows')}"
    words = f"{_(check['phase'])}: {known}{unit}" if done else f"{_(check['phase'])}…"
    return el(
        "div",
        el("p", words, cls="muted check-words", role="status"),
        el(
            "progress",
            max=1,
            value=min(1.0, done / total) if total else None,
            aria_label=_("Import of {name}", name=_title(source)),
        ),
        action(_("Stop"), "stop", check["id"], cls="button small check-stop"),
        cls="data-check",
        data_check=check["id"],
    )


def _again(check: Mapping[str, Any]) -> Node:
    return action(_("Try again"), "retry", check["id"], cls="button small check-retry")


def _choices(source: Mapping[str, Any], error: Mapping[str, Any]) -> list[Node]:
    """A button for each split, configuration, name or revision that the refusal offers."""
    if source["kind"] != "hub":
        return []
    details = error["details"]
    offered: Sequence[tuple[str, str]] = [
        *(("split", str(name)) for name in details.get("splits") or []),
        *(("config", str(name)) for name in details.get("configs") or []),
        *((name, str(details[name])) for name in ("repo", "revision") if details.get(name)),
    ]
    return [
        action(
            value if len(offered) > 1 else _("Import {value}", value=value),
            SECOND_TRY,
            {**source, **({"config": details["config"]} if name == "split" else {}), name: value},
            cls="button small primary" if not at else "button small",
            aria_label=_("Import {value}", value=value),
        )
        for at, (name, value) in enumerate(offered[:MAX_LISTED])
    ]
