"""Finds preferred and rejected answers in a table, under every common name: pairs, votes, rated lists, thumbs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations, votes
from app.catalog.task_types.candidates import CERTAIN, DECIDED, NAMED, GoalCandidate, Keep
from app.catalog.task_types.chat import SYSTEM_NAMES
from app.catalog.task_types.column_facts import TableFacts, parsed
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.preference_pairs import rated_answers
from app.catalog.task_types.text_classification_columns import best_text
from app.languages import stated

KIND = "preference"
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
    preference_strength
    """.split()
)
# Of these, names that many different numbers have for other reasons.
UNSURE_WINNERS = ("label", "labels", "overall")
SIDES = frozenset(
    "a b 0 1 2 tie both neither draw left right model_a model_b response_a response_b equal same beide gleich "
    "unentschieden tie_(bothbad) tie(bothbad) tie_bothbad bothbad".split()
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
LISTS = ("output", "outputs", "responses", "answers", "completions", "candidates", "generations")
LIST_SHARE = 0.9
# Below a reading as preferences by more than the distance at which two are asked about.
INSTEAD = 75


def candidates(table: TableFacts) -> list[GoalCandidate]:
    """Readings as preferences, and those that learn from the good answers alone; empty where a table holds none."""
    return _pairs(table) or _votes(table) or _rated(table) or kept_answers(table) or []


def _pairs(table: TableFacts) -> list[GoalCandidate]:
    """A column of better and one of worse answers."""
    good, bad = _named(table, PREFERRED), _named(table, REJECTED)
    if not (good and bad) or (table.columns[good].kind == facts.VALUES and table.columns[good].numeric > 0):
        twins = answer_twins(table)
        if twins is None or twins[2] not in ORDERED_TWINS:
            return []
        good, bad = twins[0], twins[1]
    columns = {**_request(table, good, bad), "chosen": good, "rejected": bad}
    why = stated("the better answer in {good}, the worse one in {bad}", good=repr(good), bad=repr(bad))
    settles = frozenset(columns.values())
    return [GoalCandidate(KIND, columns, DECIDED, why, settles=settles), *_learn_answers(table, good, bad)]


def _votes(table: TableFacts) -> list[GoalCandidate]:
    """Two answers and a column that says which won."""
    if (twins := answer_twins(table)) is None:
        return []
    one, other, ends = twins
    winner = None if ends in ORDERED_TWINS else winner_column(table, one, other)
    if winner is None or _are_compared(table, one):
        return []
    values = table.columns[winner].values
    ways = votes.roles_for(values, one, other, ends)
    columns = {**_request(table, one, other, winner), "chosen": one, "rejected": other}
    doubt = _open_numbers(winner, repr(one), repr(other)) if len(ways) > 1 else ""
    return [
        GoalCandidate(
            KIND,
            {**columns, role: winner},
            DECIDED - at,
            votes.meaning(role, repr(winner), repr(one), repr(other)),
            doubt,
            _without_ties(table, winner, role, one, other),
            frozenset((*columns.values(), winner)),
        )
        for at, role in enumerate(ways)
    ]


def _open_numbers(winner: str, one: str, other: str) -> str:
    return stated(
        "the numbers in {winner} do not say which of {one} and {other} was better.",
        winner=repr(winner),
        one=one,
        other=other,
    )


def _without_ties(table: TableFacts, winner: str, role: str, one: str = "", other: str = "") -> Keep | None:
    """The rows in which an answer won; None where there are no ties, or values that the report must name."""
    values = table.columns[winner].values
    none_won = votes.ties(values, role, one, other)
    read = all(votes.side_of(value, role, one, other) for value in values)
    kept = tuple(value for value in values if value not in none_won)
    return Keep(winner, kept) if none_won and kept and read and len(values) == table.columns[winner].distinct else None


def _rated(table: TableFacts) -> list[GoalCandidate]:
    """A column with lists of answers: two texts, or several with a rating each."""
    for name in table.of_kind(facts.OBJECTS):
        if names.is_called(name, LISTS) and table.share(name, _are_rated_answers) >= LIST_SHARE:
            if table.share(name, _are_two_texts) >= LIST_SHARE:
                return _two_texts(table, name)
            columns = {**_request(table, name), "rated": name}
            why = stated("lists of answers in {column}, of which the best and the worst are read", column=repr(name))
            return [GoalCandidate(KIND, columns, DECIDED, why, settles=frozenset(columns.values()))]
    return []


def _two_texts(table: TableFacts, name: str) -> list[GoalCandidate]:
    """Lists of two texts, of which another column says which is better; else it must be asked."""
    winner = winner_column(table, name, name, named=True)
    columns = {**_request(table, name, *([winner] if winner else [])), "rated": name}
    settles = frozenset((*columns.values(), *([winner] if winner else [])))
    ways = votes.roles_for(table.columns[winner].values, "", "") if winner else []
    if winner and ways:
        one, other = f"{name!r} [1]", f"{name!r} [2]"
        doubt = _open_numbers(winner, one, other) if len(ways) > 1 else ""
        found = []
        for at, role in enumerate(ways):
            why = votes.meaning(role, repr(winner), one, other)
            keep = _without_ties(table, winner, role)
            found.append(GoalCandidate(KIND, {**columns, role: winner}, DECIDED - at, why, doubt, keep, settles))
        return found
    why = stated("the first of the two answers in {column} is taken as the better one", column=repr(name))
    doubt = stated("nothing says which of the two answers in {column} is better.", column=repr(name))
    if winner:
        doubt = stated(
            "what {winner} holds names neither of the two answers in {column}; write 1 or 2, or tie.",
            winner=repr(winner),
            column=repr(name),
        )
    return [GoalCandidate(KIND, columns, DECIDED, why, doubt, settles=settles)]


def kept_answers(table: TableFacts) -> list[GoalCandidate]:
    """Answers that a column marks as good or bad: as preferences, from the good ones alone, or to tell them apart."""
    marks = [name for name, column in table.columns.items() if column.is_boolean]
    judging = next((name for name in marks if table.columns[name].is_judging), None)
    mark = find_column(marks, THUMBS) or judging
    if mark is None:
        return []
    true = table.columns[mark].true_values
    keep = Keep(mark, true)
    why = stated("only from rows where {column} is {value}", column=repr(mark), value=true[0])
    if turns := conversations.conversation_column(table):
        # 0 and 1 beside a conversation may be anything; true and false are thumbs.
        if not {value.casefold() for value in table.columns[mark].values} <= {"true", "false"}:
            return []
        answer = next(
            (item for item in table.names if table.share(item, conversations.only_answers) >= LIST_SHARE), None
        )
        read = {"prompt": turns, "chosen": answer} if answer else {"chosen": turns}
        learn = {"messages": turns, "completion": answer} if answer else {"messages": turns}
        return _thumbs(read, mark, GoalCandidate("chat", learn, CERTAIN - 1, why, keep=keep))
    prompt, answer = names.request_and_answer(table.of_kind(facts.TEXTS, facts.WORDS, facts.VALUES))
    if not (prompt and answer):
        return []
    learn = {"prompt": prompt, "response": answer}
    sort = GoalCandidate(
        "text-classification",
        {"text": answer, "label": mark},
        NAMED,
        stated("tell {column} of an answer", column=repr(mark)),
        settles=frozenset((answer, mark)),
    )
    read = {"prompt": prompt, "chosen": answer}
    both = {"text": prompt, "text_pair": answer, "label": mark}
    fits = GoalCandidate(
        "pair-classification",
        both,
        NAMED,
        stated("tell {column} of an answer beside what was asked", column=repr(mark)),
        settles=frozenset((answer, mark)),
    )
    return [*_thumbs(read, mark, GoalCandidate("instruction", learn, CERTAIN - 1, why, keep=keep)), sort, fits]


def _thumbs(read: dict[str, str], mark: str, learn: GoalCandidate) -> list[GoalCandidate]:
    settles = frozenset((*read.values(), mark))
    why = stated("good and bad answers, by {column}", column=repr(mark))
    return [GoalCandidate(KIND, {**read, "mark": mark}, CERTAIN, why, settles=settles), replace(learn, settles=settles)]


def _request(table: TableFacts, *answers: str) -> dict[str, str]:
    """The columns of request and system prompt; none where the answers are whole conversations."""
    if table.share(answers[0], conversations.answers_itself) >= LIST_SHARE:
        return {}
    judged = (*PREFERRED, *REJECTED)
    rest = [name for name in table.names if name not in answers and not names.is_called(name.split(".")[0], judged)]
    turns = next((name for name in rest if table.share(name, conversations.is_conversation) >= LIST_SHARE), None)
    prompt = turns or find_column(rest, (*names.REQUESTS, *names.HISTORIES)) or best_text(table, rest)
    system = find_column([name for name in rest if name != prompt], SYSTEM_NAMES)
    found = {"prompt": prompt, "system": system}
    return {role: name for role, name in found.items() if name}


def _learn_answers(table: TableFacts, good: str, bad: str) -> list[GoalCandidate]:
    """Learn from the preferred answers alone."""
    request = _request(table, good, bad)
    why = stated("learn from the answers in {column} alone", column=repr(good))
    if not request:
        whole = table.share(good, conversations.answers_itself) >= LIST_SHARE
        columns = {"messages": good}
        return [GoalCandidate("chat", columns, INSTEAD, why, settles=frozenset((good,)))] if whole else []
    if "prompt" not in request:
        return []
    turns = table.share(request["prompt"], conversations.is_conversation) >= LIST_SHARE
    if turns or table.share(good, conversations.only_answers) >= LIST_SHARE:
        columns = {"messages": request["prompt"], "completion": good}
        return [GoalCandidate("chat", columns, INSTEAD, why, settles=frozenset((good,)))]
    columns = {"prompt": request["prompt"], "response": good}
    return [GoalCandidate("instruction", columns, INSTEAD, why, settles=frozenset((good,)))]


def _are_rated_answers(cell: Any) -> bool:
    """Two texts; or several answers with a score or a rank each."""
    value = parsed(cell)
    return _are_two_texts(value) or rated_answers(value) is not None or _are_alike(value)


def _are_two_texts(cell: Any) -> bool:
    value = parsed(cell)
    texts = isinstance(value, list) and len(value) == 2 and all(isinstance(item, str) for item in value)
    return texts and all(" " in item.strip() for item in value)


def _are_alike(value: Any) -> bool:
    """Whether all answers of a list got the same rating."""
    if not isinstance(value, list) or len(value) < 2 or not all(isinstance(item, dict) for item in value):
        return False
    return rated_answers([value[0], {**value[0], "score": -1e9, "overall_score": -1e9, "rank": 1e9}]) is not None


def answer_twins(table: TableFacts) -> tuple[str, str, tuple[str, str]] | None:
    """Two columns with an answer each, such as “response_a” and “response_b”, and the ends by which they differ."""
    able = table.of_kind(facts.TEXTS, facts.OBJECTS)
    keyed = {votes.split_name(name): name for name in able}
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


def _are_compared(table: TableFacts, one: str) -> bool:
    """Whether two columns are called texts and no name says that one of them won: their label says how they belong together."""
    winners = [name for name in table.of_kind(facts.VALUES) if not names.is_called(name, names.LABELS)]
    return names.is_named("_".join(votes.split_name(one)), ("text",)) and find_column(winners, WINNERS) is None


def winner_column(table: TableFacts, one: str, other: str, *, named: bool = False) -> str | None:
    """The column that says which of two answers was better: by its name, or, unless it must be ``named``, by what is in it."""
    able = [name for name in table.of_kind(facts.VALUES) if name not in (one, other)]
    sides = SIDES | {names.name_key(one), names.name_key(other)}
    sided = [name for name in able if {names.name_key(value) for value in table.columns[name].values} <= sides]
    found = find_column(sided, WINNERS) or find_column(able, WINNERS) or (None if named else next(iter(sided), None))
    return found or find_column(table.of_kind(facts.NUMBERS), [name for name in WINNERS if name not in UNSURE_WINNERS])


def _named(table: TableFacts, known: Sequence[str]) -> str | None:
    """The column with one of the names, or the text among the fields of an object with such a name (``chosen.answer``)."""
    plain = table.of_kind(facts.TEXTS, facts.WORDS, facts.VALUES)
    fields = [name for name in plain if "." in name and table.columns[name].numeric < facts.SHARE]
    field = next((name for name in fields if names.is_called(name.split(".")[0], known)), None)
    return find_column(table.names, known) or field
