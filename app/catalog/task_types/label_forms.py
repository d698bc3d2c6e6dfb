"""Ways of writing one label: which differ only in case, spaces, hyphens or Unicode form, and which way to keep."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping

_JOINERS = str.maketrans({"_": " ", "-": " ", "\u2010": " ", "\u2011": " ", "\u2013": " "})
_WIDTHLESS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))


def label_key(label: str) -> str:
    """The same for labels that a person would take for one: NFKC, no case, single spaces, ``_`` and ``-`` as spaces."""
    plain = unicodedata.normalize("NFKC", label.translate(_WIDTHLESS)).casefold().translate(_JOINERS)
    return " ".join(plain.split())


def variants(counts: Mapping[str, int]) -> list[list[str]]:
    """Groups of labels with one key, each ordered from the commonest; labels without a variant are left out.

    Args:
        counts: label as it is written -> rows.
    """
    groups: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        if key := label_key(label):
            groups[key].append(label)
    found = [
        sorted(spellings, key=lambda one: (-counts[one], one)) for spellings in groups.values() if len(spellings) > 1
    ]
    return sorted(found)


def merged_forms(counts: Mapping[str, int]) -> dict[str, str]:
    """Label -> the way it is written most often, without spaces around it, for every label that has variants."""
    return {label: group[0].strip() for group in variants(counts) for label in group}
