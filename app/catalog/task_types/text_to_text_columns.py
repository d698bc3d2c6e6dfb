"""Which columns hold the source and the target of texts that are rewritten: by their names, or because both are languages."""

from collections.abc import Mapping
from itertools import pairwise

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types.candidates import CERTAIN, NAMED, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.column_names import name_key
from app.languages import stated

KIND = "text-to-text"
# Names of two columns that mean a text and what is made of it, in every common data set of this kind.
PAIRS = tuple(
    tuple(pair.split(":"))
    for pair in """
    source:target source:reference source:translation source:simplification source:paraphrase source_text:target_text
    src:tgt src:trg src:target src:ref src:mt input_text:target_text article:highlights article:summary article:abstract
    article:headline document:summary document:abstract dialogue:summary dialog:summary conversation:summary text:summary
    transcript:summary report:summary body:summary content:summary text:headline text:abstract summary:headline
    text:simplified text:simplification text:corrected text:correction text:translation text:rewrite text:paraphrase
    sentence:correction sentence:corrected sentence:simplified sentence:paraphrase sentence:translation
    original:simplified original:rewrite original:rewritten original:corrected original:correction original:translation
    original:simplification original:paraphrase normal:simple complex:simple formal:informal informal:formal
    disfluent:original disfluent:fluent incorrect:correct incorrect:corrected noisy:clean before:after
    meaning_representation:human_reference meaning_representation:reference mr:ref mr:reference mr:text
    linearized_input:target triples:text data:text table:text code:docstring question:rewrite
    texto:resumen texte:résumé artikel:zusammenfassung text:zusammenfassung testo:riassunto texto:resumo
    original:übersetzung quelle:ziel текст:резюме 原文:译文 原文:摘要
    """.split()
)
# The same, where people as often mean a request and its answer.
OPEN_PAIRS = (("input", "target"), ("input", "reference"), ("input", "summary"), ("input", "translation"))
LANGUAGES = frozenset(
    """
    en de fr es it pt nl sv da no nb fi pl cs sk sl hr sr bg ro hu el tr ru uk ar he fa hi bn ta te ur zh ja ko vi th id ms
    et lv lt ga cy eu ca gl is mt sq mk hy ka az kk uz sw am yo zu af
    english german french spanish italian portuguese dutch swedish danish norwegian finnish polish czech russian ukrainian
    arabic hebrew hindi chinese japanese korean vietnamese turkish greek hungarian romanian
    deutsch englisch französisch spanisch italienisch français anglais allemand espagnol español inglés alemán
    """.split()
)
TEXTS = (facts.TEXTS, facts.WORDS, facts.VALUES, facts.OBJECTS)
# Values that differ less are labels.
MIN_SHARE = 0.5


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """The readings, the surest first."""
    able = {name_key(name.rpartition(".")[2]): name for name in reversed(table.of_kind(*TEXTS))}
    for pairs, score in ((PAIRS, CERTAIN), (OPEN_PAIRS, NAMED + 1)):
        for source, target in pairs:
            columns = able.get(name_key(source)), able.get(name_key(target))
            if columns[0] and columns[1] and not _recurs(table, columns[1]):
                return [_candidate(columns[0], columns[1], score)]
    return _translations(table)


def swapped(columns: Mapping[str, str]) -> bool:
    """Whether the names of the columns are those of a pair the other way round."""
    source, target = (name_key(columns[role].rpartition(".")[2]) for role in ("source", "target"))
    known = {(name_key(one), name_key(other)) for one, other in (*PAIRS, *OPEN_PAIRS)}
    return (target, source) in known and (source, target) not in known


def _translations(table: TableFacts) -> list[GoalCandidate]:
    """Two columns, or two fields of one object, that are called by languages: both directions, of which a person chooses."""
    named = [name for name in table.of_kind(facts.TEXTS, facts.WORDS) if _language(name)]
    pairs = [pair for pair in pairwise(named) if _language(pair[0]) != _language(pair[1])]
    if len(named) != 2 or not pairs:
        return []
    one, other = pairs[0]
    doubt = stated("{one} can be translated into {other}, or the other way.", one=repr(one), other=repr(other))
    return [_candidate(one, other, CERTAIN, doubt), _candidate(other, one, CERTAIN - 1, doubt)]


def _language(name: str) -> str:
    """The language that a column is called by, as ``de``, ``text_de`` or ``translation.de``; empty for all others."""
    parts = [part for part in name_key(name).split("_") if part in LANGUAGES]
    rest = set(name_key(name).split("_")) - set(parts)
    return parts[0] if len(parts) == 1 and rest <= {"text", "sentence", "translation", "src", "tgt", "in"} else ""


def _recurs(table: TableFacts, name: str) -> bool:
    """Whether a column holds a few values again and again, which are labels."""
    column = table.columns[name]
    return column.kind == facts.VALUES and column.filled >= 20 and column.share < MIN_SHARE and column.words < 3


def _candidate(source: str, target: str, score: float, doubt: str = "") -> GoalCandidate:
    why = stated("a source in {source}, a target in {target}", source=repr(source), target=repr(target))
    return GoalCandidate(KIND, {"source": source, "target": target}, score, why, doubt)
