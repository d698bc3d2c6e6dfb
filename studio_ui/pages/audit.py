"""Audit trail: who did what to which object, when and from where; for administrators."""

from collections.abc import Mapping, Sequence

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.accounts import audit, people
from app.services.accounts.audit import Entry
from app.services.accounts.audit_chain import ChainState
from app.services.accounts.denials import DENIED
from app.services.operations import retention_rules
from app.services.operations.retention_rules import RetentionRule
from studio_ui.components.nodes import Node, asker, banner, el, empty_state, moment, stay, table
from studio_ui.components.view import View
from studio_ui.formats import count
from studio_ui.pages.page import Page

PURPOSE = gettext_noop(
    "Who did what, when and from where, and what was refused. Entries form a hash chain: whoever changes or removes one is noticed."
)
# Kind of act -> its words; one that is not here is shown by its name.
ACTIONS = {
    "sign_in": gettext_noop("signed in"),
    "sign_out": gettext_noop("signed out"),
    "end_session": gettext_noop("signed browsers out"),
    "create_token": gettext_noop("created a token"),
    "revoke_token": gettext_noop("revoked a token"),
    "set_password": gettext_noop("set a password"),
    "add_second_factor": gettext_noop("added a second factor"),
    "remove_second_factor": gettext_noop("removed the second factor"),
    "reset_password": gettext_noop("reset a password"),
    "reset_second_factor": gettext_noop("reset a second factor"),
    "delete_person": gettext_noop("deleted a person"),
    "invite": gettext_noop("invited"),
    "create_link": gettext_noop("made a sign-in link"),
    "change_role": gettext_noop("changed a role"),
    "disable": gettext_noop("disabled"),
    "enable": gettext_noop("enabled"),
    "sign_out_everywhere": gettext_noop("signed somebody out everywhere"),
    "submit": gettext_noop("started"),
    "start": gettext_noop("started"),
    "cancel": gettext_noop("cancelled"),
    "pause": gettext_noop("paused"),
    "resume": gettext_noop("resumed"),
    "continue": gettext_noop("continued"),
    "delete": gettext_noop("deleted"),
    "archive": gettext_noop("archived"),
    "restore": gettext_noop("restored"),
    "rename": gettext_noop("renamed"),
    "download": gettext_noop("downloaded"),
    "export": gettext_noop("exported"),
    "share": gettext_noop("shared by a link"),
    "revoke-share": gettext_noop("revoked a shared link"),
    "fetch": gettext_noop("fetched"),
    "remove": gettext_noop("removed"),
    "mark": gettext_noop("marked"),
    "choose": gettext_noop("chose"),
    "retention": gettext_noop("deleted by rule"),
    "denied": gettext_noop("was refused"),
    "import": gettext_noop("imported"),
    "edit": gettext_noop("edited rows"),
    "change_columns": gettext_noop("changed what the columns mean"),
    "change_splits": gettext_noop("made a new split"),
    "read_again": gettext_noop("had the file read anew"),
    "unarchive": gettext_noop("brought back"),
    "move": gettext_noop("moved to another project"),
    "predict": gettext_noop("had a file answered"),
    "combined": gettext_noop("combined adapters"),
    "shrunk": gettext_noop("shrank an adapter"),
    "merged": gettext_noop("merged an adapter into its model"),
    "continue-from": gettext_noop("continued from a checkpoint"),
    "delete-checkpoint": gettext_noop("deleted a checkpoint"),
    "unshare": gettext_noop("took a share back"),
    "add": gettext_noop("added"),
    "create": gettext_noop("created"),
    "dismiss": gettext_noop("removed a member"),
    "transfer": gettext_noop("handed over"),
    "set_quota": gettext_noop("set a quota"),
    "link_identity": gettext_noop("linked an outside identity"),
}
OBJECTS = {
    "user": gettext_noop("account"),
    "run": gettext_noop("run"),
    "dataset": gettext_noop("data set"),
    "model": gettext_noop("base model"),
    "experiment": gettext_noop("experiment"),
    "share": gettext_noop("shared link"),
    "project": gettext_noop("project"),
    "conversation": gettext_noop("conversation"),
    "batch prediction": gettext_noop("file to be answered"),
    "check": gettext_noop("check of a file"),
    "fetch": gettext_noop("fetched model"),
    "export": gettext_noop("export"),
    "view": gettext_noop("saved view"),
    "prompt suite": gettext_noop("list of prompts"),
}
# Where an object is shown.
ADDRESSES = {"run": "/run?id=", "dataset": "/datasets?id=", "experiment": "/experiments?id="}
FAULTS = {
    "missing": gettext_noop("Entry {number} is missing."),
    "changed": gettext_noop("Entry {number} was changed."),
    "details": gettext_noop("Entry {number} has other details than those it was written with."),
    "end": gettext_noop("Entry {number} and all after it are missing."),
    "added": gettext_noop("Entry {number} was not written by the studio."),
}
MAX_DETAIL = 120
# A page view is no reason to compute all hashes again.
CHECK_SECONDS = 60.0


def build(blocks: gr.Blocks) -> None:
    """One view: filters, entries, the way to older ones and the download."""
    with gr.Column(elem_id="audit-page"):
        View(describe_audit, elem_id="audit", follows=("person", "action", "before"))


def describe_audit(user_id: str, query: Mapping[str, str]) -> list[Node]:
    """A page of the trail as the address asks for it."""
    person, action, before = (query.get(name, "") for name in ("person", "action", "before"))
    page = audit.list_entries(user_id, before=before, user_id=person, action=action)
    heads = [(_("When"), ""), (_("Who"), ""), (_("What"), ""), (_("Object"), ""), (_("Details"), ""), (_("From"), "")]
    shown = (
        table(_("Audit trail"), heads, [_line(entry) for entry in page.entries], id_="audit-table")
        if page.entries
        else empty_state(_("No entries"), _("Nothing of this kind has been done."))
    )
    kept = f"person={person}&action={action}"
    return [
        _filters(user_id, person, action),
        _chain_words(audit.check(user_id, max_age=CHECK_SECONDS)),
        _retention(retention_rules.rules(user_id)),
        shown,
        el(
            "div",
            stay(_("Newest"), f"?{kept}", cls="button") if before else None,
            stay(_("Older"), f"?{kept}&before={page.before}", cls="button") if page.before else None,
            el("a", _("Download all as JSON lines"), href="/api/v1/audit.jsonl", cls="button", download=True),
            cls="actions",
        ),
    ]


def _chain_words(state: ChainState) -> Node:
    """Whether the trail is whole, with the first entry that does not fit."""
    if not state.is_whole:
        words = _(FAULTS[state.fault], number=state.broken)
        hint = _("Compare with an export or a backup from before. {count} entries before it are as they were written.")
        return banner("error", _("The audit trail is broken"), f"{words} {hint.format(count=count(state.entries))}")
    line = _("The chain is whole: every entry is as it was written and none is missing.")
    noted = _("Hash of the last: {sha256}", sha256=state.sha256)
    return el("p", line, " ", el("span", noted, cls="hash"), cls="muted", id="audit-chain")


def _retention(rules: Sequence[RetentionRule]) -> Node:
    """What is deleted by rule, and how much of it is due; the rules are settings of the studio."""
    if not any(rule.days for rule in rules):
        return el("p", _("Nothing is deleted by rule."), cls="muted small", id="audit-retention")
    lines = [
        el("li", _(rule.words), " ", _("After {days} days; {due} are due.", days=f"{rule.days:g}", due=count(rule.due)))
        for rule in rules
        if rule.days
    ]
    summary = el("summary", _("What is deleted by rule"))
    return el("details", summary, el("ul", lines), cls="more", id="audit-retention")


def _filters(user_id: str, person: str, action: str) -> Node:
    everybody = [("", _("Everybody")), *((one.id, one.name) for one in people.list_people(user_id))]
    kinds = [("", _("Everything")), *((kind, _action_words(kind)) for kind in audit.list_actions(user_id))]
    return el(
        "div",
        el("label", _("Who"), asker("person", everybody, person)),
        el("label", _("What"), asker("action", kinds, action)),
        cls="toolbar",
    )


def _line(entry: Entry) -> list[Node]:
    kind = _(OBJECTS.get(entry.object_type, entry.object_type))
    address = ADDRESSES.get(entry.object_type)
    thing: Node = el("a", kind, href=address + entry.object_id) if address and entry.object_id else kind
    details = ", ".join(f"{name}: {value}" for name, value in entry.data.items() if value not in (None, ""))
    shown = details if len(details) <= MAX_DETAIL else f"{details[:MAX_DETAIL]} …"
    return [
        moment(entry.at, "full"),
        entry.person or (_("somebody") if entry.action == DENIED else _("the studio")),
        _action_words(entry.action),
        thing,
        shown or "–",
        entry.address or "–",
    ]


def _action_words(action: str) -> str:
    return _(ACTIONS[action]) if action in ACTIONS else action.replace("_", " ").replace("-", " ")


AUDIT = Page(path="/audit", title="Audit trail", nav_under="/account", purpose=PURPOSE, build=build)
