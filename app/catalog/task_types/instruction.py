"""Instructions: one request, one answer, as in Alpaca's columns or a prompt beside a response."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import conversations
from app.catalog.task_types.base import Role
from app.catalog.task_types.generative import (
    ASSISTANT,
    SYSTEM,
    USER,
    Example,
    GenerativeTask,
    Turn,
    UnusableRow,
    find_column,
)
from app.catalog.task_types.text_patterns import visible

PROMPTS = ("instruction", "prompt", "question", "query", "request", "task", "user", "problem", "input", "source")
RESPONSES = (
    "output",
    "response",
    "answer",
    "completion",
    "target",
    "reply",
    "assistant",
    "solution",
    "chosen",
    "summary",
)
INPUTS = ("input", "context", "passage")
SYSTEMS = ("system", "system_prompt", "system_message")
CERTAIN = ({"instruction", "output"}, {"prompt", "response"}, {"prompt", "completion"})
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
    )
    answer_roles = ("response",)
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
        "echo": (
            "warning",
            "The answer in {response} is the same as the request.",
            "The model would learn to repeat; check that the right columns are chosen.",
        ),
    }

    def guess_columns(self, columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """By name: Alpaca's columns, prompt and response, question and answer."""
        prompt = find_column(columns, PROMPTS)
        response = find_column(columns, RESPONSES, [prompt] if prompt else [])
        if prompt is None or response is None or _recurring([row.get(response) for row in sample]):
            return {}
        rest = {role: find_column(columns, names, [prompt, response]) for role, names in _OPTIONAL.items()}
        return {"prompt": prompt, "response": response, **{role: name for role, name in rest.items() if name}}

    def is_certain(self, columns: Sequence[str]) -> bool:
        """Alpaca's names, or a prompt beside what was written to it."""
        names = {name.casefold().strip() for name in columns}
        return any(pair <= names for pair in CERTAIN)

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
        turns = [Turn(USER, prompt), Turn(ASSISTANT, response)]
        if isinstance(system, str) and visible(system):
            turns.insert(0, Turn(SYSTEM, system))
        conversations.refuse_markers(turns)
        return Example(tuple(turns))

    def remarks(self, example: Example) -> list[tuple[str, dict[str, Any]]]:
        """See :meth:`GenerativeTask.remarks`."""
        prompt, response = example.turns[-2].content, example.turns[-1].content
        return [("echo", {"text": response})] if prompt.strip() == response.strip() else []


_OPTIONAL = {"input": INPUTS, "system": SYSTEMS}


def _recurring(values: Sequence[Any]) -> bool:
    given = [value for value in values if value]
    return len(given) >= 20 and len(set(given)) < DISTINCT_SHARE * len(given)
