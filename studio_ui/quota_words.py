"""What a person or a project uses of its limits, as the pages say it before a limit is reached."""

from app.languages import gettext as _
from app.languages import localized
from app.services.accounts.limits import NEAR, Usage
from studio_ui.components.nodes import Node, banner, el
from studio_ui.formats import byte_size, count


def usage_facts(usage: Usage) -> list[tuple[str, Node]]:
    """Runs, GPU hours and disk, each with its limit where there is one."""
    hours = localized(f"{usage.hours:.1f}")
    return [
        (_("Runs waiting or working"), _of(count(usage.active), count(usage.max_active) if usage.max_active else "")),
        (
            _("GPU hours in the last seven days"),
            _of(hours, localized(f"{usage.max_hours:g}") if usage.max_hours else ""),
        ),
        (_("Disk"), _of(byte_size(usage.bytes), byte_size(usage.max_bytes) if usage.max_bytes else "")),
    ]


def run_limits(usage: Usage, whose: str) -> Node:
    """A warning where the next run is refused soon, or already; empty where that is far."""
    used = []
    if usage.max_active and usage.active >= usage.max_active * NEAR:
        used.append(_("{active} of {most} runs", active=count(usage.active), most=count(usage.max_active)))
    if usage.max_hours and usage.hours >= usage.max_hours * NEAR:
        hours = localized(f"{usage.hours:.1f}")
        used.append(_("{hours} of {most} GPU hours this week", hours=hours, most=localized(f"{usage.max_hours:g}")))
    return _warning(used, whose)


def disk_limit(usage: Usage, whose: str) -> Node:
    """What is left for uploads where they are limited: a line, or a warning where it is nearly used up."""
    if not usage.max_bytes:
        return ""
    taken = _("{used} of {most} on disk", used=byte_size(usage.bytes), most=byte_size(usage.max_bytes))
    if usage.bytes >= usage.max_bytes * NEAR:
        return _warning([taken], whose)
    return el("p", f"{whose}: {taken}", cls="muted small")


def _warning(used: list[str], whose: str) -> Node:
    if not used:
        return ""
    hint = _("When a limit is reached, what comes next is refused. An administrator can raise it.")
    return banner("warning", f"{whose}: {', '.join(used)}", hint)


def _of(used: str, most: str) -> str:
    return _("{part} of {total}", part=used, total=most) if most else used
