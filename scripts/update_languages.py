"""Brings the catalogs of translations up to date with the messages in the code: ``make languages``.

New messages come in without a translation, messages that are gone leave, translations stay.
"""

import ast
import io
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_javascript
from babel.messages.pofile import read_po, write_po

from app.languages import messages
from app.languages.messages import CATALOGS

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = ("de", "es", "fr", "zh")
SOURCES = ("app", "studio_ui", "worker")
# Function -> which of its arguments are messages: one, or singular and plural.
MARKED = {
    "_": (0,),
    "html_text": (0,),
    "gettext_noop": (0,),
    "ngettext": (0, 1),
    "stated": (0,),
    "stated_number": (0, 1),
}
# Constructor of a declaration -> positions and keywords of its texts; they are looked up where they are shown.
DECLARED: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "Page": ((), ("title", "nav_label", "purpose")),
    "Field": ((), ("title", "description")),
    "Preset": ((1, 2), ("title", "summary", "reason")),
    "Role": ((1, 2), ("title", "help")),
    "Sample": ((), ("title", "summary")),
    "BaseModelCard": ((), ("summary",)),
    "Measure": ((1,), ()),
    "Score": ((1,), ()),
    "phase": ((0,), ()),
}
# Tables of what checks say: code -> severity, message and hint.
WORD_TABLES = ("WORDS", "_WORDS", "_SHARED_WORDS", "_MESSAGES", "words")
# Those that stand outside of the catalog as well.
EVERYWHERE = ("Page", "Measure", "phase")
# Attributes of the classes of the catalog, and variables and keywords anywhere, whose texts are messages.
ATTRIBUTES = ("title", "summary", "when", "against", "example")
PHASE = "phase"
CATALOG = ("app/catalog", "app/samples/__init__.py")
TUNERS = "app/catalog/tuners"
CHECKS = ("app/catalog/task_types", "app/services/profiling")
IN_SCRIPTS = {"t": (0,), "nt": (0, 1), "counted": (1,)}
# Catalogs say the same on every day.
UNDATED = datetime(2026, 11, 28, tzinfo=UTC)

# A message, or singular and plural.
Text = str | tuple[str, ...]


def template() -> Catalog:
    """All messages of the code, each with the files that say it."""
    catalog = Catalog()
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            declares = str(path.relative_to(ROOT)).startswith(CATALOG) and TUNERS not in str(path)
            tables = str(path.relative_to(ROOT)).startswith(CHECKS)
            _add(catalog, path, python_messages(path.read_text("utf-8"), declares=declares, tables=tables))
        for path in sorted((ROOT / folder).rglob("*.js")):
            _add(catalog, path, script_messages(path.read_bytes()))
    return catalog


def _add(catalog: Catalog, path: Path, messages: Iterable[Text]) -> None:
    for message in messages:
        catalog.add(message, locations=[(str(path.relative_to(ROOT)), 0)])


def python_messages(source: str, *, declares: bool = False, tables: bool = False) -> Iterator[Text]:
    """The messages of a Python module, in their order; also what its declarations say, and its tables of words."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call | ast.ClassDef | ast.Assign)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        if isinstance(node, ast.Call):
            yield from _of_call(node, declares)
        elif isinstance(node, ast.Assign):
            yield from filter(None, [_text(node.value)] if _target(node) == PHASE else [])
            yield from _of_table(node) if tables else ()
        elif declares:
            yield from _of_class(node)


def _of_call(call: ast.Call, declares: bool) -> Iterator[Text]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in MARKED:
        texts = [_text(call.args[at]) for at in MARKED[name] if at < len(call.args)]
        if all(texts):
            yield texts[0] if len(texts) == 1 else tuple(texts)
    elif name == "counted" and len(call.args) > 1 and (noun := _text(call.args[1])):
        yield _counted(noun)
    positions, keywords = DECLARED.get(name, ((), ())) if declares or name in EVERYWHERE else ((), ())
    given = [call.args[at] for at in positions if at < len(call.args)]
    given += [keyword.value for keyword in call.keywords if keyword.arg in keywords or keyword.arg == PHASE]
    yield from filter(None, map(_text, given))


def _of_class(declaration: ast.ClassDef) -> Iterator[Text]:
    for node in declaration.body:
        name = _target(node)
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in ATTRIBUTES and node.value:
            yield from filter(None, [_text(node.value)])
        elif isinstance(node, ast.Assign) and name == "metric_titles" and isinstance(node.value, ast.Dict):
            yield from filter(None, map(_text, node.value.values))


def _of_table(table: ast.Assign) -> Iterator[Text]:
    """Sentences in the values of a table of words by code; severities are single words."""
    if _target(table) in WORD_TABLES and isinstance(table.value, ast.Dict):
        texts = [
            _text(node) for value in table.value.values for node in ast.walk(value) if isinstance(node, ast.Constant)
        ]
        yield from (text for text in texts if " " in text)


def _target(node: ast.stmt) -> str:
    if isinstance(node, ast.AnnAssign):
        return getattr(node.target, "id", "")
    return getattr(node.targets[0], "id", "") if isinstance(node, ast.Assign) else ""


def _counted(noun: str) -> Text:
    return f"{{number}} {noun}", f"{{number}} {noun}s"


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def script_messages(source: bytes) -> Iterator[Text]:
    """The messages of a script."""
    for _, name, found, _ in extract_javascript(io.BytesIO(source), IN_SCRIPTS, (), {"encoding": "utf-8"}):
        function = str(name)
        given = [found] if isinstance(found, str) else list(found)
        texts = [text for at in IN_SCRIPTS[function] if at < len(given) and (text := given[at])]
        if any("${" in text for text in texts):
            continue
        if function == "counted" and texts:
            yield _counted(texts[0])
        elif len(texts) == len(IN_SCRIPTS[function]):
            yield texts[0] if len(texts) == 1 else tuple(texts)


def updated(language: str, wanted: Catalog) -> Catalog:
    """The catalog of a language with exactly these messages, and the translations that it has already."""
    path = CATALOGS / f"{language}.po"
    known = Catalog(locale=language)
    if path.is_file():
        with path.open("rb") as file:
            known = read_po(file, locale=language)
    fresh = Catalog(
        locale=language,
        header_comment=f"# The studio's messages: {language}. `make languages` brings the list up to date.",
        project="fine-tuning-studio",
        version="1",
        charset="utf-8",
        creation_date=UNDATED,
        revision_date=UNDATED,
        fuzzy=False,
    )
    for message in wanted:
        if message.id:
            before = known.get(message.id)
            same = before is not None and before.id == message.id
            fresh.add(message.id, before.string if before and same else None, locations=message.locations)
    return fresh


def written(catalog: Catalog) -> bytes:
    """A catalog as its file."""
    file = io.BytesIO()
    write_po(file, catalog, width=0, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return file.getvalue()


def is_translated(message: Message) -> bool:
    """Whether a message of a catalog has all its translations."""
    texts = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
    return bool(texts) and all(texts)


def completeness() -> bytes:
    """What stands beside the catalogs: the share of messages that each of them has translated, as the studio counts it."""
    messages.translations.cache_clear()
    shares = {language: messages.translations(language).complete for language in LANGUAGES}
    return (json.dumps(shares, indent=1) + "\n").encode()


def main() -> None:
    """Write all catalogs and tell what is missing."""
    found = template()
    for language in LANGUAGES:
        catalog = updated(language, found)
        (CATALOGS / f"{language}.po").write_bytes(written(catalog))
        missing = sum(not is_translated(message) for message in catalog if message.id)
        sys.stdout.write(f"{language}: {missing} of {len(catalog)} messages have no translation\n")
    (CATALOGS / messages.COMPLETENESS).write_bytes(completeness())


if __name__ == "__main__":
    main()
