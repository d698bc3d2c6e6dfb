"""Instructions: one request, one answer, as in Alpaca's columns or a prompt beside a response."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.base import Role
from app.catalog.task_types.candidates import CERTAIN, GUESSED, LIKELY, NAMED, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.column_names import find_column, name_key
from app.catalog.task_types.conversation_forms import find_messages
from app.catalog.task_types.generative import (
    ASSISTANT,
    SYSTEM,
    USER,
    Example,
    GenerativeTask,
    Turn,
    UnusableRow,
)
from app.catalog.task_types.text_patterns import visible
from app.languages import stated

INPUTS = ("input", "context", "passage")
SYSTEMS = ("system", "system_prompt", "system_message")
PAIRS = (
    {"instruction", "output"},
    {"instruction", "response"},
    {"prompt", "response"},
    {"prompt", "completion"},
)
# Parts of names of columns that ask.
ASKING = ("question", "prompt", "instruction", "query", "request", "frage", "pregunta", "domanda", "soru")
# An answer that recurs this much is a label; that is another task.
DISTINCT_SHARE = 0.3


class Instruction(GenerativeTask):
    """Learn to follow requests as the answers do."""

    kind = "instruction"
    title = "Follow instructions"
    summary = (
        "Learn from pairs of a request and its answer to write such answers, for example replies, summaries, code."
    )
    example = "“Suggest a name for a bakery.” → “The Morning Loaf”"
    roles = (
        Role("prompt", "Request", "The column with what the model is asked."),
        Role("input", "Input", "A column with material that belongs to the request, if there is one.", required=False),
        Role("response", "Answer", "The column with the answer that the model should write."),
        Role("system", "System prompt", "A column with the assistant's instructions, if there is one.", required=False),
        Role(
            "history",
            "Conversation before",
            'A column with the earlier rounds, [["request", "answer"], ...], if there is one; they are read, not learned.',
            required=False,
        ),
    )
    answer_roles = ("response",)
    nested_roles = ("history",)
    conversation_roles = ("history",)
    words = {
        "empty_prompt": (
            "error",
            "The request in {prompt} is missing or empty.",
            "Fill it in; these rows are left out.",
        ),
        "empty_answer": (
            "error",
            "The answer in {response} is missing or empty.",
            "Fill it in; these rows are left out.",
        ),
        "not_rounds": (
            "error",
            "What {history} holds is no list of earlier rounds.",
            'Write [["request", "answer"], ...] or leave it empty; these rows are left out.',
        ),
        "echo": (
            "warning",
            "The answer in {response} is the same as the request.",
            "The model would learn to repeat; check that the right columns are chosen.",
        ),
    }

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """By name: Alpaca's columns, prompt and response, question and answer, in many languages."""
        return self._guess(TableFacts(tuple(columns), sample))

    def _guess(self, table: TableFacts) -> dict[str, str]:
        prompt, response = names.request_and_answer(table.names)
        if response is not None and prompt is None:
            # “question_body” asks too; a summary or a translation is of the one text beside it.
            texts = [name for name in table.of_kind(facts.TEXTS) if name != response]
            asking = [name for name in texts if names.is_named(name, ASKING)]
            prompt = asking[-1] if asking else texts[0] if len(texts) == 1 else None
        if prompt is None or response is None or _recurring([row.get(response) for row in table.sample]):
            return {}
        return self._with_rest(table.names, {"prompt": prompt, "response": response})

    def candidates(self, table: TableFacts) -> list[GoalCandidate]:
        """By names; else any two columns of free text, of which a person says which is the answer."""
        guess = self._guess(table)
        if guess and not self._are_messages(table, guess):
            keys = {name_key(name) for name in table.names}
            certain = any(pair <= keys for pair in PAIRS)
            texts = all(
                table.columns[guess[role]].kind in (facts.TEXTS, facts.WORDS) for role in ("prompt", "response")
            )
            if certain or texts:
                why = _why(guess["prompt"], guess["response"])
                named = names.is_called(guess["prompt"], names.REQUESTS)
                return [GoalCandidate(self.kind, guess, CERTAIN if certain else NAMED if named else LIKELY, why)]
        texts_found = [name for name in table.of_kind(facts.TEXTS) if not names.is_called(name, names.TITLES)]
        if len(texts_found) != 2:
            return []
        one, other = texts_found
        if order := _order_by_parts(one, other):
            why = _why(*order)
            return [GoalCandidate(self.kind, {"prompt": order[0], "response": order[1]}, LIKELY, why)]
        doubt = stated(
            "the names do not say which of {one} and {other} is the request and which the answer.",
            one=repr(one),
            other=repr(other),
        )
        pairs = (({"prompt": one, "response": other}, GUESSED), ({"prompt": other, "response": one}, GUESSED - 1))
        return [
            GoalCandidate(self.kind, pair, score, stated("two columns of free text"), doubt) for pair, score in pairs
        ]

    def _are_messages(self, table: TableFacts, guess: Mapping[str, str]) -> bool:
        """Whether request and answer are lists or objects; an answer alone may be JSON that is to be written."""
        nested = table.columns[guess["prompt"]].kind == facts.OBJECTS
        return nested or table.share(guess["response"], conversations.is_conversation) >= facts.SHARE

    def _with_rest(self, columns: Sequence[str], chosen: dict[str, str]) -> dict[str, str]:
        rest = {role: find_column(columns, known, chosen.values()) for role, known in _OPTIONAL.items()}
        return {**chosen, **{role: name for role, name in rest.items() if name}}

    def read_example(self, row: Mapping[str, Any], columns: Mapping[str, str]) -> Example:
        """See :meth:`GenerativeTask.read_example`."""
        cell = {role: row.get(name) for role, name in columns.items()}
        prompt, response = cell["prompt"], cell["response"]
        if not isinstance(prompt, str) or not visible(prompt):
            raise UnusableRow("empty_prompt", answer=response)
        if not isinstance(response, str) or not visible(response):
            raise UnusableRow("empty_answer", request=prompt)
        extra, system = cell.get("input"), cell.get("system")
        if isinstance(extra, str) and visible(extra):
            prompt = f"{prompt}\n\n{extra}"
        turns = [*_earlier(cell.get("history")), Turn(USER, prompt), Turn(ASSISTANT, response)]
        if isinstance(system, str) and visible(system):
            turns.insert(0, Turn(SYSTEM, system))
        conversations.refuse_markers(turns)
        return Example(tuple(turns))

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """See :meth:`GenerativeTask.remarks`."""
        prompt, response = example.turns[-2].content, example.turns[-1].content
        return [("echo", {"text": response})] if prompt.strip() == response.strip() else []


_OPTIONAL = {"input": INPUTS, "system": SYSTEMS, "history": names.HISTORIES}


def _order_by_parts(one: str, other: str) -> tuple[str, str] | None:
    """(request, answer) where the parts of two names say it, as “customer_message” and “agent_reply” do; else None."""
    for prompt, response in ((one, other), (other, one)):
        asks, answers = names.is_named(prompt, names.ASKING_PARTS), names.is_named(response, names.ANSWERING_PARTS)
        against = names.is_named(prompt, names.ANSWERING_PARTS) or names.is_named(response, names.ASKING_PARTS)
        if asks and answers and not against:
            return prompt, response
    return None


def _earlier(cell: Any) -> list[Turn]:
    """The rounds before the request, none of whose answers is learned; an empty cell has none.

    Raises:
        UnusableRow: ``not_rounds``.
    """
    if cell is None or not str(cell).strip() or str(cell).strip() == "[]":
        return []
    messages = find_messages(cell)
    try:
        turns = conversations.turns_of(messages, cell)
    except UnusableRow as flaw:
        # Nothing but an empty system message: no round came before.
        if messages and flaw.code == "no_turns":
            return []
        raise UnusableRow("not_rounds", found=cell) from None
    return [turn._replace(learned=turn.role != ASSISTANT) for turn in turns]


def _recurring(values: Sequence[Any]) -> bool:
    given = [value for value in values if value]
    return len(given) >= 20 and len(set(given)) < DISTINCT_SHARE * len(given)


def _why(prompt: str, response: str) -> str:
    return stated("a request in {prompt} and an answer in {response}", prompt=repr(prompt), response=repr(response))
