"""Which columns of a table could be text and label, by names and contents."""

from collections.abc import Sequence
from dataclasses import replace

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types.candidates import (
    CERTAIN,
    DOUBTED,
    GUESSED,
    LIKELY,
    NAMED,
    PARTLY,
    WEAK,
    GoalCandidate,
)
from app.catalog.task_types.column_facts import ColumnFacts, TableFacts
from app.catalog.task_types.marks import accepted_values
from app.languages import stated

KIND = "text-classification"
TEXT_NAMES = tuple(
    """
    text sentence message utterance content review comment question query body input prompt document description
    tweet email satz nachricht inhalt beschreibung texte phrase texto frase mensaje mensagem testo messaggio tekst
    metin cümle mesaj szöveg üzenet zpráva текст сообщение 文本 内容 句子 文 本文 ticket request sentence1 subject title
    betreff titel titre
    """.split()
)
# A file with a request and an answer teaches to answer; a label beside them is probably about the topic.
BESIDE_ANSWERS = 20


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """One for each column that could be the label, with the text that fits best; the same labels twice count once."""
    labels = {name: scored for name, column in table.columns.items() if (scored := label_evidence(column))[0]}
    texts = [name for name in table.names if name not in labels] or list(table.names)
    request = request_beside_answer(table)
    found: list[GoalCandidate] = []
    for name in _distinct(table, list(labels)):
        score, doubt = labels[name]
        text = request if request and request != name else best_text(table, [item for item in texts if item != name])
        if text is not None:
            score -= BESIDE_ANSWERS * (request is not None and score < CERTAIN)
            doubt = doubt or _doubt_of_text(table, text, texts, name)
            found.append(GoalCandidate(KIND, {"text": text, "label": name}, score, _why(table.columns[name]), doubt))
    return _with_doubt(table, found)


def guess_columns(table: TableFacts) -> dict[str, str]:
    """Text and label of the strongest candidate; the text alone where no column could be the label."""
    found = max(candidates(table), key=lambda item: item.score, default=None)
    if found is not None:
        return dict(found.columns)
    labels = [name for name in table.names if label_evidence(table.columns[name])[0]]
    if labels:
        return {"label": labels[0]}
    text = best_text(table, table.names)
    return {"text": text} if text else {}


def _with_doubt(table: TableFacts, found: list[GoalCandidate]) -> list[GoalCandidate]:
    """Where no name says which column is the label, several that recur are a question."""
    able = [item for item in found if not table.columns[item.columns["label"]].is_metadata]
    if len(able) < 2 or max(item.score for item in found) > GUESSED:
        return found
    doubt = stated("no name says which column holds the label.")
    return [replace(item, doubt=item.doubt or doubt) for item in found]


def request_beside_answer(table: TableFacts) -> str | None:
    """The column of requests, where one of answers in free text stands beside it, by their names."""
    request, answer = names.request_and_answer(table.of_kind(facts.TEXTS))
    return request if request and answer else None


def best_text(table: TableFacts, columns: Sequence[str]) -> str | None:
    """The column that reads most like the text: by its name, the number of its words, and how seldom it repeats."""
    scores = {name: _text_score(table.columns[name]) for name in columns}
    fitting = [name for name in columns if scores[name] > 0]
    empty = [name for name in columns if table.columns[name].kind == facts.EMPTY and names.is_called(name, TEXT_NAMES)]
    # An empty column with a fitting name keeps the role, so that the report can say that it is empty.
    return max(fitting, key=lambda name: scores[name], default=next(iter(empty), None))


def _doubt_of_text(table: TableFacts, text: str, texts: Sequence[str], label: str) -> str:
    """Why the text is not taken without asking: another column holds free text too, and neither is called like one."""
    others = [name for name in texts if name not in (text, label) and table.columns[name].kind == facts.TEXTS]
    named = (*TEXT_NAMES, *names.REQUESTS, *names.ANSWERS, *names.TITLES)
    if table.columns[text].kind != facts.TEXTS or any(names.is_named(name, named) for name in (text, *others)):
        return ""
    if not others:
        return ""
    return stated(
        "the names do not say which of {one} and {other} holds the text.", one=repr(text), other=repr(others[0])
    )


def _text_score(column: ColumnFacts) -> float:
    if column.kind in (facts.EMPTY, facts.OBJECTS, facts.TIMES, facts.LINKS) or column.numeric > facts.SHARE:
        return 0.0
    # "Ticket text" is the text; "issue_text_id" is not.
    named = 1.5 * names.is_named(column.name, TEXT_NAMES)
    if names.is_called(column.name, TEXT_NAMES):
        # Earlier names count more: a title or a subject stands beside the text that it belongs to.
        keys = list(map(names.name_key, TEXT_NAMES))
        named = 3.0 - 3 * keys.index(names.name_key(column.name)) / len(keys)
    about = column.is_metadata or column.is_person
    if about and column.kind == facts.VALUES:
        return 0.0
    return max(0.01, named + min(column.words, 30) / 15 + column.share - 2.0 * about)


def label_evidence(column: ColumnFacts) -> tuple[float, str]:
    """What speaks for a column as the label, and why it is not taken without asking."""
    name = repr(column.name[:60])
    tier = _tier(column.name)
    if accepted_values(column):
        return 0.0, ""
    if column.kind != facts.VALUES or column.distinct < 2:
        # A column called like a label keeps the role when its values are short, so that the report says what is wrong.
        short = column.words <= facts.MAX_VALUE_WORDS and column.kind not in (facts.OBJECTS, facts.TEXTS)
        return (WEAK, "") if tier >= LIKELY and short else (0.0, "")
    if names.is_called(column.name, names.SCORES):
        return LIKELY, ""
    if tier >= PARTLY:
        return tier, ""
    if column.is_person:
        return DOUBTED, stated("{column} seems to name who wrote or handled a row.", column=name)
    if column.is_metadata:
        return DOUBTED, stated("{column} seems to be about the row, not about its text.", column=name)
    if column.numeric > facts.SHARE:
        return DOUBTED, stated("{column} holds a few different numbers, and no name says what they mean.", column=name)
    return GUESSED, ""


def _tier(name: str) -> float:
    for score, known in ((CERTAIN, names.LABELS), (NAMED, names.CATEGORIES), (LIKELY, names.GROUPS)):
        if names.is_called(name, known):
            return score
    known = (*names.LABELS, *names.CATEGORIES, *names.GROUPS)
    says = names.is_named(name, known) or names.name_key(name).startswith(("is_", "has_"))
    return PARTLY if says else 0.0


def _why(column: ColumnFacts) -> str:
    shown = ", ".join(value[:30] for value in column.values[:4])
    listed = f"{shown} …" if column.distinct > 4 else shown
    return stated("{count} values that recur: {values}", count=column.distinct, values=listed)


def _distinct(table: TableFacts, labels: list[str]) -> list[str]:
    """Without columns that say the same as another one, such as the number of a label beside its name."""
    kept: list[str] = []
    for name in sorted(labels, key=lambda item: table.columns[item].numeric):
        twin = next((item for item in kept if table.same_rows(item, name)), None)
        if twin is None or table.columns[name].distinct < 2:
            kept.append(name)
    return [name for name in labels if name in kept]
