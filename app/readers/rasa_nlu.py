"""Reads Rasa's training data, YAML or Markdown: each example of an intent is a row with its text and its intent."""

import re
from collections.abc import Iterator

from app.languages import stated
from app.readers.decoding import Encoding, find_encoding, read_lines
from app.readers.source import FileHead, Source
from app.readers.table import MAX_CELL, Flaw, Record, Table, cell_too_long, no_rows

EXTENSIONS = ("nlu",)
ALSO_IN = ("yml", "yaml", "md", "txt", "text")
NAME = stated("Rasa's training data")
_INTENT = re.compile(r"\s*-\s+intent:\s*[\"']?([^\"'#]+?)[\"']?\s*$|##\s*intent:\s*(\S.*?)\s*$")
# Another part: synonyms, lookup tables, rules, stories.
_OTHER = re.compile(r"-\s+(?:synonym|lookup|regex|story|rule|stories|rules):|\w[\w ]*:\s*$|##\s*\w+")
_EXAMPLE = re.compile(r"\s*[-*]\s+(.*\S)\s*$")
_ENTITY = re.compile(r"\[([^\]\n]+)\](?:\([^)\n]*\)|\{[^}\n]*\})")
FEWEST = 2


def fits(sample: FileHead) -> bool:
    """Whether intents are named, each with examples below it."""
    if sample.extension not in (*EXTENSIONS, *ALSO_IN, ""):
        return False
    lines = sample.text.split("\n")[:400]
    intents = sum(_INTENT.match(line) is not None for line in lines)
    return intents > 0 and sum(_EXAMPLE.match(line) is not None for line in lines) >= FEWEST * intents


def read(source: Source) -> Table:
    """Open the file; rows are numbered by their lines. Marks of entities within examples are left out of their texts.

    Raises:
        Rejected: ``no_rows``, ``cell_too_long``, ``encoding``, ``bad_character``; also while records are read.
    """
    encoding = find_encoding(source.path, source.choices.encoding)
    table = Table("rasa", encoding.name, ["text", "label"], iter(()))
    encoding.note(table)
    table.records = _records(source, encoding, table)
    return table


def _records(source: Source, encoding: Encoding, table: Table) -> Iterator[Record]:
    intent, found = "", False
    for number, line in enumerate(read_lines(source.path, encoding, MAX_CELL), start=1):
        if len(line) > MAX_CELL:
            raise cell_too_long(number, "text")
        if named := _INTENT.match(line):
            intent = named[1] or named[2]
        elif _OTHER.match(line):
            intent = ""
        elif intent and (example := _EXAMPLE.match(line)):
            found = True
            if _ENTITY.search(example[1]):
                table.flaws.add(_entities(), number)
            yield number, [_ENTITY.sub(r"\1", example[1]), intent]
    if not found:
        raise no_rows(table.columns)


def _entities() -> Flaw:
    return Flaw(
        "rasa_entities",
        "warning",
        stated("These examples mark entities, as [Paris](city); the words were kept and the marks left out."),
        stated("Only texts and intents are learned from this file."),
    )
