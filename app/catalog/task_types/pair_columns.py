"""Which columns of a table hold two texts with one label for both, by names and contents."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import LIKELY, NAMED, TAGGED, GoalCandidate
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts
from app.catalog.task_types.column_names import find_column, name_key
from app.catalog.task_types.text_classification_columns import label_evidence
from app.catalog.task_types.text_pairs import FIRST, SECOND
from app.languages import stated

KIND = "pair-classification"
# Names that two texts have only where they are compared.
COMPARED = (
    ("premise", "hypothesis"),
    ("prämisse", "hypothese"),
    ("prémisse", "hypothèse"),
    ("premisa", "hipótesis"),
    ("premessa", "ipotesi"),
    ("premissa", "hipótese"),
    ("前提", "假设"),
    ("前提", "仮説"),
    ("context", "hypothesis"),
    ("text", "hypothesis"),
    ("sentence", "paraphrase"),
    ("source_sentence", "target_sentence"),
)
# Names that two texts may have for other reasons as well; a label that says how they belong together decides.
TOGETHER = (
    ("claim", "evidence"),
    ("behauptung", "beleg"),
    ("affirmation", "preuve"),
    ("query", "document"),
    ("query", "passage"),
    ("query", "product_title"),
    ("search_query", "passage"),
    ("suchanfrage", "dokument"),
    ("suchanfrage", "titel"),
    ("anfrage", "dokument"),
    ("requête", "document"),
    ("consulta", "documento"),
    ("查询", "文档"),
    ("question", "sentence"),
    ("question", "passage"),
    ("question", "context"),
)
# Names that two texts mostly have for other reasons, unless the label is called after how they belong together.
ELSEWHERE = (("query", "title"), ("query", "text"), ("headline", "body"), ("title", "body"), ("argument", "topic"))
# A question with its answer is mostly there to be learned from; whether the answer fits may be the label.
ANSWERED = (
    ("question", "answer"),
    ("frage", "antwort"),
    ("pregunta", "respuesta"),
    ("question", "réponse"),
    ("domanda", "risposta"),
    ("pergunta", "resposta"),
    ("вопрос", "ответ"),
    ("问题", "答案"),
    ("query", "answer"),
    ("query", "response"),
)
# What says of two texts how they belong together, and of nothing else.
RELATIONS = tuple(
    """
    relevant relevance relevanz relevante pertinence is_relevant is_duplicate duplicate duplikat doublon entailment verdict
    stance paraphrase is_paraphrase match matches is_match same is_same similar equivalent relation passt treffer gleich
    judgment entspricht 相关 重复 関連
    """.split()
)
# Ends or beginnings by which the names of two texts of one kind differ.
TWINS = (
    *(("1", "2"), ("a", "b"), ("0", "1"), ("x", "y"), ("i", "ii"), ("one", "two"), ("first", "second")),
    *(("left", "right"), ("links", "rechts"), ("erster", "zweiter"), ("erste", "zweite"), ("left", "right")),
)
# Names whose twins are rivals, of which one is better, or belong to something else.
RIVALS = (
    *names.ANSWERS,
    *names.LABELS,
    *names.CATEGORIES,
    *"option choice candidate model conversation date id".split(),
)
SUBJECTS = ("subject", "betreff", "objet", "asunto", "oggetto", "assunto", "тема", "主题", "件名")
# Columns that neither of two texts can be.
NO_TEXT = (facts.EMPTY, facts.OBJECTS, facts.TIMES, facts.LINKS, facts.NUMBERS)
MAX_LABELS, FEW_LABELS = 60, 6
# Of texts that belong together more words are the same than of those of other rows.
SHARED_MORE, COMPARED_ROWS = 0.1, 100
QUESTIONED = NAMED + 5
_END = re.compile(r"(?<=[^\W\d])(\d)$")
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")


class _Texts(NamedTuple):
    """Two columns of texts; ``sure`` where their names say that they are compared, ``asked`` where another reading is close."""

    first: str
    second: str
    sure: bool = False
    asked: bool = False


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """The ways in which a table says of two texts how they belong together, one for each column that could be the label."""
    if conversations.conversation_column(table):
        return []
    found = next(_pairs(table), None)
    if found is None:
        return []
    labels = _labels(table, found)
    why = stated("{first} and {second} are compared", first=repr(found.first[:60]), second=repr(found.second[:60]))
    return [_candidate(table, found, label, why, len(labels)) for label in labels]


def _candidate(table: TableFacts, found: _Texts, label: str, why: str, labels: int) -> GoalCandidate:
    columns = {FIRST.name: found.first, SECOND.name: found.second, "label": label}
    related = names.is_called(label, RELATIONS)
    if names.is_called(label, names.SCORES):
        return GoalCandidate(KIND, columns, LIKELY, why)
    if found.asked and not related:
        return GoalCandidate(KIND, columns, QUESTIONED, why)
    doubt = label_evidence(table.columns[label])[1]
    if labels > 1:
        doubt = stated("no name says which column holds the label.")
    return GoalCandidate(KIND, columns, TAGGED, why, "" if related else doubt, settles=frozenset((label,)))


def are_compared(first: str, second: str) -> bool:
    """Whether the names of two columns say that their texts belong together."""
    known = {(name_key(one), name_key(other)) for one, other in (*COMPARED, *TOGETHER, *ANSWERED)}
    pair = name_key(first), name_key(second)
    return not known.isdisjoint((pair, pair[::-1])) or any(_twins(dict(zip(pair, pair, strict=True))))


def _pairs(table: TableFacts) -> Iterator[_Texts]:
    """Two texts by their names, the surest first; else by their words."""
    able = [name for name, column in table.columns.items() if _may_be_text(column)]
    plain = {name_key(name): name for name in reversed(able)}

    def named(known: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        for one, other in known:
            if (first := plain.get(name_key(one))) and (second := plain.get(name_key(other))):
                yield first, second

    yield from (_Texts(*pair, sure=True) for pair in (*named(COMPARED), *_twins(plain)))
    yield from (_Texts(*pair) for pair in named(TOGETHER))
    if find_column(table.of_kind(facts.VALUES), RELATIONS):
        yield from (_Texts(*pair) for pair in named(ELSEWHERE))
    yield from (_Texts(*pair, asked=True) for pair in named(ANSWERED))
    texts = [name for name in table.of_kind(facts.TEXTS) if not names.is_called(name, (*names.TITLES, *SUBJECTS))]
    elsewhere = all(names.request_and_answer(texts)) or any(names.is_named(name, RIVALS) for name in texts)
    if len(texts) == 2 and not elsewhere and _share_words(table, *texts):
        yield _Texts(texts[0], texts[1], asked=True)


def _may_be_text(column: ColumnFacts) -> bool:
    return column.kind not in NO_TEXT and column.words > 1 and not (column.is_metadata or column.is_person)


def _twins(plain: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Columns whose names differ only in an end or a beginning, as “sentence1” and “sentence2” do."""
    keyed = {tuple(_END.sub(r"_\1", key).split("_")): name for key, name in plain.items()}
    for key, name in keyed.items():
        for one, other in TWINS:
            for at in (-1, 0):
                rest = key[:-1] if at else key[1:]
                twin = keyed.get((*rest, other) if at else (other, *rest)) if rest and key[at] == one else None
                if twin and not names.is_named("_".join(rest), RIVALS):
                    yield name, twin


def _labels(table: TableFacts, found: _Texts) -> list[str]:
    """Columns that could be the label, those whose name says so first; one that says something else only where it must."""
    rest = [
        name
        for name, column in table.columns.items()
        if name not in (found.first, found.second)
        and column.kind == facts.VALUES
        and (column.distinct >= 2 or _is_only_label(column, found))
        and column.distinct <= MAX_LABELS
        and label_evidence(column)[0] > 0
    ]
    certain = find_column(rest, (*RELATIONS, *names.LABELS))
    if certain:
        return [certain] if found.sure or names.is_called(certain, RELATIONS) or _few(table, certain) else []
    if not found.sure:
        return [name for name in rest if table.columns[name].is_boolean][:1]
    return [name for name in rest if not (table.columns[name].is_metadata or table.columns[name].is_person)]


def _is_only_label(column: ColumnFacts, found: _Texts) -> bool:
    """Whether one value alone stands in a column that is called a label of compared texts, so that the report says what is wrong."""
    return found.sure and names.is_called(column.name, (*RELATIONS, *names.LABELS))


def _few(table: TableFacts, label: str) -> bool:
    """Whether there are so few labels that they may say how two texts belong together, rather than what one is about."""
    return table.columns[label].distinct <= FEW_LABELS


def _share_words(table: TableFacts, first: str, second: str) -> bool:
    """Whether the two texts of a row have more words in common than those of different rows."""
    rows = [row for row in table.sample if row.get(first) and row.get(second)][:COMPARED_ROWS]
    one, other = ([set(_WORD.findall(str(row[name]).casefold())) for row in rows] for name in (first, second))
    if len(rows) < 2:
        return False
    own = sum(map(_overlap, one, other)) / len(rows)
    chance = sum(map(_overlap, one, [*other[1:], other[0]])) / len(rows)
    return own >= chance + SHARED_MORE


def _overlap(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))
