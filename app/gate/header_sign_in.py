"""Sign-in by a header that a proxy sets, such as oauth2-proxy or Authelia do: who is believed, and who is refused.

The address that counts is that of the connection itself. What `X-Forwarded-For` says can name anybody.
"""

import ipaddress
import logging

from starlette.types import Scope

from app.errors import NotAllowed
from app.languages import gettext as _
from app.settings import get_settings

logger = logging.getLogger(__name__)
MAX_CHARACTERS = 255


def check_header(scope: Scope) -> None:
    """Refuse the header from anybody but the configured proxies.

    Raises:
        NotAllowed: 403 ``forged_header``.
    """
    if _values(scope) and not _is_proxy(_peer(scope)):
        logger.warning("the sign-in header came from %s, which is none of the configured proxies", _peer(scope))
        raise NotAllowed(
            "forged_header",
            _("A request from this address may not say who is signed in."),
            _("Open the studio through its proxy. Administrators: STUDIO_SIGN_IN_HEADER_PROXIES names the proxies."),
        )


def named_by_proxy(scope: Scope) -> str | None:
    """Whom the proxy names.

    Returns:
        Their name there; empty where it names nobody, or several; ``None`` for a request that came past the proxies, or where
        none is configured.
    """
    if not get_settings().sign_in_header or not _is_proxy(_peer(scope)):
        return None
    values = _values(scope)
    name = values[0].strip() if len(values) == 1 else ""
    return name if len(name) <= MAX_CHARACTERS and name.isprintable() else ""


def _values(scope: Scope) -> list[str]:
    wanted = get_settings().sign_in_header.strip().lower().encode("latin-1", "replace")
    if not wanted:
        return []
    return [value.decode("utf-8", "replace") for name, value in scope["headers"] if name == wanted]


def _peer(scope: Scope) -> str:
    """The other end of the connection; a server that does not keep it apart has believed no proxy."""
    return str(scope.get("peer") or (scope.get("client") or ("",))[0])


def _is_proxy(address: str) -> bool:
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    for words in get_settings().sign_in_header_proxies.split(","):
        try:
            if words.strip() and peer in ipaddress.ip_network(words.strip(), strict=False):
                return True
        except ValueError:
            logger.error("STUDIO_SIGN_IN_HEADER_PROXIES: %r is no address and no network", words.strip())
    return False
