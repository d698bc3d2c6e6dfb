"""Same-site rules: the Host header must be one of ours, and a change must come from our own pages.

They prevent DNS rebinding and cross-site requests. Pure functions of the ASGI scope and the settings.
"""

import re
from urllib.parse import urlsplit

from starlette.types import Scope

from app.errors import NotAllowed, StudioError
from app.languages import gettext as _
from app.settings import get_settings

HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:(?P<port>\d{1,5}))?")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


def check_host(scope: Scope) -> None:
    """Refuse a Host that is not the studio's own name.

    Raises:
        StudioError: 400 ``unknown_host``.
    """
    values = _all(scope, b"host")
    match = HOST.fullmatch(values[0]) if len(values) == 1 else None
    if match is None or match["name"].lower() not in _names(scope):
        raise StudioError(
            "unknown_host",
            _("The studio does not answer under this name."),
            _("Use the address that the studio printed, or set STUDIO_PUBLIC_URL to the address people type."),
        )


def check_origin(scope: Scope) -> None:
    """Refuse a change that another site's page sent, or whose sender does not say where it comes from.

    Raises:
        NotAllowed: 403 ``cross_site``.
    """
    origins = _all(scope, b"origin")
    sites = _all(scope, b"sec-fetch-site")
    good_origin = len(origins) == 1 and origins[0].lower() in _own_origins(scope)
    good_site = sites == ["same-origin"]
    if (good_origin or not origins) and (good_site or not sites) and (good_origin or good_site):
        return
    raise NotAllowed(
        "cross_site",
        _("This change did not come from a page of the studio."),
        _("Repeat it on the studio's own page; programs send an API token instead of a cookie."),
    )


def is_secure(scope: Scope) -> bool:
    """Whether people reach the studio over HTTPS, directly or through the proxy named in STUDIO_PUBLIC_URL."""
    public = get_settings().public_url
    return public.startswith("https://") if public else scope["scheme"] == "https"


def _names(scope: Scope) -> set[str]:
    settings = get_settings()
    names = {*LOOPBACK, settings.host.lower()}
    if settings.public_url:
        names.add(_bracketed(urlsplit(settings.public_url).hostname or ""))
    elif scope.get("server"):
        # The address the connection arrived at is a number, which no hostile name server can point elsewhere.
        names.add(_bracketed(scope["server"][0]))
    return names - {"0.0.0.0", "[::]", "::"}


def _own_origins(scope: Scope) -> set[str]:
    origins = {f"{scope['scheme']}://{host.lower()}" for host in _all(scope, b"host")}
    if public := get_settings().public_url:
        parts = urlsplit(public)
        origins.add(f"{parts.scheme}://{parts.netloc}".lower())
    return origins


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name.lower()


def _all(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
