"""A small OpenID Connect provider on a loopback port: discovery, keys, and codes that count once, with PKCE checked.

A test says beforehand whom it vouches for and what is wrong with the next identity token.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "studio", "a secret of the studio's"


class Provider:
    """What the provider knows and says; ``claims`` go into every identity token, ``spoiled`` over them into the next one."""

    def __init__(self) -> None:
        self.issuer = ""
        self.claims: dict[str, Any] = {"sub": "u-1", "preferred_username": "Ann Beck"}
        self.spoiled: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.rotate()

    def rotate(self, *, listed: bool = True, name: str = "") -> None:
        """Sign with a new key from now on; of this name, if one is given."""
        self.key = RSAKey.generate_key(2048, {"kid": name or secrets.token_hex(4), "use": "sig", "alg": "RS256"})
        if listed:
            self.keys = [self.key]

    def authorize(self, query: dict[str, str]) -> str:
        """The person agrees: the address to which the browser returns."""
        assert query["response_type"] == "code" and query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state'], 'iss': self.issuer})}"

    def redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Tokens for a code, once."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.claims | self.spoiled
        self.spoiled = {}
        token = jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": token}

    def answer(self, path: str) -> dict[str, Any]:
        """What is read without signing in."""
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        named = ("authorization_endpoint", "authorize"), ("token_endpoint", "token"), ("jwks_uri", "keys")
        ends = {name: f"{self.issuer}/{place}" for name, place in (*named, ("end_session_endpoint", "out"))}
        return {"issuer": self.issuer, **ends}


@contextmanager
def serving() -> Iterator[Provider]:
    """The provider at its issuer's address, in threads of this process."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            if parts.path == "/authorize":
                self.send_response(303)
                self.send_header("Location", provider.authorize(dict(parse_qsl(parts.query))))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(200, provider.answer(parts.path))

        def do_POST(self) -> None:
            expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            known = self.headers.get("Authorization") == expected
            self._send(*(provider.redeem(form) if known else (401, {"error": "invalid_client"})))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
