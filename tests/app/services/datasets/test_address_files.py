"""Files from addresses: only from hosts that are allowed, never inward, within limits."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from app.errors import StudioError
from app.services.datasets.address_files import allowed_hosts, check_address, fetch_file, shown_address
from tests.conftest import forget_settings

TABLE = b"text,label\n" + b"".join(b"row %d,%s\n" % (n, (b"a", b"b")[n % 2]) for n in range(60))
ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/rows.csv": (200, {"Content-Type": "text/csv"}, TABLE),
    "/page": (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>"),
    "/private": (403, {}, b""),
    "/broken": (500, {}, b""),
    "/moved": (302, {"Location": "/rows.csv?signature=secret"}, b""),
    "/round": (302, {"Location": "/round"}, b""),
    "/inward": (302, {"Location": "https://169.254.169.254/latest"}, b""),
    "/plain": (302, {"Location": "http://example.org/rows.csv"}, b""),
}


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, headers, content = ANSWERS.get(self.path.partition("?")[0], (404, {}, b""))
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def settings(studio_home: Path, site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    allow(monkeypatch, f"{site}, data.example.org")
    yield
    forget_settings()


def allow(monkeypatch: pytest.MonkeyPatch, hosts: str) -> None:
    monkeypatch.setenv("STUDIO_FETCH_HOSTS", hosts)
    forget_settings()


def refusal(address: str, target: Path, max_bytes: int = 10**6) -> str:
    with pytest.raises(StudioError) as caught:
        fetch_file(address, target, max_bytes, lambda done, total: None)
    assert caught.value.message and caught.value.hint and not target.exists()
    return caught.value.code


def test_file_arrives_with_its_name_and_hash(site: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = fetch_file(f"{site}/moved", tmp_path / "file", 10**6, lambda *counted: seen.append(counted))
    assert (tmp_path / "file").read_bytes() == TABLE and seen[-1] == (len(TABLE), len(TABLE))
    assert (found.name, found.sha256, found.bytes) == ("rows.csv", hashlib.sha256(TABLE).hexdigest(), len(TABLE))
    assert shown_address(f"{site}/rows.csv?signature=secret#x") == f"{site}/rows.csv"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/page", "address_page"),
        ("/private", "address_private"),
        ("/broken", "address_failed"),
        ("/none", "address_not_found"),
        ("/round", "address_redirects"),
        ("/plain", "address_not_allowed"),
        ("/inward", "address_not_allowed"),
    ],
)
def test_each_failure_is_told(site: str, tmp_path: Path, path: str, code: str) -> None:
    assert refusal(site + path, tmp_path / "file") == code


def test_redirect_inward_is_refused_where_every_public_host_is_allowed(
    site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, f"{site}, *")
    assert refusal(f"{site}/inward", tmp_path / "file") == "address_inward"
    assert refusal("https://localhost:1/rows.csv", tmp_path / "file") == "address_inward"


def test_inner_host_is_asked_only_where_it_is_named_with_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allow(monkeypatch, "localhost, https://localhost:9")
    assert refusal("https://localhost:1/rows.csv", tmp_path / "file") == "address_inward"
    assert refusal("https://localhost:9/rows.csv", tmp_path / "file") == "address_unreachable"


def test_limits_of_bytes_and_time_hold(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(f"{site}/rows.csv", tmp_path / "file", 100) == "address_too_large"
    monkeypatch.setenv("STUDIO_FETCH_SECONDS", "1e-9")
    forget_settings()
    with pytest.raises(StudioError, match="did not arrive within"):
        fetch_file(f"{site}/rows.csv", tmp_path / "late", 10**6, lambda done, total: None)


def test_host_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    allow(monkeypatch, "http://127.0.0.1:9")
    assert refusal("http://127.0.0.1:9/rows.csv", tmp_path / "file") == "address_unreachable"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://data.example.org/x", "address"),
        ("rows.csv", "address"),
        ("s3://bucket/rows.csv", "address"),
        ("https://[::1/x", "address"),
        ("https://host\N{ACCOUNT OF}.org/", "address"),
        ("https://data.example.org/a\x00b", "address"),
        ("https://me:secret@data.example.org/x", "address_password"),
        ("http://data.example.org/x", "address_not_allowed"),
        ("https://elsewhere.org/x", "address_not_allowed"),
    ],
)
def test_other_addresses_are_refused(address: str, code: str) -> None:
    with pytest.raises(StudioError) as caught:
        check_address(address)
    assert caught.value.code == code


def test_nothing_is_fetched_unless_an_administrator_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_address(" https://data.example.org/x ") == "https://data.example.org/x"
    allow(monkeypatch, "")
    assert allowed_hosts() == frozenset()
    with pytest.raises(StudioError, match="not fetched from addresses here"):
        check_address("https://data.example.org/x")
