"""Denials in the audit trail: who was refused what, from where, a bounded number of entries for each address.

Noted are requests without or with a wrong credential, refused sign-ins, what a role or a read-only token may not do, requests
from other sites, limits of rate, and objects of somebody else, which are answered as unknown ones.
"""

import ipaddress
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from app import requester
from app.db import try_write
from app.errors import StudioError
from app.services.accounts.audit_chain import record

DENIED = "denied"
STATUSES = frozenset({401, 403, 429})
# Refusals with another status that are denials all the same.
CODES = frozenset({"unknown_host", "link_used", "link_expired"})
PER_MINUTE = 5
PER_HOUR = 60
MAX_ADDRESSES = 10_000
MAX_PATH = 200
WAIT_SECONDS = 1.0


@dataclass
class _Address:
    """When entries of an address were written within the last hour, and how many denials have none."""

    written: list[float] = field(default_factory=list)
    unwritten: int = 0


class Bound:
    """Decides which denials get an entry; counts the others."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    def take(self, address: str) -> tuple[bool, dict[str, Any]]:
        """Whether this denial gets an entry, and what the entry says about those without one."""
        now = time.monotonic()
        with self._lock:
            known = self._addresses.setdefault(_network(address), _Address())
            self._addresses.move_to_end(_network(address))
            while len(self._addresses) > MAX_ADDRESSES:
                self._addresses.popitem(last=False)
            known.written = [at for at in known.written if now - at < 3600]
            minute = sum(now - at < 60 for at in known.written)
            if minute >= PER_MINUTE or len(known.written) >= PER_HOUR:
                known.unwritten += 1
                return False, {}
            known.written.append(now)
            facts: dict[str, Any] = {"without_entry": known.unwritten} if known.unwritten else {}
            known.unwritten = 0
            if minute + 1 == PER_MINUTE or len(known.written) == PER_HOUR:
                facts["bound"] = f"{PER_MINUTE} a minute, {PER_HOUR} an hour"
            return True, facts

    def give_back(self, address: str, count: int) -> None:
        """The entry for so many denials could not be written: the next one counts them."""
        with self._lock:
            if known := self._addresses.get(_network(address)):
                known.unwritten += count

    def take_unwritten(self) -> dict[str, int]:
        """Address -> denials without an entry, for addresses that have been quiet for a minute; they count as written."""
        now = time.monotonic()
        with self._lock:
            quiet = {
                address: known.unwritten
                for address, known in self._addresses.items()
                if known.unwritten and (not known.written or now - known.written[-1] >= 60)
            }
            for address in quiet:
                self._addresses[address].unwritten = 0
            return quiet


BOUND = Bound()


def is_denial(error: StudioError) -> bool:
    """Whether somebody was kept from something, rather than mistaken."""
    return error.status in STATUSES or error.code in CODES or error.withheld is not None


def note(error: StudioError, method: str = "", path: str = "") -> None:
    """Write an entry if the refusal is a denial and its address has not had too many; never raises.

    Args:
        method, path: what they asked for, without the query, in which secrets may stand.
    """
    if not is_denial(error):
        return
    address, user_id = requester.current()
    taken, facts = BOUND.take(address)
    if not taken:
        return
    kind, key = error.withheld or ("", "")
    request = f"{method} {path[:MAX_PATH]}".strip()
    data = {"code": error.code, "status": error.status, **({"request": request} if request else {}), **facts}
    if not _write(user_id, kind, key, data):
        BOUND.give_back(address, 1 + facts.get("without_entry", 0))


def note_unwritten() -> None:
    """Write one entry for each quiet address with denials that have none: how many there were."""
    for address, count in BOUND.take_unwritten().items():
        with requester.asked_from(address):
            _write(None, "", "", {"without_entry": count, "bound": f"{PER_MINUTE} a minute, {PER_HOUR} an hour"})


def _write(user_id: str | None, kind: str, key: str, data: dict[str, Any]) -> bool:
    def append(session: Session) -> None:
        record(session, user_id, DENIED, kind, key, data=data)

    return try_write(append, "a denial", wait_seconds=WAIT_SECONDS)


def _network(address: str) -> str:
    """What is bounded together: an IPv4 address, or the /64 network in which an IPv6 host chooses freely."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{address}/64", strict=False)) if parsed.version == 6 else address
