"""Recognises answers in forms that no task here learns from yet: preferred and rejected, with thumbs, about pictures.

Each function gives None where a table is no such data, else the readings that a task which is there can make of it.
"""

import re
from collections.abc import Sequence
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import CERTAIN, NAMED, GoalCandidate, Keep
from app.catalog.task_types.column_facts import TableFacts, parsed
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.text_classification_columns import best_text
from app.languages import stated

PREFERRED = tuple(
    """
    chosen preferred preferred_output response_chosen chosen_response accepted winner_response pos_answer positive_answer
    good_answer better_response better best winner win response_w bevorzugt gewählt besser beste gut préféré préférée choisi
    meilleur preferida elegida mejor preferito scelto migliore preferida_resposta melhor выбранный лучший 偏好 好
    """.split()
)
REJECTED = tuple(
    """
    rejected non_preferred_output nonpreferred_output response_rejected rejected_response dispreferred loser_response
    neg_answer negative_answer bad_answer worse_response unpreferred worse worst loser lose response_l abgelehnt schlechter
    schlecht schlechteste rejeté rejetée pire rechazada peor rifiutato scartato peggiore rejeitada pior отклоненный худший
    拒绝 差
    """.split()
)
# Ends of the names of two columns with an answer each, and what the names say beside them.
TWINS = (("a", "b"), ("1", "2"), ("0", "1"), ("x", "y"), ("j", "k"), ("w", "l"), ("left", "right"))
# Of these, the first is the better one by custom.
ORDERED_TWINS = (("j", "k"), ("w", "l"))
ANSWER_PARTS = (*names.ANSWERS, "ref", "candidate", "conversation", "generation", "text", "model", "option", "sample")
WINNERS = tuple(
    """
    winner preference preferred choice chosen better better_response_id label labels vote gewinner besser bevorzugt sieger
    gagnant préférence ganador preferencia vincitore vencedor kazanan победитель 胜者 verdict overall
    """.split()
)
SIDES = frozenset(
    "a b 0 1 2 tie both neither draw left right model_a model_b response_a response_b equal same beide gleich "
    "unentschieden tie_(bothbad) tie(bothbad) tie_bothbad bothbad".split()
)
PICTURES = ("image", "images", "picture", "pictures", "photo", "image_path", "image_url", "bild", "imagen")
PICTURE_FILES = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff")
RIGHT_ANSWERS = ("answer", "answer_key", "answerkey", "label", "correct", "correct_answer", "answer_idx", "cop", "gold")
SPREAD_CHOICES = (
    ("", "abcd"),
    ("option_", "abcd"),
    ("option", "abcd"),
    ("choice_", "abcd"),
    ("op", "abcd"),
    ("option", "1234"),
)
THUMBS = tuple(
    """
    label thumb thumbs thumbs_up is_good good feedback helpful liked rating verdict reaction vote approved accepted is_correct
    correct acceptable hilfreich gut richtig korrekt brauchbar daumen bewertung utile bon correcte avis útil bueno correcto
    valoración buono corretto utilità bom correto nuttig goed yararli faydali iyi hasznos jó przydatne dobra полезно хорошо
    有用 好评 反馈 役立つ
    """.split()
)
RATES = frozenset(("score", "rating", "rank", "overall_score", "reward", "preference"))
SOUNDS = ("audio", "audios", "sound", "recording", "wav", "audio_path", "audio_filepath", "aufnahme", "clip")
SOUND_FILES = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus")
LIST_SHARE, PICTURE_SHARE = 0.9, 0.1
_END = re.compile(r"(?<=[^\W\d])(\d)$")


def preference(table: TableFacts) -> list[GoalCandidate] | None:
    """Pairs of a preferred and a rejected answer, under every common name, as two outputs in a list, or two answers and who won."""
    good, bad = _named(table, PREFERRED), _named(table, REJECTED)
    if good and bad and table.columns[good].kind != facts.VALUES:
        return _learn_answers(table, good)
    if (twins := answer_twins(table)) is not None:
        one, other, ends = twins
        if ends in ORDERED_TWINS:
            return _learn_answers(table, one)
        if winner_column(table, one, other) and not _are_compared(table, one):
            return []
    for name in table.of_kind(facts.OBJECTS):
        if names.is_called(
            name, ("output", "outputs", "responses", "answers", "completions", "candidates", "generations")
        ):
            pairs = table.share(name, lambda cell: _are_rated_answers(parsed(cell)))
            if pairs >= LIST_SHARE:
                return []
    return None


def _are_compared(table: TableFacts, one: str) -> bool:
    """Whether two columns are called texts and no name says that one of them won: their label says how they belong together."""
    winners = [name for name in table.of_kind(facts.VALUES) if not names.is_called(name, names.LABELS)]
    return names.is_named(one, ("text",)) and find_column(winners, WINNERS) is None


def answer_twins(table: TableFacts) -> tuple[str, str, tuple[str, str]] | None:
    """Two columns with an answer each, such as “response_a” and “response_b”, and the ends by which they differ."""
    able = table.of_kind(facts.TEXTS, facts.OBJECTS)
    keyed = {tuple(_END.sub(r"_\1", names.name_key(name)).split("_")): name for name in able}
    for key, name in keyed.items():
        for one, other in TWINS:
            for at in (-1, 0):
                if key[at] != one or len(key) < 2:
                    continue
                rest = key[:-1] if at else key[1:]
                twin = keyed.get((*rest, other) if at else (other, *rest))
                if twin and names.is_named("_".join(rest), ANSWER_PARTS):
                    return name, twin, (one, other)
    return None


def winner_column(table: TableFacts, one: str, other: str) -> str | None:
    """The column that says which of two answers was better: by its name, or because nothing but the two stands in it."""
    able = [name for name in table.of_kind(facts.VALUES) if name not in (one, other)]
    sides = SIDES | {names.name_key(one), names.name_key(other)}
    votes = [name for name in able if {names.name_key(value) for value in table.columns[name].values} <= sides]
    return find_column(votes, WINNERS) or find_column(able, WINNERS) or next(iter(votes), None)


def _named(table: TableFacts, known: Sequence[str]) -> str | None:
    """The column with one of the names, or the text among the fields of an object with such a name (``chosen.answer``)."""
    plain = table.of_kind(facts.TEXTS, facts.WORDS, facts.VALUES)
    fields = [name for name in plain if "." in name and table.columns[name].numeric < facts.SHARE]
    field = next((name for name in fields if names.is_called(name.split(".")[0], known)), None)
    return find_column(table.names, known) or field


def _learn_answers(table: TableFacts, good: str) -> list[GoalCandidate]:
    """Learn from the preferred answers alone."""
    why = stated("learn from the answers in {column} alone", column=repr(good))
    whole = table.share(good, conversations.answers_itself) >= LIST_SHARE
    if whole:
        return [GoalCandidate("chat", {"messages": good}, CERTAIN, why)]
    rest = [name for name in table.names if name != good and not names.is_called(name.split(".")[0], REJECTED)]
    turns = next((name for name in rest if table.share(name, conversations.is_conversation) >= LIST_SHARE), None)
    if turns:
        return [GoalCandidate("chat", {"messages": turns, "completion": good}, CERTAIN, why)]
    prompt = find_column(rest, names.REQUESTS) or best_text(table, rest)
    if prompt and table.share(good, conversations.only_answers) >= LIST_SHARE:
        return [GoalCandidate("chat", {"messages": prompt, "completion": good}, CERTAIN, why)]
    return [GoalCandidate("instruction", {"prompt": prompt, "response": good}, CERTAIN, why)] if prompt else []


def _are_rated_answers(value: Any) -> bool:
    """Two texts, the better one first; or several answers with a score or a rank each."""
    if not isinstance(value, list) or len(value) < 2:
        return False
    if all(isinstance(item, dict) for item in value):
        return all(
            not RATES.isdisjoint(item) and any(isinstance(text, str) for text in item.values()) for item in value
        )
    return len(value) == 2 and all(isinstance(item, str) and " " in item.strip() for item in value)


def thumbs(table: TableFacts) -> list[GoalCandidate] | None:
    """Answers that are marked true or false, in a column or within conversations."""
    marks = [name for name, column in table.columns.items() if column.is_boolean]
    judging = next((name for name in marks if table.columns[name].is_judging), None)
    mark = find_column(marks, THUMBS) or judging
    turns = conversations.conversation_column(table)
    if turns:
        return _thumbs_of_conversations(table, turns, mark)
    texts = table.of_kind(facts.TEXTS, facts.WORDS, facts.VALUES)
    prompt, answer = names.request_and_answer(texts)
    if not (mark and prompt and answer):
        return None
    keep, why = _only_true(table, mark)
    learn = GoalCandidate("instruction", {"prompt": prompt, "response": answer}, CERTAIN, why, keep=keep)
    sort = GoalCandidate(
        "text-classification",
        {"text": answer, "label": mark},
        NAMED,
        stated("tell {column} of an answer", column=repr(mark)),
    )
    both = {"text": prompt, "text_pair": answer, "label": mark}
    why = stated("tell {column} of an answer beside what was asked", column=repr(mark))
    return [learn, sort, GoalCandidate("pair-classification", both, NAMED, why)]


def _thumbs_of_conversations(table: TableFacts, turns: str, mark: str | None) -> list[GoalCandidate] | None:
    columns = {"messages": turns}
    if table.share(turns, conversations.has_thumbs) >= LIST_SHARE:
        return [GoalCandidate("chat", columns, CERTAIN, stated("answers marked false are read, and not learned"))]
    # 0 and 1 beside a conversation may be anything; true and false are thumbs.
    if mark is None or not {value.casefold() for value in table.columns[mark].values} <= {"true", "false"}:
        return None
    answer = next((name for name in table.names if table.share(name, conversations.only_answers) >= LIST_SHARE), None)
    keep, why = _only_true(table, mark)
    return [GoalCandidate("chat", {**columns, "completion": answer} if answer else columns, CERTAIN, why, keep=keep)]


def _only_true(table: TableFacts, mark: str) -> tuple[Keep, str]:
    true = table.columns[mark].true_values
    return Keep(mark, true), stated("only from rows where {column} is {value}", column=repr(mark), value=true[0])


def pictures(table: TableFacts) -> list[GoalCandidate] | None:
    """Pictures that belong to the questions."""
    turns = conversations.conversation_column(table)
    if turns and table.share(turns, conversations.has_pictures) >= PICTURE_SHARE:
        held = True
    else:
        column = find_column(table.names, PICTURES)
        held = column is not None and _holds_files(table, column, PICTURE_FILES)
        held = (held and bool(turns or not _has_labelled_text(table))) or _is_all_there_is(table, PICTURE_FILES)
    if not held:
        return None
    why = stated("the text alone; pictures and their marks are left out")
    if turns:
        return [GoalCandidate("chat", {"messages": turns}, CERTAIN, why)]
    prompt, answer = names.request_and_answer(table.names)
    return (
        [GoalCandidate("instruction", {"prompt": prompt, "response": answer}, CERTAIN, why)]
        if prompt and answer
        else []
    )


def sounds(table: TableFacts) -> list[GoalCandidate] | None:
    """Recordings, with what is said in them or what they are."""
    column = find_column(table.names, SOUNDS)
    held = column is not None and _holds_files(table, column, SOUND_FILES)
    return [] if held or _is_all_there_is(table, SOUND_FILES) else None


def _holds_files(table: TableFacts, column: str, endings: tuple[str, ...]) -> bool:
    """Whether a column holds files: their bytes, their addresses, or names that end so."""
    if table.columns[column].kind in (facts.OBJECTS, facts.LINKS):
        return True
    return _share_of_files(table, column, endings) > 0.5


def _is_all_there_is(table: TableFacts, endings: tuple[str, ...]) -> bool:
    """Whether some column holds names of such files, and no column a text."""
    return not table.of_kind(facts.TEXTS) and any(_share_of_files(table, name, endings) > 0.5 for name in table.names)


def _share_of_files(table: TableFacts, column: str, endings: tuple[str, ...]) -> float:
    cells = [str(row[column]).strip().lower() for row in table.sample[:100] if row.get(column)]
    return sum(cell.endswith(endings) for cell in cells) / len(cells) if cells else 0.0


def batch_results(table: TableFacts) -> list[GoalCandidate] | None:
    """What a batch of requests gave back: answers, without what was asked."""

    def answers(cell: Any) -> bool:
        value = parsed(cell)
        body = value.get("body", value) if isinstance(value, dict) else None
        return isinstance(body, dict) and isinstance(body.get("choices"), list)

    return [] if any(table.share(name, answers) >= LIST_SHARE for name in table.of_kind(facts.OBJECTS)) else None


def _has_labelled_text(table: TableFacts) -> bool:
    """Whether there is something to learn beside the picture."""
    return find_column(table.names, (*names.LABELS, *names.CATEGORIES)) is not None and bool(table.of_kind(facts.TEXTS))


def multiple_choice(table: TableFacts) -> list[GoalCandidate] | None:
    """A question with the answers to choose from, and which of them is right."""
    asked = find_column(table.names, ("question", "query", "prompt", "ctx", "frage", "pregunta", "stem"))
    right = find_column(table.of_kind(facts.VALUES), RIGHT_ANSWERS)
    listed = find_column(table.of_kind(facts.OBJECTS), ("choices", "options", "alternatives", "endings"))
    keys = {names.name_key(name) for name in table.names}
    spread = any(keys.issuperset(f"{before}{letter}" for letter in letters) for before, letters in SPREAD_CHOICES)
    return [] if asked and right and (listed or spread) else None


def passages(table: TableFacts) -> list[GoalCandidate] | None:
    """Search queries with passages that answer them, and passages that do not."""
    good, bad = (
        find_column(table.names, ("pos", "positive", "positives", "positive_passages")),
        find_column(table.names, ("neg", "negative", "negatives", "negative_passages", "hard_negatives")),
    )
    asked = find_column(table.names, ("query", "question", "anchor"))
    return [] if good and asked and (bad or table.columns[good].kind == facts.OBJECTS) else None
