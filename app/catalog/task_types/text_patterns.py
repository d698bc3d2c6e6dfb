"""What can be recognised in a text by its characters alone: nothing visible, control characters, personal data."""

import hashlib
import re
from collections.abc import Iterable

_INVISIBLE = re.compile(
    r"[\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Joiners (200c, 200d) belong to emoji and to several scripts, so they are not among them.
_HIDDEN = re.compile(
    r"[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_MARKERS = re.compile(r"<\|[a-z_]{2,30}\|>|\[(CLS|SEP|MASK|PAD|UNK|INST|/INST)\]|<</?SYS>>|</?s>|<(bos|eos|pad|unk)>")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,4}")
_PHONE = re.compile(
    r"(?<![\w.,-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,5}){1,4}(?![\w-])|(?<!\w)\+\d{8,15}\b"
)
_CARD = re.compile(r"(?<!\d)\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}(?!\d)")
_NUMBER = re.compile(r"\s*[-+]?(\d+([.,]\d+)*|\.\d+)([eE][-+]?\d+)?\s*%?\s*")
_DIGIT = re.compile(r"\d")
_NOT_DIGITS = re.compile(r"\D")


def visible(text: str) -> bool:
    """Whether there is anything to see: not only spaces and characters of no width."""
    return bool(text) and ((text[0].isascii() and text[0].isalnum()) or _INVISIBLE.fullmatch(text) is None)


def text_key(text: str) -> bytes:
    """A short value that is the same for texts that differ only in case and spaces."""
    return hashlib.blake2b(" ".join(text.casefold().split()).encode(), digest_size=16).digest()


def has_control_character(text: str) -> bool:
    """Whether the text holds control characters other than tab and line ends."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def has_hidden_character(text: str) -> bool:
    """Whether the text holds characters of no width: zero-width spaces, soft hyphens, marks of direction, tags."""
    return not text.isascii() and _HIDDEN.search(text) is not None


def without_hidden(text: str) -> str:
    """The text without control characters and characters of no width."""
    return _CONTROL.sub("", _HIDDEN.sub("", text))


def has_marker(text: str) -> bool:
    """Whether the text holds special tokens of language models."""
    return ("<" in text or "[" in text) and _MARKERS.search(text) is not None


def personal_data(text: str) -> list[str]:
    """Kinds of personal data that the text seems to hold: ``email``, ``phone``, ``card``."""
    found = []
    if "@" in text and _EMAIL.search(text):
        found.append("email")
    if _DIGIT.search(text):
        if any(_is_card(match.group()) for match in _CARD.finditer(text)):
            found.append("card")
        elif any(_is_phone(match.group()) for match in _PHONE.finditer(text)):
            found.append("phone")
    return found


def masked(text: str) -> str:
    """The text with ``[email]``, ``[phone]`` and ``[card]`` in place of what :func:`personal_data` finds."""
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    if not _DIGIT.search(text):
        return text
    text = _CARD.sub(lambda found: "[card]" if _is_card(found.group()) else found.group(), text)
    return _PHONE.sub(lambda found: "[phone]" if _is_phone(found.group()) else found.group(), text)


def in_any_order(texts: Iterable[str]) -> str:
    """The same for texts in any order, apart from case and spaces."""
    return "\0".join(sorted(" ".join(text.casefold().split()) for text in texts))


def is_number(text: str) -> bool:
    """Whether the text is one number."""
    return _NUMBER.fullmatch(text) is not None


def _is_phone(text: str) -> bool:
    digits = len(_NOT_DIGITS.sub("", text))
    # Nine digits leave out years, dates such as 2024-05-17, prices and times.
    return 9 <= digits <= 15 or (text.startswith(("+", "(")) and digits >= 8)


def _is_card(text: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812)."""
    digits = [int(digit) for digit in _NOT_DIGITS.sub("", text)]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [digit * 2 - 9 * (digit > 4) if index % 2 else digit for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0
