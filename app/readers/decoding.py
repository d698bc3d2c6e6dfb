"""Finds the encoding of a text file and opens it; refuses binary files and mixed encodings.

Reads in pieces, so that a large file never lies in memory as a whole.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.errors import Rejected
from app.languages import stated, stated_list
from app.readers.encoding_guess import Guess, detect_encoding, guess_encodings, is_latin, other_readings
from app.readers.table import Flaw, Table
from app.readers.undecodable import PIECE, half_a_pair, line_breaks, nul, row_at, undecodable, unfit

SAMPLE = 64 * 1024
# Longest first: the mark of UTF-16 is the beginning of that of UTF-32.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Here two bytes make a character, so accidental UTF-8 sequences inside them are no sign of a mixed file.
WIDE = ("big5", "gb18030", "gb2312", "gbk", "shift_jis", "cp932", "euc_jp", "euc_kr", "johab", "cp949", "iso2022_jp")
# What a user may name; the codecs beyond these are not text encodings, or nobody writes them.
NAMED = (
    "utf-8",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "utf-32-be",
    "ascii",
    "latin-1",
    "cp437",
    "cp737",
    "cp775",
    "cp850",
    "cp852",
    "cp857",
    "cp866",
    "cp874",
    "koi8-r",
    "koi8-u",
    "mac-roman",
    "mac-cyrillic",
    "mac-latin2",
    "mac-turkish",
    "euc-jp",
    "shift-jis",
    "iso2022-jp",
    "euc-kr",
    "cp932",
    "cp949",
    "johab",
    "gb2312",
    "gbk",
    "gb18030",
    "big5",
    *(f"cp{number}" for number in range(1250, 1259)),
    *(f"iso8859-{number}" for number in range(2, 17) if number != 12),
)
SHOWN = 60
# So much of a text must fit a language for the general detector not to be asked.
SURE = 0.85
# Where letters beyond ASCII stand side by side, some make up a character of UTF-8 by chance; text that fits as well as this is
# not mixed.
CERTAIN, ENOUGH = 0.95, 40
_FOREIGN = re.compile(r"[^\x00-\x7f]")
# Half of a character pair in the bytes that UTF-8 would have for it, if it allowed it.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


@dataclass(frozen=True)
class Encoding:
    """A codec and the report's note if it was only guessed.

    Attributes:
        name: of the codec.
        skip: bytes before the text.
        preview: a piece of the text to judge by; ``others`` gives the same piece in other encodings, by name.
        language: whose letters it has; empty if that is not known.
    """

    name: str
    skip: int = 0
    guessed: bool = False
    preview: str = ""
    language: str = ""
    others: tuple[tuple[str, str], ...] = ()

    @property
    def flaw(self) -> Flaw | None:
        """What to tell when the encoding was guessed."""
        if not self.guessed:
            return None
        return Flaw(
            "encoding",
            "warning",
            self._sentences(),
            stated(
                "If letters with accents look wrong, choose another encoding where the file can be read in "
                "another way (--encoding on the command line), or save it as UTF-8."
            ),
        )

    def _sentences(self) -> str:
        if self.language:
            read = stated(
                "The file is not UTF-8; it was read as {encoding}, as programs write {language}.",
                encoding=self.name,
                language=self.language,
            )
        else:
            read = stated("The file is not UTF-8; it was read as {encoding}.", encoding=self.name)
        sentences = [read]
        if self.preview:
            sentences.append(stated("This gives for example: {preview}.", preview=repr(self.preview)))
        sentences += [
            stated("As {encoding}, that is {preview}.", encoding=name, preview=repr(preview))
            for name, preview in self.others
        ]
        return stated_list(sentences, " ")

    def note(self, table: Table) -> None:
        """Tell in a table how its text was decoded, if that was guessed, and how it could be."""
        if self.flaw:
            table.flaws.add(self.flaw)
        if self.others:
            readings = ((self.name, self.preview), *self.others)
            table.found["encodings"] = [{"name": name, "preview": preview} for name, preview in readings]


def find_encoding(path: Path, named: str = "") -> Encoding:
    """UTF-8 unless a byte-order mark or the bytes say otherwise, or the user named another encoding.

    Raises:
        Rejected: ``bad_character`` for NUL characters, ``encoding`` with the byte offset when no encoding fits.
    """
    with path.open("rb") as source:
        head = source.read(SAMPLE)
    marked = _marked(head)
    if named:
        name = _known(named)
        encoding = marked if marked and marked.name == name else Encoding(name)
    elif marked or _looks_like_utf16(head):
        encoding = marked or Encoding(_looks_like_utf16(head), guessed=True)
    else:
        fault = _first_fault(path, Encoding("utf-8"))
        return Encoding("utf-8") if fault is None else _guess(path, fault)
    fault = _first_fault(path, encoding)
    if fault is not None:
        if named:
            reason = stated("The text was said to be {encoding}, but is not", encoding=encoding.name)
        elif marked:
            reason = stated("The text is marked as {encoding}, but is not", encoding=encoding.name)
        else:
            reason = stated("The text looks like {encoding}, but is not", encoding=encoding.name)
        raise undecodable(path, fault, reason)
    return encoding


def decode_head(head: bytes, named: str = "") -> str:
    """The beginning of a text file for telling its format; whatever does not fit the encoding is replaced."""
    marked = _marked(head)
    name = named if named in NAMED else _looks_like_utf16(head) or "utf-8"
    encoding = marked or Encoding(name)
    return head[encoding.skip :].decode(encoding.name, errors="replace")


def decode_bytes(content: bytes, named: str = "") -> tuple[str, Encoding]:
    """A whole short text and how it was decoded; UTF-8 wins over ``named``, which is another text's guess.

    Raises:
        Rejected: ``encoding`` or ``bad_character``.
    """
    encoding = _marked(content) or Encoding("utf-8")
    try:
        text = content[encoding.skip :].decode(encoding.name)
    except UnicodeDecodeError as error:
        name = named or _looks_like_utf16(content) or _likely(content, guess_encodings(content))[0]
        if encoding.skip or not name:
            raise unfit(error) from None
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            raise unfit(error) from None
        encoding = Encoding(name, guessed=True, preview=_preview(text))
    if "\0" in text:
        raise nul(1 + line_breaks(text[: text.index("\0")]))
    return text, encoding


def _marked(head: bytes) -> Encoding | None:
    return next((Encoding(name, len(mark)) for mark, name in MARKS if head.startswith(mark)), None)


def _looks_like_utf16(head: bytes) -> str:
    """The name of UTF-16 without its mark: of Western text, every second byte is zero."""
    pairs = len(head) // 2
    if pairs < 4:
        return ""
    first, second = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if first == 0 and second > 0.7 * pairs:
        return "utf-16-le"
    return "utf-16-be" if second == 0 and first > 0.7 * pairs else ""


def _known(named: str) -> str:
    try:
        name = codecs.lookup(named).name
    except LookupError:
        name = ""
    for encoding in NAMED:
        if codecs.lookup(encoding).name == name:
            return encoding
    raise Rejected(
        "encoding",
        stated("There is no text encoding called {named}.", named=repr(named[:40])),
        stated("Use one of: {names}.", names=", ".join(NAMED)),
    )


def read_pieces(path: Path, encoding: Encoding) -> Iterator[str]:
    """The text in pieces of about a mebibyte; line ends stay as they are."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    with path.open("rb") as source:
        source.seek(encoding.skip)
        while piece := source.read(PIECE):
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)


def read_lines(path: Path, encoding: Encoding, longest: int, *, own_ends: bool = False) -> Iterator[str]:
    r"""Lines that end in ``\n`` whatever the file uses; nothing is read beyond a line longer than ``longest``.

    Such a line is handed out cut at ``longest + 1`` characters, as the last one.

    Args:
        own_ends: leave ``\r\n`` and ``\r`` as they are, for formats in which a line end can belong to a text.
    """
    rest = ""
    for piece in read_pieces(path, encoding):
        text = rest + piece
        # A line feed may still follow this carriage return.
        pending = "\r" if text.endswith("\r") else ""
        lines = _split(text.removesuffix(pending))
        rest = "" if not lines or lines[-1].endswith(("\n", "\r")) else lines.pop()
        for line in lines:
            if len(line) > longest + 2:
                break
            yield line if own_ends else _one_end(line)
        else:
            line = rest
        if len(line) > longest + 2:
            yield line[: longest + 1]
            return
        rest += pending
    if rest:
        yield rest if own_ends else rest.removesuffix("\r")


def _split(text: str) -> list[str]:
    """Lines with their ends; str.splitlines would also break at characters such as U+2028, which belong to the text."""
    if "\r" in text:
        return list(io.StringIO(text, newline=""))
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _one_end(line: str) -> str:
    if line.endswith("\r\n"):
        return line[:-2] + "\n"
    return line[:-1] + "\n" if line.endswith("\r") else line


def _first_fault(path: Path, encoding: Encoding) -> int | None:
    """Byte offset of the first byte that does not fit the encoding; NUL characters are refused at once."""
    decoder = codecs.getincrementaldecoder(encoding.name)()
    offset, breaks = encoding.skip, 0
    with path.open("rb") as source:
        source.seek(offset)
        while True:
            piece = source.read(PIECE)
            pending = len(decoder.getstate()[0])
            fault: int | None = None
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                text = error.object[: error.start].decode(encoding.name, errors="ignore")
                fault = offset - pending + error.start
            if "\0" in text:
                raise nul(1 + breaks + line_breaks(text[: text.index("\0")]))
            if fault is not None:
                return fault
            if not piece:
                return None
            offset += len(piece)
            breaks += line_breaks(text)


def _guess(path: Path, fault: int) -> Encoding:
    with path.open("rb") as source:
        source.seek(max(0, fault - SAMPLE // 2))
        sample = source.read(SAMPLE)
        source.seek(fault)
        if _SURROGATE.match(source.read(3)):
            raise half_a_pair(row_at(path, fault))
    guesses = guess_encodings(sample)
    name, language = _likely(sample, guesses)
    if (
        not name
        or name in ("ascii", "utf_8")
        or (name not in WIDE and not _fits_wholly(guesses, sample) and _is_mixed(path, fault, sample))
    ):
        raise undecodable(path, fault, stated("The text is neither UTF-8 nor in any one other encoding"))
    encoding = _guessed(name, language, sample, guesses)
    later = _first_fault(path, encoding)
    if later is not None:
        raise undecodable(path, later, stated("The text looks like {encoding}, but is not throughout", encoding=name))
    return encoding


def _guessed(name: str, language: str, sample: bytes, guesses: list[Guess]) -> Encoding:
    """The encoding with a piece of the text, and the same piece in other encodings where they differ."""
    text = sample.decode(name, errors="ignore")
    others = other_readings(sample, name, guesses) if language else []
    if not others:
        return Encoding(name, guessed=True, preview=_preview(text), language=language)
    readings = [sample.decode(other) for other in (name, *others)]
    at = next(n for n, letters in enumerate(zip(*readings, strict=True)) if len(set(letters)) > 1)
    start = max(0, at - SHOWN // 3)
    shown = [" ".join(reading[start : start + SHOWN].split()) for reading in readings]
    return Encoding(
        name, guessed=True, preview=shown[0], language=language, others=tuple(zip(others, shown[1:], strict=True))
    )


def _fits_wholly(guesses: list[Guess], sample: bytes) -> bool:
    enough = sum(byte > 127 for byte in sample) >= ENOUGH
    return enough and bool(guesses) and guesses[0].fit >= CERTAIN and not is_latin(sample)


def _is_mixed(path: Path, fault: int, sample: bytes) -> bool:
    """Whether there is text in UTF-8 beyond ASCII before the first fault or around it."""
    if any(ord(c) > 127 for c in sample.decode("utf-8", errors="ignore")):
        return True
    with path.open("rb") as source:
        while fault > 0 and (piece := source.read(min(PIECE, fault))):
            if not piece.isascii():
                return True
            fault -= len(piece)
    return False


def _preview(text: str) -> str:
    """Some words around the first letter that is not ASCII."""
    found = _FOREIGN.search(text)
    if not found:
        return ""
    start = max(0, found.start() - SHOWN // 3)
    return " ".join(text[start : start + SHOWN].split())


def _likely(sample: bytes, guesses: list[Guess]) -> tuple[str, str]:
    """The encoding that makes the most of the sample, and the language that it fits; empty for none."""
    if guesses and guesses[0].fit >= SURE:
        return guesses[0].encoding, guesses[0].language
    name = detect_encoding(sample)
    if guesses and name not in WIDE:
        return guesses[0].encoding, guesses[0].language
    return name, ""
