"""The word lists by which languages were guessed before py3langid: the oracle of `test_text_languages`."""

import re
from collections.abc import Iterable

TITLES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "ru": "Cyrillic script",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "ar": "Arabic script",
    "el": "Greek",
    "he": "Hebrew",
    "hi": "Devanagari script",
    "th": "Thai",
}
SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u052f]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
# Small words that are common in one of the languages and rare or absent in the others.
SMALL_WORDS = {
    "en": "the and is of to that it for with my was are you this have not but what how can be your i at from they we",
    "de": "der die und ist das nicht ich ein eine zu mit auf für von sie den dem wie mein kann auch wird bei sind wir",
    "fr": "le les et est une pas je vous des du que dans pour sur ne avec mon ma nous qui au cette ce mais comment j l",
    "es": "el los y es una que no por con para las del mi se lo su como está pero más cuando hay puedo qué muy",
    "it": "il che di è un una non per con sono mi gli della nel come ho questo mio anche quando più posso alla dei",
    "pt": "o os e é um uma que não para com do da em meu minha eu você se mais como está mas por ao foi isso",
    "nl": "de het een en is van niet ik dat voor met op te zijn mijn er aan maar wat hoe kan ook naar bij deze wij",
}
LEAST_HITS, CLEARLY = 2, 1.5
LETTERS_SHARE = 0.3

_LANGUAGES: dict[str, tuple[str, ...]] = {}
for _code, _list in SMALL_WORDS.items():
    for _word in _list.split():
        _LANGUAGES[_word] = (*_LANGUAGES.get(_word, ()), _code)


def language_of(text: str, words: Iterable[str]) -> str:
    """The code of the language, empty when there is too little to tell.

    Args:
        words: the text's words in lower case.
    """
    if not text.isascii() and (script := _script(text)):
        return script
    hits: dict[str, int] = {}
    for word in _LANGUAGES.keys() & set(words):
        for code in _LANGUAGES[word]:
            hits[code] = hits.get(code, 0) + 1
    if not hits:
        return ""
    most = max(hits.values())
    near = [code for code, count in hits.items() if most < CLEARLY * count]
    return near[0] if most >= LEAST_HITS and len(near) == 1 else ""


def _script(text: str) -> str:
    letters = sum(map(str.isalpha, text))
    for code, pattern in SCRIPTS:
        # Japanese is known by a few of its own letters among Chinese ones.
        if len(pattern.findall(text)) > (0.1 if code == "ja" else LETTERS_SHARE) * letters:
            return code
    return ""
