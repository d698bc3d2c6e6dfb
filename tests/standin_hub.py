"""A stand-in for the Hugging Face Hub on loopback: the few routes that fetching a model uses, with its headers and errors."""

import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "5f91d94bd9cd7190a9f3216ff93cd1dd95f2c7be"


@dataclass
class Repo:
    """One model: files by name; ``pretends`` gives another size for a file; ``breaks_after`` bytes the line breaks once;
    ``redirects`` is where weights are said to be."""

    files: dict[str, bytes]
    gated: bool = False
    renamed: str = ""
    pretends: dict[str, int] = field(default_factory=dict)
    breaks_after: int = 0
    redirects: str = ""


class Hub:
    """Serves while it is open; ``ranges`` are the Range headers that were asked for."""

    def __init__(self, repos: dict[str, Repo]) -> None:
        self.repos, self.ranges = repos, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def log_message(self, *_: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, body: bool) -> None:
        path = unquote(urlsplit(request.path).path).strip("/")
        parts = path.removeprefix("api/models/").split("/")
        name = "/".join(parts[:2])
        repo = self.repos.get(name)
        if repo is None:
            return self._refuse(request, 401, "RepoNotFound", "Invalid username or password.")
        if repo.renamed:
            headers = {"Location": request.path.replace(name, repo.renamed)}
            return self._send(request, 307, b"", headers, body)
        rest = parts[2:]
        if path.startswith("api/"):
            return self._api(request, name, repo, rest, body)
        return self._file(request, repo, rest[1], "/".join(rest[2:]), body)

    def _api(self, request: Any, name: str, repo: Repo, rest: list[str], body: bool) -> None:
        if rest[:1] == ["auth-check"]:
            if repo.gated:
                return self._refuse(request, 403, "GatedRepo", "Access to this model is restricted.")
            return self._send(request, 200, b"{}", {}, body)
        if rest[:1] == ["revision"] and rest[1] not in ("main", COMMIT):
            return self._refuse(request, 404, "RevisionNotFound", f"Invalid rev id: {rest[1]}")
        siblings = [self._sibling(repo, file, content) for file, content in repo.files.items()]
        payload = {
            "_id": "x",
            "id": name,
            "modelId": name,
            "sha": COMMIT,
            "private": False,
            "gated": "manual" if repo.gated else False,
            "tags": [],
            "siblings": siblings,
            "cardData": {"license": "apache-2.0"},
            "downloads": 0,
            "likes": 0,
        }
        return self._send(request, 200, json.dumps(payload).encode(), {"Content-Type": "application/json"}, body)

    def _sibling(self, repo: Repo, file: str, content: bytes) -> dict[str, Any]:
        size = repo.pretends.get(file, len(content))
        payload: dict[str, Any] = {"rfilename": file, "size": size, "blobId": hashlib.sha1(content).hexdigest()}
        if file.endswith(".safetensors"):
            payload["lfs"] = {"sha256": _sha256(content), "size": size, "pointerSize": 135}
        return payload

    def _file(self, request: Any, repo: Repo, commit: str, file: str, body: bool) -> None:
        if repo.gated:
            return self._refuse(request, 403, "GatedRepo", "Access to this model is restricted.")
        content = repo.files.get(file)
        if content is None:
            return self._refuse(request, 404, "EntryNotFound", "Entry not found")
        if repo.redirects and file.endswith(".safetensors"):
            size = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": f'"{_sha256(content)}"'}
            return self._send(request, 302, b"", {**size, "X-Repo-Commit": COMMIT, "Location": repo.redirects}, body)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_sha256(content)}"', "Accept-Ranges": "bytes"}
        asked = request.headers.get("Range")
        if body and asked:
            self.ranges.append(asked)
            start = int(asked.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self._send(request, 206, content[start:], headers, body)
        if body and 0 < repo.breaks_after < len(content):
            return self._break_off(request, repo, content, headers)
        return self._send(request, 200, content, headers, body)

    def _break_off(self, request: Any, repo: Repo, content: bytes, headers: dict[str, str]) -> None:
        most, repo.breaks_after = repo.breaks_after, 0
        request.send_response(200)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(key, value)
        request.end_headers()
        request.wfile.write(content[:most])
        request.wfile.flush()
        request.close_connection = True
        request.connection.close()

    def _refuse(self, request: Any, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": message, "Content-Type": "application/json"}
        self._send(request, status, json.dumps({"error": message}).encode(), headers, request.command != "HEAD")

    def _send(self, request: Any, status: int, content: bytes, headers: dict[str, str], body: bool) -> None:
        request.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(key, value)
        request.end_headers()
        if body:
            request.wfile.write(content)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
