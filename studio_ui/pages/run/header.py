"""Top of the run page: what the run is, how far it is, what can be done with it, and what its numbers mean."""

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from app.errors import NotFound
from app.languages import decimal, gettext_noop
from app.languages import gettext as _
from app.services.accounts.access import TO_CHANGE
from app.services.runs import runs
from app.services.runs.run_details import RunDetails
from studio_ui.components.nodes import Node, action, el, facts, moment
from studio_ui.components.view import Content
from studio_ui.formats import count, duration
from studio_ui.pages.run.tiles import run_tiles
from studio_ui.pages.run.verdict_part import sentence_nodes, sentence_of, verdict_list
from studio_ui.pages.run.wanted import (
    NEEDS,
    SECONDS_BETWEEN_LOOKS,
    is_active,
    judged,
    permits_of,
    wanted_run,
    writes,
)
from studio_ui.run_words import STATES, done_share, method_title, model_title, phase_words, state_chip

ENDED_BADLY = ("failed", "cancelled", "diverged")
PHASES = {
    "failed": gettext_noop("Failed; the reason is below."),
    "cancelled": gettext_noop("Stopped on request."),
    "diverged": gettext_noop("Training diverged; the last checkpoint with finite numbers is kept."),
}
TRAINING = gettext_noop("Training")


def about(user_id: str, query: Mapping[str, str]) -> list[Node] | Node:
    """Star, method, model, data and tags."""
    try:
        run = wanted_run(user_id, query)
    except NotFound:
        # Said once, by the part below.
        return ""
    made = run.spec.get("origin") or {}
    method = _("An adapter merged into its model") if made.get("kind") == "merged" else method_title(run.method)
    data = el("a", f"{run.dataset.name} @ {run.dataset.version}", href=f"/datasets?{urlencode({'id': run.dataset.id})}")
    words = [method, _(" on "), model_title(run.base_model), _(" with "), data, _(", created "), moment(run.created_at)]
    nodes = [
        el("div", _star(run), el("p", words, cls="muted", id="run-about"), cls="run-about-row"),
        el("ul", [_tag(tag) for tag in run.tags], cls="tags", id="run-tags", aria_label=_("Tags"), hidden=not run.tags),
    ]
    closed: list[Node] = permits_of(user_id, run).close(nodes, NEEDS)
    return closed


def _star(run: RunDetails) -> Node:
    return action(
        "★" if run.starred else "☆",
        "star",
        not run.starred,
        cls="star",
        id="run-star",
        aria_pressed=str(run.starred).lower(),
        aria_label=_("Remove the star") if run.starred else _("Give this run a star"),
    )


def _tag(tag: str) -> Node:
    link = el("a", tag, href=f"/runs?{urlencode({'tag': tag})}", title=_("Runs with the tag {tag}", tag=tag))
    return el(
        "li",
        link,
        action("×", "untag", tag, cls="tag-remove", aria_label=_("Remove the tag {tag}", tag=tag)),
        cls="tag tag-removable",
    )


def live(user_id: str, query: Mapping[str, str]) -> Content:
    """State, progress, actions, verdicts and tiles; asked for again while the run works."""
    try:
        run = wanted_run(user_id, query)
    except NotFound as error:
        return Content(_missing(error))
    comparison = judged(user_id, run)
    sentence = sentence_of(run, query)
    verdicts = verdict_list(run, comparison.verdicts.get(run.id, []), sentence)
    tiles = run_tiles(user_id, run, comparison)
    permits = permits_of(user_id, run)
    buttons = [button for button in permits.close(_actions(run), NEEDS) if button]
    nodes = [
        el("h1", run.name, cls="sr-only"),
        permits.close(sentence_nodes(user_id, run, sentence), NEEDS) if sentence else "",
        el("div", _progress(run), cls="run-progress-row"),
        facts(found, cls="facts") if (found := _facts(run)) else "",
        el("div", buttons, cls="actions", id="run-actions"),
        permits.note(TO_CHANGE),
        # A finished run is read from its numbers to what they mean, one that works from what is wrong with it.
        *permits.close([tiles, *verdicts] if sentence else [*verdicts, tiles], NEEDS),
    ]
    again = SECONDS_BETWEEN_LOOKS if is_active(run) else None
    return Content(nodes, again=again, title=f"{run.name} · {STATES[run.state][1]}")


def _missing(error: NotFound) -> Node:
    return el(
        "div",
        el("p", error.message, cls="empty-title"),
        el("p", error.hint, cls="muted"),
        el("a", _("Go to Runs"), href="/runs", cls="button primary"),
        cls="empty run-missing",
    )


def _progress(run: RunDetails) -> list[Node]:
    done = 0.0 if run.state == "queued" else done_share(run.progress or {})
    bar = el(
        "progress",
        max=100,
        value=None if done is None else 100 * done,
        id="run-progress",
        aria_label=_("Progress of the run"),
    )
    words = el(
        "p",
        el("span", state_chip(run.state), id="run-state"),
        el("span", _phase(run), id="run-phase", role="status", aria_live="polite"),
        cls="run-phase-row",
    )
    return [words, *([bar] if is_active(run) else [])]


def _phase(run: RunDetails) -> str:
    if run.paused:
        return _("Paused; it waits until its owner resumes it.")
    if run.state == "queued":
        position = run.queue_position or "?"
        first = _("Next in the queue; it starts as soon as the trainer is free.")
        return first if position == 1 else _("Number {position} in the queue.", position=position)
    if is_active(run):
        return (
            _("Stopping; the last checkpoint is kept.")
            if run.cancel_requested
            else phase_words(run.phase or "Starting", run.progress or {})
        )
    if run.state == "succeeded":
        return _("It took {duration}, waiting not counted.", duration=_taken(run))
    return _(PHASES[run.state])


def _taken(run: RunDetails) -> str:
    return duration((run.finished_at or time.time()) - (run.started_at or time.time()))


def _facts(run: RunDetails) -> list[tuple[str, Node]]:
    progress, waiting, now = run.progress or {}, run.state == "queued", time.time()
    found: list[tuple[str, Node]] = []
    if progress.get("total_steps") and not waiting:
        found.append(
            (
                _("Step"),
                _("{part} of {total}", part=count(progress.get("step") or 0), total=count(progress["total_steps"])),
            )
        )
    if progress.get("epoch") is not None and not waiting:
        found.append((_("Pass over the data"), decimal(progress["epoch"], 2)))
    if run.started_at and run.state != "succeeded":
        found.append((_("Running for") if is_active(run) else _("Took"), _taken(run)))
    elif waiting:
        found.append((_("Waiting for"), duration(now - run.created_at)))
    if run.state == "running":
        found.append((_("Time left"), _time_left(run.phase, progress)))
    if run.attempt > 1:
        found.append((_("Attempt"), str(run.attempt)))
    return found


def _time_left(phase: str, progress: Mapping[str, Any]) -> str:
    """What the trainer can tell is the time of training; saving and testing come after it."""
    seconds = progress.get("eta_seconds") or 0
    if seconds > 0 and progress.get("parts"):
        return _("about {seconds} of training, all folds and the model on all rows", seconds=duration(seconds))
    if seconds > 0 and phase in ("", TRAINING):
        return _("about {seconds} of training, then the test", seconds=duration(seconds))
    steps = progress.get("total_steps")
    return (
        _("training is done; the test is on its way") if steps and progress.get("step") == steps else _("not known yet")
    )


def _actions(run: RunDetails) -> list[Node | None]:
    learned = not run.spec.get("origin")
    retry = _("Retry from the last checkpoint") if run.state == "failed" else _("Resume")
    # A run made of other runs learned nothing that could be learned again with changes.
    clone = _link("run-clone", f"/new?{urlencode({'clone': run.id})}", _("Clone and change")) if learned else None
    share = action(_("Share"), "share", run.id, id="run-share")
    if is_active(run):
        return [*_work_actions(run), clone, share]
    if run.state in ENDED_BADLY:
        return [action(retry, "resume", run.id, look="primary", id="run-resume"), clone, share]
    address = urlencode({"run": run.id})
    return [
        _link("run-try", try_address(run), _("Try it"), "primary"),
        el(
            "a",
            _("Download adapter"),
            href=f"/api/v1/runs/{run.id}/adapter",
            download="",
            id="run-download",
            cls="button",
        ),
        _link("run-compare", f"/compare?{urlencode({'runs': run.id})}", _("Compare")),
        share,
        _link("run-shootout", f"/experiments?{address}", _("Compare with other methods")),
        _train_on(run) if learned and not run.spec.get("training", {}).get("cross_validation_folds") else None,
        clone,
    ]


def _train_on(run: RunDetails) -> Node:
    """The button that trains a finished run further; closed, with the reason, where no checkpoint is left to go on from."""
    words = _("Train one more pass")
    if runs.keeps_checkpoint(run.id):
        return action(words, "continue", run.id, id="run-continue")
    reason = runs.no_checkpoint()
    why = f"{reason.message} {reason.hint}"
    # Not disabled: the reason is to be reached with the keyboard, too.
    return el("button", words, type="button", cls="button", id="run-continue", aria_disabled="true", title=why)


def _work_actions(run: RunDetails) -> list[Node]:
    waiting = run.state == "queued"
    words = _("Take out of the queue") if waiting else _("Stop and keep checkpoint")
    stop = action(
        _("Stopping…") if run.cancel_requested else words,
        "cancel",
        waiting,
        look="stop",
        id="run-stop",
        disabled=run.cancel_requested,
    )
    if run.paused:
        return [action(_("Resume"), "resume", run.id, look="primary", id="run-resume"), stop]
    if run.cancel_requested:
        return [stop]
    pause = _("Pausing…") if run.pause_requested else _("Pause")
    return [action(pause, "pause", waiting, id="run-pause", disabled=run.pause_requested), stop]


def try_address(run: RunDetails, step: int | None = None) -> str:
    """Where this model, or as it was at one step, is tried: classifiers label texts, others chat beside the base model."""
    name = run.id if step is None else f"{run.id}@{step}"
    if writes(run):
        return f"/chat?{urlencode({'models': f'base:{run.base_model},{name}'})}"
    return f"/playground?{urlencode({'models': name})}"


def _link(id_: str, href: str, words: str, look: str = "") -> Node:
    return el("a", words, href=href, id=id_, cls=f"button {look}".strip())
