"""Hosts that a fetch may contact: the hub itself, and public ones that it names; never one inside a private network.

A hub, or whoever answers in its place, chooses the address that a file comes from. Unchecked, it could let the studio read from
servers that only this machine can reach.
"""

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from app.errors import Rejected
from app.settings import get_settings


def guard_requests() -> None:
    """Make the hub library check the host of every request and redirect from now on; safe to repeat."""
    from huggingface_hub import set_client_factory

    # The library does not export its own factory.
    from huggingface_hub.utils._http import default_client_factory

    def guarded() -> Any:
        client = default_client_factory()
        client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], _check_request]}
        return client

    set_client_factory(guarded)


def check_host(host: str, port: int | None) -> None:
    """Refuse a host that is inside a private network, unless it is the hub or an administrator allows it.

    Raises:
        Rejected: ``hub_inward``.
    """
    settings = get_settings()
    hub = urlsplit(settings.hub_url)
    allowed = {name.strip().lower() for name in settings.hub_inner_hosts.split(",") if name.strip()}
    if host.lower() in allowed or (host.lower(), port) == ((hub.hostname or "").lower(), hub.port):
        return
    if inner := next((address for address in _addresses(host) if not is_public(address)), None):
        raise Rejected(
            "hub_inward",
            f"The hub sends this fetch to {host!r} ({inner}), which lies inside a private network.",
            "If that is your own mirror, an administrator can name it in STUDIO_HUB_INNER_HOSTS.",
        )


def _check_request(request: Any) -> None:
    check_host(request.url.host, request.url.port)


def _addresses(host: str) -> list[str]:
    if getproxies() and not _is_address(host):
        # The proxy finds the address; this machine may not know it.
        return ["127.0.0.1"] if host.lower().rstrip(".").endswith("localhost") else []
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)})
    except OSError:
        return []  # the request itself fails on it, and says so


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public network."""
    parsed = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_global
