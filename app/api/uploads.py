"""Multipart uploads, streamed into files of the uploads folder within limits.

Starlette's ``request.form()`` has no limit for files and spools outside the data folder (decision 0007).

Nothing of a file is held in memory, nothing is kept when the upload fails, and names from outside never become paths.
"""

import asyncio
import json
import re
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from app import disk_space, storage
from app.errors import Rejected, StudioError, TooLarge
from app.languages import decimal
from app.languages import gettext as _
from app.models import new_id
from app.readers import Choices
from app.services.accounts import limits
from app.services.datasets.readings import check_choices
from app.settings import get_settings

FILES = ("file", "evaluation")
FIELDS = ("name", "task_type", "columns", "answer", "reading", "project", "model")
FIELD_BYTES = 64 * 1024
ENVELOPE_BYTES = 1024 * 1024
CHUNK_BYTES = 1024 * 1024
IDLE_SECONDS = 30.0


@dataclass
class ReceivedFile:
    """A received file: its path, and the sender's file name cleaned for display."""

    path: Path
    name: str


@dataclass
class Upload:
    """All parts of one upload."""

    files: dict[str, ReceivedFile] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> ReceivedFile:
        """The data file."""
        return self.files["file"]

    @property
    def evaluation(self) -> ReceivedFile | None:
        """The sender's own evaluation file, if any."""
        return self.files.get("evaluation")

    @property
    def columns(self) -> dict[str, str] | None:
        """Role -> column, if given."""
        if "columns" not in self.fields:
            return None
        columns = self._json("columns")
        if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
            raise _bad_field("columns", _("is not a JSON object of role and column name"), '{"text": "sentence"}')
        return columns

    @property
    def choices(self) -> Choices | None:
        """How to read the data file, if the sender chose."""
        if "reading" not in self.fields:
            return None
        return check_choices(self._json("reading"))

    def _json(self, name: str) -> Any:
        try:
            return json.loads(self.fields[name])
        except (ValueError, RecursionError):
            return None


@asynccontextmanager
async def receive_upload(request: Request, user_id: str) -> AsyncIterator[Upload]:
    """The upload of this request; its files are removed when the block ends.

    Raises:
        TooLarge: a file passed ``STUDIO_MAX_UPLOAD_BYTES``; reading stopped there.
        DiskFull, Conflict: there is no room for it on the disk, or in what one person may take; reading stopped there.
        Rejected: no file, an unknown or repeated field, or a body that is not complete multipart.
    """
    parts = _PartCollector()
    try:
        await run_in_threadpool(limits.check_storage, user_id, _declared_bytes(request))
        await _read(request, parts)
        if "file" not in parts.upload.files:
            raise Rejected("missing_field", _("The upload has no part called 'file'."), _("Send the data as `file`."))
        parts.upload.columns, parts.upload.choices  # noqa: B018 - refuses bad ones before the file is looked at
        yield parts.upload
    finally:
        parts.discard()


async def _read(request: Request, parts: "_PartCollector") -> None:
    buffer = bytearray()
    try:
        parser = MultipartParser(_boundary(request), parts.callbacks(), max_size=_max_bytes(request))
        async for chunk in _chunks(request):
            buffer += chunk
            if len(buffer) >= CHUNK_BYTES:
                disk_space.check_room()
                await run_in_threadpool(parser.write, bytes(buffer))
                buffer.clear()
        await run_in_threadpool(parser.write, bytes(buffer))
        parser.finalize()
    except FormParserError:
        raise StudioError("multipart", _("The upload is not valid multipart/form-data."), _("Send it again.")) from None
    except ClientDisconnect:
        raise StudioError("disconnected", _("The connection ended before the upload was complete.")) from None
    if not parts.complete:
        raise StudioError("multipart", _("The upload ended before its last part was complete."), _("Send it again."))


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    """The chunks of the body; a pause of ``IDLE_SECONDS`` ends the upload."""
    stream = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise StudioError("too_slow", _("The upload stopped arriving."), _("Send it again."), status=408) from None
        yield chunk


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise StudioError(
            "content_type",
            _("An upload is sent as multipart/form-data."),
            _("Send the data as the part `file`."),
            status=415,
        )
    return options[b"boundary"]


def _max_bytes(request: Request) -> int:
    limit = len(FILES) * get_settings().max_upload_bytes + ENVELOPE_BYTES
    if _declared_bytes(request) > limit:
        raise _too_large("upload", get_settings().max_upload_bytes)
    return limit


def _declared_bytes(request: Request) -> int:
    """What the sender says is coming; 0 if it does not say."""
    declared = request.headers.get("content-length", "0")
    return int(declared) if declared.isdigit() else 0


class _PartCollector:
    """Callbacks of the parser: stores each part as a file or a short text."""

    def __init__(self) -> None:
        self.upload = Upload()
        self.complete = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name = self._header_value = b""
        self._part = ""
        self._out: IO[bytes] | None = None
        self._text = bytearray()
        self._size = 0

    def callbacks(self) -> Any:
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def discard(self) -> None:
        """Close and remove whatever was written."""
        if self._out is not None:
            self._out.close()
        for received in self.upload.files.values():
            received.path.unlink(missing_ok=True)

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value
        self._header_name = self._header_value = b""

    def _on_headers_finished(self) -> None:
        options = parse_options_header(self._headers.get(b"content-disposition", b""))[1]
        self._part = options.get(b"name", b"").decode("utf-8", errors="replace")
        self._text.clear()
        self._size = 0
        if self._part not in (*FILES, *FIELDS):
            raise Rejected(
                "unknown_field",
                _("The upload has a part called {part}.", part=repr(self._part[:60])),
                _("Known parts: ") + ", ".join((*FILES, *FIELDS)) + ".",
            )
        if self._part in self.upload.files or self._part in self.upload.fields:
            raise _bad_field(self._part, _("was sent twice"), _("Send it once"))
        if self._part in FILES:
            name = clean_name(options.get(b"filename", b"").decode("utf-8", errors="replace"))
            path = storage.uploads_dir() / new_id()
            self.upload.files[self._part] = ReceivedFile(path, name)
            self._out = path.open("xb")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        limit = FIELD_BYTES if self._out is None else get_settings().max_upload_bytes
        if self._size > limit:
            raise _too_large(self._part, limit)
        if self._out is None:
            self._text += data[start:end]
        else:
            self._out.write(data[start:end])

    def _on_part_end(self) -> None:
        if self._out is not None:
            self._out.close()
            self._out = None
            return
        try:
            self.upload.fields[self._part] = self._text.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise _bad_field(self._part, _("is not UTF-8 text"), _("Send UTF-8")) from None

    def _on_end(self) -> None:
        self.complete = True


def clean_name(name: str) -> str:
    """A file name fit for showing: no folders, no control or direction characters, at most 200 characters."""
    base = re.split(r"[\\/]", name)[-1]
    visible = "".join(c for c in base if unicodedata.category(c)[0] != "C")
    return " ".join(visible.split())[-200:] or "upload"


def _bad_field(name: str, complaint: str, remedy: str) -> Rejected:
    details = {"fields": {name: complaint}}
    return Rejected(
        "wrong_type",
        _("The field {name} {complaint}.", name=repr(name), complaint=complaint),
        f"{remedy}.",
        details=details,
    )


def _too_large(name: str, limit: int) -> TooLarge:
    return TooLarge(
        "too_large",
        _("The part {name} is larger than {limit} bytes.", name=repr(name), limit=decimal(limit)),
        _("Send a smaller file, or raise STUDIO_MAX_UPLOAD_BYTES."),
        details={"limit_bytes": limit},
    )
