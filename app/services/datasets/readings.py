"""How the file of a dataset was read: describe it, preview it with other choices, read it again as the next version.

The uploaded original is kept in the folder of the version that was made from it.
"""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app import storage
from app.db import snapshot
from app.errors import Conflict, Rejected
from app.languages import gettext as _
from app.languages import gettext_noop, stated, stated_list, translated_json
from app.models import Dataset, DatasetVersion
from app.readers import Choices, repairs, xlsx
from app.readers.decoding import NAMED
from app.readers.delimiters import DELIMITERS
from app.readers.isolation import read_into
from app.readers.repairs import REPAIRS
from app.readers.source import Limits
from app.services.datasets.data_reports import ReportOptions
from app.services.datasets.imports import EVALUATION_FILE, ORIGINAL_FILE, staged_folder
from app.services.datasets.progress import NO_PROGRESS, Progress
from app.services.datasets.row_tables import ROWS_FILE, Reading, load_reading, read_rows, store_rows
from app.services.datasets.versions import VersionDraft, add_version, find_dataset, find_version, write_report
from app.services.profiling.split_plans import SplitPlan

PREVIEW_ROWS = 20
# Errors of a reader that another sheet, header row, encoding or delimiter may resolve.
READABLE_OTHERWISE = (
    "columns",
    "no_rows",
    "csv_shape",
    "encoding",
    "bad_character",
    "xlsx_sheet",
    "unknown_format",
    "cell_too_long",
)
SHOWN_CHARACTERS = 500


def describe_version(user_id: str, dataset_id: str, number: int | None = None) -> dict[str, Any]:
    """``{"file_name", "format", "encoding", "found", "kept", "encodings", "encoding_previews",
    "delimiters", "repairs"}`` of a version.

    ``found`` is what the reader detected and a person may change; ``kept`` is whether the original is there to be read again;
    ``encoding_previews`` gives a piece of the text in each likely encoding; ``repairs`` are those that the file needs or may need: ``[{"name", "title", "done"}]``.
    """
    version = find_version(user_id, dataset_id, number)
    reading = load_reading(storage.dataset_dir(version.id))
    return describe(reading, _original(user_id, dataset_id) is not None)


def describe(reading: Reading, kept: bool) -> dict[str, Any]:
    """The description of any reading; see :func:`describe_version`."""
    main = reading.main
    return {
        "file_name": main.file_name,
        "format": main.format,
        "encoding": main.encoding,
        "found": main.found,
        "kept": kept,
        "encodings": list(NAMED),
        "encoding_previews": {item["name"]: item["preview"] for item in main.found.get("encodings", [])},
        "delimiters": list(DELIMITERS),
        "repairs": [
            {"name": repair.name, "title": _(repair.title), "done": main.found["repairs"][repair.name]}
            for repair in repairs.REPAIRS
            if repair.name in main.found.get("repairs", {})
        ],
    }


def describe_unread(user_id: str, staged_id: str) -> dict[str, Any]:
    """The description of a staged file that could not be read; its format is guessed from its extension."""
    _, file_name = staged_folder(user_id, staged_id)
    extension = file_name.rpartition(".")[2].lower()[:20] if "." in file_name else ""
    kind = "xlsx" if extension in xlsx.EXTENSIONS else ""
    return {
        "file_name": file_name,
        "format": kind,
        "encoding": "",
        "found": {},
        "kept": True,
        "encodings": list(NAMED),
        "encoding_previews": {},
        "delimiters": list(DELIMITERS),
        "repairs": [],
    }


def preview(user_id: str, dataset_id: str, choices: Choices) -> dict[str, Any]:
    """The first rows as they would be read under other choices; see :func:`preview_file`. Nothing is stored.

    Raises:
        Conflict: the original was not kept.
        Rejected: it cannot be read with these choices.
    """
    version = _require_original(user_id, dataset_id)
    folder = storage.dataset_dir(version.id)
    return preview_file(folder / ORIGINAL_FILE, load_reading(folder).main.file_name, choices)


def preview_staged(user_id: str, staged_id: str, choices: Choices) -> dict[str, Any]:
    """The same for a staged file."""
    folder, file_name = staged_folder(user_id, staged_id)
    return preview_file(folder / ORIGINAL_FILE, file_name, choices)


def preview_file(path: Path, file_name: str, choices: Choices) -> dict[str, Any]:
    """``{"columns", "rows": [{column: text, "_line": n}], "format", "encoding", "found", "notices": [...]}``.

    Raises:
        Rejected: it cannot be read with these choices.
    """
    with tempfile.TemporaryDirectory(dir=storage.uploads_dir(), prefix="look-") as temporary:
        folder = Path(temporary)
        [part] = read_into(folder / ROWS_FILE, [(path, file_name)], [choices], Limits(first=PREVIEW_ROWS))
        return {
            "columns": part["columns"],
            "rows": first_rows(folder, part["columns"]),
            "format": part["format"],
            "encoding": part["encoding"],
            "found": part["found"],
            "notices": [
                translated_json({name: flaw[name] for name in ("code", "severity", "message", "hint")})
                for flaw in part["flaws"]
            ],
        }


def first_rows(folder: Path, columns: list[str]) -> list[dict[str, Any]]:
    """The first rows of a stored table, with cells short enough to be shown."""
    return [
        {"_line": row["_line"], **{name: _short(row[name]) for name in columns}}
        for row in read_rows(folder, columns, PREVIEW_ROWS)
    ]


def read_again(user_id: str, dataset_id: str, choices: Choices, *, progress: Progress = NO_PROGRESS) -> Dataset:
    """Read the original with other choices and add the result as the next version.

    It has none of the changes that were made by hand since; the versions that hold them stay.

    Raises:
        Conflict: the original was not kept, or somebody else changed the dataset in the meantime.
        Rejected: it cannot be read with these choices, or its rows cannot be used.
    """
    source = _require_original(user_id, dataset_id)
    newest = find_version(user_id, dataset_id)

    def fill(folder: Path, newest_folder: Path) -> VersionDraft:
        original = storage.dataset_dir(source.id)
        parts = load_reading(original).parts
        own = original / EVALUATION_FILE
        evaluation = (own, parts[1].file_name) if len(parts) > 1 and own.exists() else None
        progress.report(gettext_noop("Reading the file"), 0, 0)
        reading = store_rows(folder, (original / ORIGINAL_FILE, parts[0].file_name), evaluation, choices)
        has_columns = set(newest.columns.values()) <= set(reading.main.columns)
        # A chosen reading may also say which rows are used; the columns alone do not.
        answer = _answer_of(user_id, dataset_id, newest) if has_columns else None
        options = ReportOptions(
            task_type=newest.task_type if has_columns and not answer else None,
            columns=newest.columns if has_columns and not answer else None,
            answer=answer,
            plan=SplitPlan(seed=storage.read_json(newest_folder / "splits.json")["seed"]),
            obey_marks=True,
        )
        report = write_report(folder, reading, options, progress.report)
        summary = _read_again(parts[0].file_name, choices)
        return VersionDraft(report, {"summary": summary, "reading": choices.as_dict()})

    return add_version(user_id, dataset_id, fill, action="read_again", progress=progress)


def _answer_of(user_id: str, dataset_id: str, newest: DatasetVersion) -> str | None:
    """The answer with which the file was imported, as long as the columns still mean what it says."""
    first = find_version(user_id, dataset_id, 1)
    answer = (first.change or {}).get("answer")
    same = (first.task_type, first.columns) == (newest.task_type, newest.columns)
    return str(answer) if answer and same else None


def _read_again(file_name: str, choices: Choices) -> str:
    """The sentence for the list of versions: the file, and how it was read."""
    parts = []
    if choices.sheet:
        parts.append(stated("sheet {name}", name=repr(choices.sheet)))
    if choices.header_row:
        parts.append(stated("column names in row {row}", row=choices.header_row))
    if choices.encoding:
        parts.append(stated("encoding {name}", name=choices.encoding))
    if choices.delimiter:
        parts.append(stated("fields separated by {delimiter}", delimiter=repr(choices.delimiter)))
    titles = {repair.name: repair.title for repair in REPAIRS}
    for name, wanted in choices.repairs.items():
        title = stated(titles[name])
        parts.append(stated("“{repair}” on", repair=title) if wanted else stated("“{repair}” off", repair=title))
    if not parts:
        return stated("Read again from {file}.", file=file_name)
    return stated("Read again from {file}: {choices}.", file=file_name, choices=stated_list(parts))


def _original(user_id: str, dataset_id: str) -> DatasetVersion | None:
    with snapshot() as session:
        versions = find_dataset(session, user_id, dataset_id).versions
    return next((version for version in versions if (storage.dataset_dir(version.id) / ORIGINAL_FILE).exists()), None)


def _require_original(user_id: str, dataset_id: str) -> DatasetVersion:
    version = _original(user_id, dataset_id)
    if version is None:
        raise Conflict(
            "original_not_kept",
            _("The file that this data came from is not kept here."),
            _("Upload it again; then it can be read in another way."),
        )
    return version


def check_choices(given: Any) -> Choices:
    """Parse the choices of a request.

    Raises:
        Rejected: not an object of sheet, header_row, encoding, delimiter and repairs with values of their types.
    """
    kinds = {"sheet": str, "header_row": int, "encoding": str, "delimiter": str, "repairs": dict}
    fits = isinstance(given, dict) and all(type(value) is kinds.get(key) for key, value in given.items())
    if not fits or given.get("header_row", 0) < 0 or given.get("delimiter", "") not in ("", *DELIMITERS):
        raise Rejected(
            "wrong_type",
            _("The field 'reading' is not a JSON object of sheet, header_row, encoding, delimiter and repairs."),
            _(
                'Send for example {{"sheet": "Data", "header_row": 3}}; delimiters: {map}.',
                map=" ".join(map(repr, DELIMITERS)),
            ),
            details={
                "fields": {"reading": _("is not an object of sheet, header_row, encoding, delimiter and repairs")}
            },
        )
    check_repairs(given.get("repairs", {}))
    return Choices(**given)


def check_repairs(given: Mapping[str, Any]) -> None:
    """Refuse repairs that do not exist.

    Raises:
        Rejected: ``unknown_repair``.
    """
    for name, wanted in given.items():
        if name not in repairs.NAMES or not isinstance(wanted, bool):
            raise Rejected(
                "unknown_repair",
                _("There is no repair {name}, or it is neither on nor off.", name=repr(name[:40])),
                _("Use true or false for one of: {NAMES}.", NAMES=", ".join(repairs.NAMES)),
            )


def _short(cell: str | None) -> str | None:
    return cell if cell is None or len(cell) <= SHOWN_CHARACTERS else cell[: SHOWN_CHARACTERS - 1] + "…"
