"""Finds the rows in a JSON file that begins with an object.

``{"data": [{...}, {...}]}`` holds them under a key, also further down; ``{"text": [...], "label": [...]}`` side by side, where
pandas may write an object of numbered values in place of each list; ``{"r1": {...}, "r2": {...}}`` under their ids;
``{"columns": [...], "data": [[...], ...]}`` as lists below their names; ``{"complaint": ["...", "..."], "praise": ["..."]}`` are texts
below their labels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import Rejected
from app.languages import stated, stated_list
from app.readers.decoding import Encoding
from app.readers.json_values import broken
from app.readers.json_window import Window, end, items, keys
from app.readers.table import Flaw
from app.speakers import ANSWERING, ASKING

LIST, OBJECT, SINGLE = "list", "object", "single"
CONVERSATIONS = ("messages", "conversations")
# Each column is read by a window of its own.
MAX_COLUMNS = 20
# How far below the top, and into how many members of one object, lists are looked for.
MAX_DEPTH, MAX_MEMBERS = 4, 50
ID_COLUMN = "id"
# Lists under these names are columns, whatever their lengths; of a list, so many texts are compared.
COLUMN_NAMES = frozenset(
    """
    text texts sentence sentences content document message title summary label labels class category target tag tags id ids
    index score rating source prompt prompts completion completions instruction input output question questions answer answers
    query queries response responses context chosen rejected premise hypothesis tokens words name names date data rows columns
    """.split()
) | frozenset((*ASKING, *ANSWERING))
LOOKED_AT = 1000

Keys = tuple[str, ...]


@dataclass(frozen=True)
class JsonShape:
    """Where the rows are: ``values()`` begins anew with each call and gives (number from 1, value)."""

    values: Callable[[], Iterator[tuple[int, Any]]]
    flaws: list[Flaw] = field(default_factory=list)


@dataclass
class _ShapePart:
    """A list, an object or a plain value in the file.

    Attributes:
        path: keys from the top.
        count: items of a list, members of an object.
        objects: items or members that are objects; ``lists`` and ``texts`` likewise.
        different: texts of a list that differ, of the first ones.
        keys: of an object, the first ones.
    """

    path: Keys
    kind: str
    count: int = 0
    objects: int = 0
    lists: int = 0
    texts: int = 0
    different: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)

    @property
    def shown(self) -> str:
        return ".".join(key[:40] for key in self.path)

    @property
    def holds_rows(self) -> bool:
        """Whether it is a list of objects; one conversation is one example, not a file of them."""
        is_records = self.kind == LIST and self.objects > 0 and 2 * self.objects >= self.count
        return is_records and self.path[-1] not in CONVERSATIONS


def find_shape(path: Path, encoding: Encoding) -> JsonShape:
    """Look through the whole file once and say where its rows are.

    Raises:
        Rejected: ``json`` with line and character when it is broken; ``json_shape`` when there are no rows in it, several
            lists that could be the rows, or columns of different lengths.
    """
    window = Window(path, encoding)
    parts: list[_ShapePart] = []
    _look(window, (), parts)
    end(window)
    top = [part for part in parts if len(part.path) == 1]
    records = [part for part in top if part.holds_rows]
    if len(records) == 1:
        return _under(path, encoding, records[0], top)
    if len(records) > 1:
        raise _several(records)
    if (split := _as_pandas_splits(path, encoding, top)) is not None:
        return split
    deeper = [part for part in parts if len(part.path) > 1 and part.holds_rows and not part.path[-1].isdigit()]
    if _are_records(parts[0], parts):
        return _by_id(path, encoding, parts[0])
    if len(deeper) == 1:
        return _under(path, encoding, deeper[0], top)
    if deeper:
        raise _several(deeper)
    return _columns(path, encoding, top)


def _look(window: Window, path: Keys, parts: list[_ShapePart]) -> None:
    """Note every list and object down to a few levels; afterwards the window stands behind the value."""
    first = window.peek()
    if first == "[":
        part = _ShapePart(path, LIST)
        parts.append(part)
        for value in items(window):
            part.count += 1
            part.objects += isinstance(value, dict)
            part.lists += isinstance(value, list)
            part.texts += isinstance(value, str)
            if isinstance(value, str) and part.count <= LOOKED_AT:
                part.different.add(value)
        return
    if first != "{":
        window.value()
        parts.append(_ShapePart(path, SINGLE, 1))
        return
    part = _ShapePart(path, OBJECT)
    parts.append(part)
    for key in keys(window):
        part.count += 1
        kind = window.peek()
        part.objects += kind == "{"
        part.lists += kind == "["
        if len(part.keys) < MAX_MEMBERS:
            part.keys.append(key)
        # All lists of the top are columns that must be known; of objects, the first ones tell what the others are.
        is_wanted = kind in ("[", "{") if path else True
        if is_wanted and len(path) < MAX_DEPTH and (part.count <= MAX_MEMBERS or (not path and kind != "{")):
            _look(window, (*path, key), parts)
        else:
            window.value()


def _under(path: Path, encoding: Encoding, taken: _ShapePart, top: Sequence[_ShapePart]) -> JsonShape:
    """The rows of the list at a path."""
    others = [part.path[0] for part in top if part.path[0] != taken.path[0]]
    flaws = _others(taken.shown, others)
    if len(taken.path) > 1:
        flaws.insert(0, _found_below(taken))
    return JsonShape(lambda: enumerate(_values_at(path, encoding, taken.path), start=1), flaws)


def _as_pandas_splits(path: Path, encoding: Encoding, top: Sequence[_ShapePart]) -> JsonShape | None:
    """Lists of values below the list of their names."""
    parts = {part.path[0]: part for part in top}
    names, data = parts.get("columns"), parts.get("data")
    if names is None or data is None or names.kind != LIST or not data.count or data.lists < data.count:
        return None

    def rows() -> Iterator[tuple[int, Any]]:
        written = [str(name) for name in _values_at(path, encoding, ("columns",))]
        for number, values in enumerate(_values_at(path, encoding, ("data",)), start=1):
            yield number, dict(zip(written, values, strict=False)) if len(values) == len(written) else values

    return JsonShape(rows, _others("data", [key for key in parts if key not in ("columns", "data", "index", "schema")]))


def _are_records(root: _ShapePart, parts: Sequence[_ShapePart]) -> bool:
    """Whether the members of the file are its rows: objects with the same few keys, more of them than keys."""
    inner = [part for part in parts if len(part.path) == 1 and part.kind == OBJECT]
    if root.count < 2 or root.objects < root.count or not inner:
        return False
    names = {key for part in inner for key in part.keys}
    if all(name.isdigit() for name in names):
        return False
    shared = set.intersection(*(set(part.keys) for part in inner))
    return bool(shared) and root.count > len(names)


def _by_id(path: Path, encoding: Encoding, root: _ShapePart) -> JsonShape:
    """The members of the file as rows, with their keys as a column unless these only count."""
    counts = all(key in (str(at), str(at + 1)) for at, key in enumerate(root.keys))

    def rows() -> Iterator[tuple[int, Any]]:
        window = Window(path, encoding)
        for number, key in enumerate(keys(window), start=1):
            value = window.value()
            keyed = isinstance(value, dict) and not counts and ID_COLUMN not in value
            yield number, {ID_COLUMN: key, **value} if keyed else value

    message = (
        stated("The file holds {count} rows under ids of their own.", count=root.count)
        if counts
        else stated(
            "The file holds {count} rows under ids of their own, which became the column {column}.",
            count=root.count,
            column=repr(ID_COLUMN),
        )
    )
    return JsonShape(rows, [_note(message)])


def _columns(path: Path, encoding: Encoding, top: Sequence[_ShapePart]) -> JsonShape:
    """Lists or objects of values side by side."""
    columns = [part for part in top if part.kind != SINGLE and part.path[-1] not in CONVERSATIONS]
    if not columns:
        raise broken(1, 1, stated("the file begins with an object; a list of objects in [ ] is needed"))
    lengths = {part.count for part in columns}
    if len(lengths) > 1 and _are_labels(columns):
        return _by_label(path, encoding, [part.path[0] for part in columns], top)
    if len(lengths) > 1:
        named = stated_list([f"{part.shown!r} {part.count:,}" for part in columns[:5]])
        raise _unfit(
            stated("The columns have different lengths: {named}.", named=named),
            stated("Give every column as many values as the others."),
        )
    if len(columns) > MAX_COLUMNS:
        raise _unfit(
            stated("The file holds {count} lists side by side.", count=len(columns)),
            stated("Write a list of objects, one for each row."),
        )
    names = [part.path[0] for part in columns]
    others = [part.path[0] for part in top if part.path[0] not in names]
    return JsonShape(lambda: _side_by_side(path, encoding, names), _others("", others))


def _are_labels(parts: Sequence[_ShapePart]) -> bool:
    """Whether lists of different lengths hold texts of which hardly any comes twice, and none is called as a column is."""
    if len(parts) < 2 or any(part.path[0].casefold() in COLUMN_NAMES for part in parts):
        return False
    return all(
        part.count and part.texts == part.count and len(part.different) >= 0.9 * min(part.count, LOOKED_AT)
        for part in parts
    )


def _by_label(path: Path, encoding: Encoding, labels: list[str], top: Sequence[_ShapePart]) -> JsonShape:
    """Texts in lists of different lengths, below their labels."""

    def rows() -> Iterator[tuple[int, Any]]:
        pairs = ((text, label) for label in labels for text in _values_at(path, encoding, (label,)))
        for number, (text, label) in enumerate(pairs, start=1):
            yield number, {"text": text, "label": label}

    message = stated(
        "The file holds {count} lists of texts; each text became a row, with the name of its list as the label.",
        count=len(labels),
    )
    others = [part.path[0] for part in top if part.path[0] not in labels]
    flaw = Flaw("json_labels", "warning", message, stated("Check the preview."))
    return JsonShape(rows, [flaw, *_others("", others)])


def _side_by_side(path: Path, encoding: Encoding, names: list[str]) -> Iterator[tuple[int, Any]]:
    columns = [_values_at(path, encoding, (name,)) for name in names]
    for number, values in enumerate(zip(*columns, strict=True), start=1):
        yield number, dict(zip(names, values, strict=True))


def _values_at(path: Path, encoding: Encoding, wanted: Keys) -> Iterator[Any]:
    """The items of the list, or the values of the object, at a path."""
    yield from _below(Window(path, encoding), wanted)


def _below(window: Window, wanted: Keys) -> Iterator[Any]:
    if not wanted:
        yield from _list_or_members(window)
        return
    for key in keys(window):
        if key == wanted[0]:
            yield from _below(window, wanted[1:])
            return
        for _ in _list_or_members(window):
            pass


def _list_or_members(window: Window) -> Iterator[Any]:
    first = window.peek()
    if first == "[":
        yield from items(window)
    elif first == "{":
        for _ in keys(window):
            yield window.value()
    else:
        yield window.value()


def _others(taken: str, left: Sequence[str]) -> list[Flaw]:
    if not left:
        return []
    named = ", ".join(repr(key[:40]) for key in left[:10])
    return [
        Flaw(
            "json_keys",
            "warning",
            stated(
                "The rows are under the key {key}; what else the file holds was left out: {named}.",
                key=repr(taken[:60]),
                named=named,
            )
            if taken
            else stated(
                "The rows are in the lists side by side; what else the file holds was left out: {named}.", named=named
            ),
            stated("Check that nothing of it belongs to the examples."),
        )
    ]


def _found_below(part: _ShapePart) -> Flaw:
    return Flaw(
        "json_path",
        "warning",
        stated(
            "There is no list of objects at the top of the file; the rows were read from the {count} under {shown}.",
            count=part.count,
            shown=repr(part.shown),
        ),
        stated("Check in the preview that these are your examples."),
    )


def _note(message: str) -> Flaw:
    return Flaw("json_ids", "warning", message, stated("Check the preview."))


def _several(records: Sequence[_ShapePart]) -> Rejected:
    named = stated_list([f"{part.shown!r} ({part.count:,})" for part in records[:5]])
    return _unfit(
        stated("Several keys hold a list of objects: {named}.", named=named),
        stated("Send the one with the examples in a file of its own."),
    )


def _unfit(message: str, hint: str) -> Rejected:
    return Rejected("json_shape", message, hint)
