"""Guesses the encoding of a text from the letters that languages have and the encodings that programs write for them.

A single-byte encoding fits a language when the bytes beyond ASCII become letters of its alphabet, in the places where its
words have them. What a spreadsheet program on Windows writes goes first, then what older systems wrote.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from app.languages import stated

WESTERN = ("cp1252", "cp850", "mac-roman", "cp437", "iso8859-15")
CENTRAL = ("cp1250", "cp852", "iso8859-2", "mac-latin2")
TURKISH = ("cp1254", "cp857", "mac-turkish")
BALTIC = ("cp1257", "cp775", "iso8859-13")
CYRILLIC = ("cp1251", "cp866", "koi8-r", "iso8859-5", "mac-cyrillic")
# KOI8-R and KOI8-U are one for most texts; at equal places the order of languages decides.
UKRAINIAN = ("cp1251", "cp866", "koi8-u", "iso8859-5", "mac-cyrillic")
GREEK = ("cp1253", "cp737", "iso8859-7")
VIETNAMESE = ("cp1258",)
# What is offered beside the likeliest reading if nothing else fits.
COMMON = ("cp1252", "cp1250", "cp1254", "cp850", "mac-roman")
COMMON_OTHERS = ("cp1251", "cp1253", "cp866", "koi8-r")
MAX_READINGS = 3


@dataclass(frozen=True)
class Language:
    """The letters beyond ASCII that a language writes, the most frequent first, and encodings in the order of use.

    ``words`` are short words that hardly any text of the language lacks.
    """

    name: str
    letters: str
    encodings: tuple[str, ...]
    words: str = ""


LANGUAGES: tuple[Language, ...] = (
    Language(stated("German"), "üäöß", WESTERN, "der die und das ist nicht ein eine mit für auf wird wir"),
    Language(stated("French"), "éèàêçâîôùûœëïüæÿ", WESTERN, "le la les des et est une un pour dans que qui sur du en"),
    Language(stated("Spanish"), "óíáéñúü¿¡ª", WESTERN, "el la los las de que en un una por con para es se del no"),
    Language(stated("Portuguese"), "ãçáéíóêõúâàô", WESTERN, "o a os as de que em um uma para com não por se do da no"),
    Language(stated("Italian"), "èàòùéìí", WESTERN, "il la di che e un una per non con del della sono le i"),
    Language(stated("Dutch"), "ëéïèöüó", WESTERN, "de het een en van is niet dat met voor op te"),
    Language(stated("Catalan"), "àéèóíçòúïü", WESTERN, "el la els les de que i en un una per amb és no"),
    Language(stated("Swedish"), "äåöé", WESTERN, "och att det som är en på för av med inte den"),
    Language(stated("Danish"), "øåæé", WESTERN, "og i at det er en på til af for ikke den med"),
    Language(stated("Norwegian"), "åøæéòô", WESTERN, "og i det er en på til av for ikke som med"),
    Language(stated("Finnish"), "äöå", WESTERN, "ja on ei se että mutta kun hän tämä joka"),
    Language(stated("Irish"), "áéíóú", WESTERN, "an na agus is a i le ar go"),
    Language(stated("Polish"), "łóążęśćźń", CENTRAL, "i w na z się nie do to że jest o jak po"),
    Language(stated("Czech"), "íáěéřžýčšůúťďňó", CENTRAL, "a se v na je to že s z do o i jsem ale"),
    Language(stated("Slovak"), "áíéčšýžúôľťňäďĺŕó", CENTRAL, "a sa v na je to že s z do o ako nie"),
    Language(stated("Hungarian"), "áéöőüóíúű", CENTRAL, "a az és hogy nem egy is van meg ez de csak"),
    Language(stated("Slovenian"), "čšž", CENTRAL, "in je v na se da za so ki ne"),
    Language(stated("Croatian"), "čšžćđ", CENTRAL, "i je u na se da za su ne od"),
    Language(stated("Romanian"), "ăîâşţșț", CENTRAL, "de a în și şi la nu cu pe un o din care"),
    Language(stated("Turkish"), "\u0131işğüöçâîİû", TURKISH, "ve bir bu için de da mi ile çok ne en"),
    # After Turkish: three of its letters have the places of Turkish ones, and far fewer files are Icelandic.
    Language(stated("Icelandic"), "áðíþöéúóæý", WESTERN, "og að er í á það sem ekki við um en til"),
    Language(stated("Estonian"), "äõüöšž", BALTIC, "ja on ei et see kui oma ka"),
    Language(stated("Latvian"), "āīēšūņžļčķģ", BALTIC, "un ir ar no uz par ka ne"),
    Language(stated("Lithuanian"), "ėšįžųūčąę", BALTIC, "ir yra kad su į iš bet ne"),
    Language(stated("Russian"), "оеаинтсрвлкмдпуяызьбгчйхжшюцщэфё", CYRILLIC),
    Language(stated("Ukrainian"), "оаніивтерслкудмпязьбгйчхжцюієшїщфґ", UKRAINIAN),
    Language(stated("Bulgarian"), "аеиотнрсвлкдпмзугбчъящхцжюйшфь", CYRILLIC),
    Language(stated("Serbian"), "аиоенрсјтукдмвлпгзбчшхцжљњћђфџ", CYRILLIC),
    Language(stated("Greek"), "αοιετσνηυρπκμλωςγδάίόέύθήχφβώξζψϊΐ", GREEK),
    Language(stated("Vietnamese"), "đăâêôơư", VIETNAMESE),
)
# Marks that stand between words in any language.
_MARKS = frozenset("«»“”„\u2018\u2019\u201a\u2013—…•·°§©®™€£¿¡ºª\u00d7½¼¾²³\u00b4\xa0")
_APOSTROPHES = frozenset("\u2019'\u00b4")
_HIGH = re.compile(rb"[\x80-\xff]")
_WORD = re.compile(r"[^\W\d_]+")
# A reading of which this much fits is as good as one that fits wholly.
GOOD, LOWEST = 0.97, 0.5
BESIDE_LATIN = 0.5


@dataclass(frozen=True)
class Guess:
    """An encoding, the language that it fits, and how much of the text fits, from 0 to 1."""

    encoding: str
    language: str
    fit: float


@dataclass(frozen=True)
class _Profile:
    """What the fit of a text depends on, whatever the language.

    Attributes:
        foreign: letters beyond ASCII of each word that may be one, and how often it comes.
        placed: what each mark beyond ASCII that stands between words counts for.
        total: characters beyond ASCII.
        words: words of several letters in small letters, and how often each comes.
    """

    text: str
    foreign: list[tuple[str, int]]
    placed: list[float]
    total: int
    words: Counter[str]


def guess_encodings(sample: bytes) -> list[Guess]:
    """Encodings under which the sample reads as text of some language, the likeliest first, each giving another text.

    Empty for text without bytes beyond ASCII and for scripts that need several bytes for a character.
    """
    if not _HIGH.search(sample):
        return []
    latin = is_latin(sample)
    profiles: dict[str, _Profile | None] = {}
    found: dict[str, tuple[tuple[float, ...], Guess]] = {}
    for order, language in enumerate(LANGUAGES):
        if (language.encodings in (CYRILLIC, UKRAINIAN, GREEK)) == latin:
            continue
        for place, encoding in enumerate(language.encodings):
            if encoding not in profiles:
                profiles[encoding] = _profile(sample, encoding)
            if (profile := profiles[encoding]) is None:
                continue
            fit = _fit(profile, language)
            if fit < LOWEST:
                continue
            rank = (min(round(fit, 2), GOOD), _common_words(profile, language), -place, -order, fit)
            known = found.get(profile.text)
            if known is None or rank > known[0]:
                found[profile.text] = rank, Guess(encoding, language.name, fit)
    ranked = sorted(found.values(), key=lambda pair: pair[0], reverse=True)
    return [guess for _, guess in ranked[:MAX_READINGS]]


def other_readings(sample: bytes, taken: str, guesses: list[Guess]) -> list[str]:
    """Up to two more encodings under which the sample gives another text: guesses first, then the most common ones."""
    texts, found = {_decoded(sample, taken)}, []
    usual = (*(guess.encoding for guess in guesses), *(COMMON if is_latin(sample) else COMMON_OTHERS))
    for encoding in dict.fromkeys(usual):
        text = _decoded(sample, encoding)
        if text is not None and text not in texts:
            texts.add(text)
            found.append(encoding)
    return found[: MAX_READINGS - 1]


def detect_encoding(sample: bytes) -> str:
    """The encoding that the general detector prefers, which knows scripts of many characters; empty for none."""
    # Imported here because most files are UTF-8.
    from charset_normalizer import from_bytes

    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return ""
    # On short texts several Western encodings fit equally; cp1252 is the one that desktop programs write.
    equal = [
        candidate for candidate in matches if (candidate.chaos, candidate.coherence) == (best.chaos, best.coherence)
    ]
    return "cp1252" if any("cp1252" in match.could_be_from_charset for match in equal) else best.encoding


def is_latin(sample: bytes) -> bool:
    """Whether bytes beyond ASCII stand beside Latin letters, as accented ones do."""
    high = beside = 0
    for found in _HIGH.finditer(sample):
        before, after = sample[found.start() - 1 : found.start()], sample[found.end() : found.end() + 1]
        high += 1
        beside += before.isalpha() or after.isalpha()
    return beside > BESIDE_LATIN * high


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        return None


def _profile(sample: bytes, encoding: str) -> _Profile | None:
    text = _decoded(sample, encoding)
    if text is None:
        return None
    words = Counter(_WORD.findall(text))
    foreign: list[tuple[str, int]] = []
    broken = 0
    for word, count in words.items():
        letters = "".join(c for c in word if ord(c) > 127)
        # A capital inside of a word in small letters is the sign of a wrong encoding.
        if word[1:] != word[1:].lower() and not word.isupper():
            broken += count * len(letters)
        elif letters:
            foreign.append((letters, count))
    marks = Counter(c for c in text if ord(c) > 127 and not c.isalpha())
    inside = _inside_words(text)
    placed = [0.9 * (count - inside[mark]) for mark, count in marks.items() if mark in _MARKS]
    total = sum(len(letters) * count for letters, count in foreign) + broken + marks.total()
    # A single letter may as well be somebody's label.
    spoken: Counter[str] = Counter()
    for word, count in words.items():
        if len(word) > 1:
            spoken[word.lower()] += count
    return _Profile(text, foreign, placed, total, spoken)


def _fit(profile: _Profile, language: Language) -> float:
    """The share of characters beyond ASCII that the language has, where it has them."""
    weights = _weights(language.letters)
    known = sum(count * sum(weights.get(c, 0.0) for c in letters) for letters, count in profile.foreign)
    return sum(profile.placed, known) / profile.total if profile.total else 0.0


@lru_cache(maxsize=len(LANGUAGES))
def _weights(letters: str) -> dict[str, float]:
    """Letter -> 1 for the frequent ones, a little less for the rare ones; capitals too."""
    rare = max(len(letters) // 2, 8)
    weights = {letter: 1.0 if at < rare else 0.8 for at, letter in enumerate(letters)}
    return weights | {letter.upper(): weight for letter, weight in weights.items() if len(letter.upper()) == 1}


def _inside_words(text: str) -> Counter[str]:
    """Marks between two letters, where only apostrophes may stand."""
    return Counter(
        mark
        for before, mark, after in zip(text, text[1:], text[2:], strict=False)
        if ord(mark) > 127 and not mark.isalpha() and before.isalpha() and after.isalpha() and mark not in _APOSTROPHES
    )


def _common_words(profile: _Profile, language: Language) -> float:
    """The share of words that are among the short ones of the language, in steps of a twentieth."""
    words, common = profile.words, set(language.words.split())
    return round(20 * sum(words[word] for word in common) / words.total()) / 20 if words and common else 0.0
