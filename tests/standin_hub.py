"""A stand-in for the Hugging Face Hub on loopback: the few routes that fetching models and data uses, with its headers and errors.

A data set is a repo under the name ``datasets/owner/name``.
"""

import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "5f91d94bd9cd7190a9f3216ff93cd1dd95f2c7be"


@dataclass
class Repo:
    """One model or data set: files by name; ``pretends`` gives another size for a file; ``breaks_after`` bytes the line breaks
    once; ``redirects`` is where weights and rows are said to be; ``card`` is the metadata of its card; ``revisions`` are those
    beside ``main`` with files of their own; ``pause`` lets each part of a file wait so many seconds."""

    files: dict[str, bytes]
    gated: bool = False
    renamed: str = ""
    pretends: dict[str, int] = field(default_factory=dict)
    breaks_after: int = 0
    redirects: str = ""
    card: dict[str, Any] = field(default_factory=lambda: {"license": "apache-2.0"})
    revisions: dict[str, "Repo"] = field(default_factory=dict)
    pause: float = 0.0


class Hub:
    """Serves while it is open; ``ranges`` are the Range headers that were asked for."""

    def __init__(self, repos: dict[str, Repo]) -> None:
        self.repos, self.ranges = repos, []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                hub.answer(self, body=True, sent=self.rfile.read(length))

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

    def answer(self, request: BaseHTTPRequestHandler, body: bool, sent: bytes = b"") -> None:
        path = unquote(urlsplit(request.path).path).strip("/")
        is_api = path.startswith("api/")
        parts = path.removeprefix("api/").removeprefix("models/").split("/")
        taken = 3 if parts[0] == "datasets" else 2
        name, rest = "/".join(parts[:taken]), parts[taken:]
        repo = self.repos.get(name)
        if repo is None:
            return self._refuse(request, 401, "RepoNotFound", "Invalid username or password.")
        if repo.renamed:
            headers = {"Location": request.path.replace(name, repo.renamed)}
            return self._send(request, 307, b"", headers, body)
        # An address may hold a revision with slashes, as refs/convert/parquet.
        for revision, other in repo.revisions.items():
            at = revision.split("/")
            if rest[1 : 1 + len(at)] == at:
                repo, rest = other, [rest[0], COMMIT, *rest[1 + len(at) :]]
        if is_api:
            return self._api(request, name, repo, rest, body, sent)
        return self._file(request, repo, rest[1], "/".join(rest[2:]), body)

    def _api(self, request: Any, name: str, repo: Repo, rest: list[str], body: bool, sent: bytes) -> None:
        if rest[:1] == ["auth-check"]:
            if repo.gated:
                return self._refuse(request, 403, "GatedRepo", "Access to this model is restricted.")
            return self._send(request, 200, b"{}", {}, body)
        if rest[:1] == ["refs"]:
            return self._json(request, self._refs(repo), body)
        if rest[:1] in (["revision"], ["paths-info"], ["tree"]) and rest[1] not in ("main", COMMIT):
            return self._refuse(request, 404, "RevisionNotFound", f"Invalid rev id: {rest[1]}")
        if rest[:1] == ["paths-info"]:
            asked = parse_qs(sent.decode()).get("paths", []) if b"paths=" in sent else json.loads(sent)["paths"]
            return self._json(request, [self._path_info(repo, path) for path in asked if path in repo.files], body)
        if rest[:1] == ["tree"]:
            folder = "/".join([*rest[2:], ""])
            return self._json(request, self._tree(repo, folder if rest[2:] else ""), body)
        siblings = [self._sibling(repo, file, content) for file, content in repo.files.items()]
        public_name = name.removeprefix("datasets/")
        payload = {
            "_id": "x",
            "id": public_name,
            "modelId": public_name,
            "sha": COMMIT,
            "private": False,
            "gated": "manual" if repo.gated else False,
            "tags": [],
            "siblings": siblings,
            "cardData": repo.card,
            "downloads": 0,
            "likes": 0,
        }
        return self._json(request, payload, body)

    def _json(self, request: Any, payload: Any, body: bool) -> None:
        self._send(request, 200, json.dumps(payload).encode(), {"Content-Type": "application/json"}, body)

    def _refs(self, repo: Repo) -> dict[str, Any]:
        def ref(name: str) -> dict[str, str]:
            return {"name": name.rpartition("/")[2], "ref": name, "targetCommit": COMMIT}

        converts = [ref(name) for name in repo.revisions if name.startswith("refs/convert/")]
        return {"branches": [ref("refs/heads/main")], "converts": converts, "tags": []}

    def _tree(self, repo: Repo, folder: str) -> list[dict[str, Any]]:
        below = [path for path in repo.files if path.startswith(folder)]
        files = [self._path_info(repo, path) for path in below if "/" not in path[len(folder) :]]
        names = {folder + path[len(folder) :].partition("/")[0] for path in below if "/" in path[len(folder) :]}
        return [*files, *({"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in sorted(names))]

    def _path_info(self, repo: Repo, path: str) -> dict[str, Any]:
        content = repo.files[path]
        return {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}

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
        if repo.redirects and file.endswith((".safetensors", ".parquet")):
            size = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": f'"{_sha256(content)}"'}
            return self._send(request, 302, b"", {**size, "X-Repo-Commit": COMMIT, "Location": repo.redirects}, body)
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{_sha256(content)}"', "Accept-Ranges": "bytes"}
        asked = request.headers.get("Range")
        if body and asked:
            self.ranges.append(asked)
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), int(last or len(content) - 1)
            headers["Content-Range"] = f"bytes {start}-{min(end, len(content) - 1)}/{len(content)}"
            time.sleep(repo.pause)
            return self._send(request, 206, content[start : end + 1], headers, body)
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
