"""Serves scripts, styles and the chart library compressed and under a versioned address that changes with any of them.

Browsers cache versioned addresses for good, so a page that is opened again requests none of them, and an update of the studio
never mixes old and new scripts.
"""

import gzip
import hashlib
import importlib.util
import os
import re
import time
from functools import cache, lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

ASSETS = "/assets/studio"
ASSET_FOLDER = Path(__file__).parent / "assets"
COMPONENT_FOLDER = Path(__file__).parent / "components"
FOLDERS = (ASSET_FOLDER, COMPONENT_FOLDER)
SERVED = frozenset({".js", ".css"})
CHART_LIBRARY = "plotly.min.js"
NAME = re.compile(r"[a-z_]+\.(js|css)")
VERSION = re.compile(r"v[0-9a-f]{12}/")
IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?from\s+["']\./([a-z_]+\.js)["']""", re.MULTILINE)
# Smaller files are not worth packing.
WORTH_PACKING = 1000


def address(name: str) -> str:
    """The versioned address of a file."""
    return f"{ASSETS}/{_version()}/{name}"


def modules(script: str) -> list[str]:
    """The script and all its imports, direct and indirect; preloaded by the page, they load in parallel."""
    found = [script]
    for name in found:
        path = file_of(name)
        found += [name for name in _imported(path, path.stat().st_mtime_ns) if name not in found]
    return found


def file_of(name: str) -> Path:
    """The file of a script or style, from the folder of assets or of components."""
    return next((folder / name for folder in FOLDERS if (folder / name).is_file()), ASSET_FOLDER / name)


@cache
def _imported(path: Path, changed: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(IMPORT.findall(path.read_text("utf-8"))))


def _version() -> str:
    # Files are checked once a second at most: a page names dozens of them.
    return _version_at(int(time.monotonic()))


@lru_cache(maxsize=1)
def _version_at(second: int) -> str:
    files = [path for folder in FOLDERS for path in sorted(folder.iterdir()) if path.suffix in SERVED]
    files.append(chart_library())
    facts = [f"{path.name} {(stat := path.stat()).st_size} {stat.st_mtime_ns}" for path in files]
    return "v" + hashlib.sha256("\n".join(facts).encode()).hexdigest()[:12]


@lru_cache
def chart_library() -> Path:
    """The browser build of Plotly that its Python package carries; found without importing the package."""
    found = importlib.util.find_spec("plotly")
    assert found is not None and found.origin is not None, "the package plotly is not installed"
    return Path(found.origin).parent / "package_data" / CHART_LIBRARY


class Assets(StaticFiles):
    """Scripts and styles of both folders and the chart library, each also below the name of any version.

    Plain addresses, and those of another version, are revalidated on each request.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See :meth:`StaticFiles.get_response`."""
        named = VERSION.match(path)
        response = await super().get_response(path[named.end() :] if named else path, scope)
        current = named is not None and path.startswith(_version())
        if current and response.status_code == 200 and isinstance(response, FileResponse):
            response = _packed_response(response, scope)
        kept = "public, max-age=31536000, immutable"
        response.headers["Cache-Control"] = kept if current and response.status_code in (200, 304) else "no-cache"
        return response

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """See :meth:`StaticFiles.lookup_path`."""
        if path == CHART_LIBRARY:
            file = chart_library()
            return str(file), file.stat()
        file = file_of(path)
        known = NAME.fullmatch(path) and file.is_file()
        return (str(file), file.stat()) if known else ("", None)


def _packed_response(response: FileResponse, scope: Scope) -> Response:
    asked = Headers(scope=scope)
    path = Path(response.path)
    known = path.stat()
    if "gzip" not in asked.get("accept-encoding", "") or "range" in asked or known.st_size < WORTH_PACKING:
        return response
    packed = _packed(path, known.st_mtime_ns)
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "ETag": response.headers["etag"]}
    body = b"" if scope["method"] == "HEAD" else packed
    headers["Content-Length"] = str(len(packed))
    return Response(body, headers=headers, media_type=response.media_type)


@cache
def _packed(path: Path, changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), compresslevel=6)
