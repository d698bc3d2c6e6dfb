"""Fetches one data file from an ``https`` address, within what an administrator allows.

``STUDIO_FETCH_HOSTS`` names the hosts; a star stands for every public one. Each redirect is checked like the first address, and
names are looked up here, once, for the very connection that is made: a name whose address changes in between leads nowhere else.
"""

import hashlib
import ipaddress
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import httpcore
import httpx

from app.errors import Conflict, NotAllowed, NotFound, Rejected, StudioError, TooLarge
from app.languages.statements import stated
from app.processes import certificates
from app.services.remote.hub_hosts import is_public
from app.settings import get_settings

ANY = "*"
MAX_ADDRESS, MAX_REDIRECTS = 2000, 5
CHUNK_BYTES = 256 * 1024
# Of one connection and of one silence.
TIMEOUT = httpx.Timeout(30.0, connect=15.0)
REDIRECTS = (301, 302, 303, 307, 308)

ByteProgress = Callable[[int, int], None]


@dataclass(frozen=True)
class FetchedFile:
    """What has arrived: the name that the address gives it, and the SHA-256 of its bytes."""

    name: str
    sha256: str
    bytes: int


def allowed_hosts() -> frozenset[str]:
    """The entries of ``STUDIO_FETCH_HOSTS``, in small letters."""
    return frozenset(name.strip().lower() for name in get_settings().fetch_hosts.split(",") if name.strip())


def check_address(address: str) -> str:
    """The address without blanks, if data may be fetched from it.

    Raises:
        NotAllowed: an administrator allows no addresses, or not this host.
        Rejected: it is none that can be fetched.
    """
    cleaned, allowed = address.strip(), allowed_hosts()
    if not allowed:
        raise NotAllowed(
            "addresses_not_allowed",
            stated("Files are not fetched from addresses here."),
            stated("Upload the file, or let an administrator name the host in STUDIO_FETCH_HOSTS."),
        )
    if cleaned.lower().startswith("s3:"):
        raise Rejected(
            "address",
            stated("Addresses that begin with s3: are not fetched."),
            stated("Make a presigned address of the file, which begins with https:, and give that."),
        )
    try:
        parts = urlsplit(cleaned)
        httpx.URL(cleaned)
    except (ValueError, httpx.InvalidURL):
        raise _no_address(cleaned) from None
    if len(cleaned) > MAX_ADDRESS or parts.scheme not in ("https", "http") or not parts.hostname:
        raise _no_address(cleaned)
    if parts.username or parts.password:
        raise Rejected(
            "address_password",
            stated("The address holds a user name or a password, which would be stored with it."),
            stated("Make a presigned address, or upload the file."),
        )
    _check_allowed(cleaned, allowed)
    return cleaned


def shown_address(address: str) -> str:
    """The address without its query, which may hold a signature that opens the file."""
    return urlsplit(address)._replace(query="", fragment="").geturl()


def fetch_file(address: str, target: Path, max_bytes: int, progress: ByteProgress) -> FetchedFile:
    """Write the file at an address to ``target``.

    Args:
        progress: called with (bytes fetched, bytes in all or 0).

    Raises:
        StudioError: the address, the host, or a limit of bytes or of time.
    """
    deadline = time.monotonic() + get_settings().fetch_seconds
    try:
        with _client() as client:
            return _follow(client, check_address(address), target, max_bytes, deadline, progress)
    except httpx.TimeoutException:
        raise _unreachable(address, stated("it did not answer in time")) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.ConnectError, UnicodeError, OSError):
        raise _unreachable(address, stated("the connection failed")) from None


def _follow(
    client: httpx.Client, address: str, target: Path, max_bytes: int, deadline: float, progress: ByteProgress
) -> FetchedFile:
    for _ in range(MAX_REDIRECTS + 1):
        with client.stream("GET", address) as answer:
            if answer.status_code in REDIRECTS and (location := answer.headers.get("location")):
                address = check_address(urljoin(address, location))
                continue
            _check_answer(answer, address, max_bytes)
            return _write(answer, address, target, max_bytes, deadline, progress)
    raise Rejected(
        "address_redirects",
        stated("The address leads from one to the next more than {limit} times.", limit=MAX_REDIRECTS),
        stated("Give the address of the file itself."),
    )


def _check_answer(answer: httpx.Response, address: str, max_bytes: int) -> None:
    status = answer.status_code
    if status in (401, 403):
        raise Conflict(
            "address_private",
            stated("The host does not give the file without a sign-in (status {status}).", status=str(status)),
            stated("Make a presigned address, or upload the file."),
        )
    if status in (404, 410):
        raise NotFound(
            "address_not_found",
            stated("There is no file at {address}.", address=shown_address(address)),
            stated("Check the address; it may have run out."),
        )
    if status != 200:
        raise Conflict(
            "address_failed",
            stated("The host answered with status {status}.", status=str(status)),
            stated("Try again later."),
        )
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise Rejected(
            "address_page",
            stated("At the address is a web page, not a data file."),
            stated("Give the address of the file itself; pages often name it “raw” or “download”."),
        )
    if _length(answer) > max_bytes:
        raise _too_large(max_bytes)


def _write(
    answer: httpx.Response, address: str, target: Path, max_bytes: int, deadline: float, progress: ByteProgress
) -> FetchedFile:
    digest, size, total = hashlib.sha256(), 0, _length(answer)
    with target.open("wb") as out:
        for chunk in answer.iter_bytes(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise _too_large(max_bytes)
            if time.monotonic() > deadline:
                raise Conflict(
                    "address_too_slow",
                    stated(
                        "The file did not arrive within {seconds} seconds.", seconds=round(get_settings().fetch_seconds)
                    ),
                    stated("Upload it, or let an administrator raise STUDIO_FETCH_SECONDS."),
                )
            out.write(chunk)
            digest.update(chunk)
            progress(size, total)
    name = unquote(urlsplit(address).path).rpartition("/")[2] or urlsplit(address).netloc
    return FetchedFile(name, digest.hexdigest(), size)


def _check_allowed(address: str, allowed: frozenset[str]) -> None:
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if f"{parts.scheme}://{parts.netloc.lower()}" in allowed:
        return
    if parts.scheme == "https" and (host in allowed or ANY in allowed):
        return
    reason = (
        stated("Only addresses that begin with https:// are fetched.")
        if parts.scheme != "https"
        else stated("Files are not fetched from {host} here.", host=repr(host))
    )
    named = ", ".join(sorted(allowed - {ANY}))
    hint = stated("Allowed are: {hosts}.", hosts=named) if named else stated("Upload the file instead.")
    raise NotAllowed("address_not_allowed", reason, hint)


def _client() -> httpx.Client:
    transport = httpx.HTTPTransport(verify=certificates.trusted())
    transport._pool = httpcore.ConnectionPool(ssl_context=certificates.trusted(), network_backend=_CheckedNetwork())
    return httpx.Client(transport=transport, timeout=TIMEOUT, follow_redirects=False, headers={"accept": "*/*"})


class _CheckedNetwork(httpcore.SyncBackend):
    """Connects to an address that was checked, never to a name that is looked up once more."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)]
        # A host alone stands for what is public there: an inner one is named with its port.
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        named = allowed_hosts() & {f"http://{place}".lower(), f"https://{place}".lower()}
        inner = next((item for item in found if not is_public(item)), "")
        if inner and not named:
            raise _inward(host, inner)
        return super().connect_tcp(found[0], port, timeout, local_address, socket_options)


def _no_address(address: str) -> StudioError:
    return Rejected(
        "address",
        stated("{address} is not the address of a file.", address=repr(address[:120])),
        stated("Give an address that begins with https:// and leads to the file itself."),
    )


def _inward(host: str, inner: str) -> StudioError:
    return Rejected(
        "address_inward",
        stated(
            "{host} ({address}) lies inside a private network.",
            host=repr(host),
            address=str(ipaddress.ip_address(inner)),
        ),
        stated("If it may be asked, an administrator can name it as https://host:port in STUDIO_FETCH_HOSTS."),
    )


def _unreachable(address: str, reason: str) -> StudioError:
    return Conflict(
        "address_unreachable",
        stated("{host} cannot be reached: {reason}.", host=repr(urlsplit(address).hostname or ""), reason=reason),
        stated("Check the address and the network, and try again."),
    )


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(
        "address_too_large",
        stated("The file is larger than {limit} MB.", limit=round(max_bytes / 1e6)),
        stated("Give a smaller file, or let an administrator raise STUDIO_MAX_UPLOAD_BYTES."),
        details={"limit_bytes": max_bytes},
    )


def _length(answer: httpx.Response) -> int:
    declared = answer.headers.get("content-length", "")
    # Of a packed answer it is the size before unpacking.
    return int(declared) if declared.isdigit() and "content-encoding" not in answer.headers else 0
