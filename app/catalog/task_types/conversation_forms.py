"""Finds the messages in a cell, in whichever of the known ways a conversation was written; judges nothing.

Every form becomes a list of objects with ``role`` and ``content`` and whatever else they held:

* a list of messages: OpenAI, ShareGPT, Gemini (``parts``), also under a key of an object (``messages``, ``contents``, ``body``);
* rounds: ``{"human", "assistant"}``, ``{"system", "input", "output"}``, ``[request, answer]``;
* a tree of messages, as ChatGPT's own export holds it (``mapping``);
* one text with the marks of a chat template, or with ``Human:`` and ``Assistant:`` at the beginnings of lines.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from app.catalog.task_types.column_facts import parsed
from app.catalog.task_types.column_names import ANSWERS, REQUESTS, is_called, name_key
from app.speakers import ANSWERING, ASKING, ASSISTANT, ROLES, SYSTEM, USER

Message = Mapping[str, Any]

ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
CONTENT_KEYS = ("content", "value", "text", "parts", "message", "utterance")
INSIDE = ("messages", "conversations", "conversation", "contents", "dialog", "dialogue", "turns", "body", "input")
# Words with which lines of a dialogue begin, and whose they are.
SPEAKERS = {
    **dict.fromkeys(ASKING, USER),
    **dict.fromkeys(ANSWERING, ASSISTANT),
    **ROLES,
    **dict.fromkeys(("input", "eingabe", "context", "kontext"), "input"),
}
_SIDES = "system|user|assistant|prompter|human|bot"
_HEADERS = (
    re.compile(r"<\|im_start\|>(?P<role>\w+)\n(?P<text>.*?)(?:<\|im_end\|>|\Z)", re.S),
    re.compile(r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>(?P<text>.*?)(?:<\|eot_id\|>|\Z)", re.S),
    re.compile(r"<start_of_turn>(?P<role>\w+)\n(?P<text>.*?)(?:<end_of_turn>|\Z)", re.S),
    re.compile(r"<\|header_start\|>(?P<role>\w+)<\|header_end\|>(?P<text>.*?)(?:<\|eot\|>|\Z)", re.S),
    re.compile(rf"<\|(?P<role>{_SIDES})\|>(?P<text>.*?)(?=<\|(?:{_SIDES})\|>|\Z)", re.S),
    re.compile(rf"<\|?(?P<role>{_SIDES})\|?>:(?P<text>.*?)(?=<\|?(?:{_SIDES})\|?>:|\Z)", re.S),
    re.compile(rf"<\uff5c(?P<role>{_SIDES})\uff5c>(?P<text>.*?)(?=<\uff5c(?:{_SIDES})\uff5c>|\Z)", re.S | re.I),
)
_INST = re.compile(r"\[INST\](?P<asked>.*?)\[/INST\](?P<answer>.*?)(?=<s>|\[INST\]|\Z)", re.S)
_SYSTEM = re.compile(r"<<SYS>>(?P<text>.*?)<</SYS>>", re.S)
_ENDS = re.compile(r"(</?s>|<\|end\|>|<\|endoftext\|>|<\|eot_id\|>|<\|end_of_text\|>|<\uff5c[^\uff5c\n]{1,40}\uff5c>)")
# At the beginning of a line, as a heading anywhere (“### Human: ...### Assistant: ...”), or in capitals as Vicuna has it.
_LINE = re.compile(
    r"^\*{0,2}(?P<line>[^\W\d_]{1,14})[ \t]*\*{0,2}[:\uff1a]\*{0,2}[ \t]*"
    r"|#{2,3}[ \t]*(?P<heading>[^\W\d_]{1,14})[ \t]*(?:[:\uff1a][ \t]*|\n)"
    r"|\b(?P<capitals>USER|ASSISTANT|HUMAN):[ \t]*",
    re.M,
)


def find_messages(cell: Any) -> list[Message] | None:
    """The messages of a cell; None where it holds no conversation."""
    value = parsed(cell)
    if value is None:
        return _from_text(cell) if isinstance(cell, str) else None
    return _from_value(value)


def _from_value(value: Any, depth: int = 3) -> list[Message] | None:
    if isinstance(value, Mapping):
        if (tree := _from_tree(value)) is not None:
            return tree
        if role_of(value) is not None and any(key in value for key in CONTENT_KEYS):
            return [value]
        inner = next((value[key] for key in INSIDE if isinstance(value.get(key), list | dict)), None)
        return None if inner is None or depth == 0 else _from_value(inner, depth - 1)
    if not isinstance(value, list) or not value:
        return [] if value == [] else None
    if all(isinstance(item, Mapping) and role_of(item) is not None for item in value):
        return list(value)
    rounds = [_round(item) for item in value]
    return None if any(found is None for found in rounds) else [turn for found in rounds if found for turn in found]


def _from_tree(nodes: Mapping[str, Any]) -> list[Message] | None:
    """The messages on the way to the last leaf of ``{id: {"message", "parent", "children"}}``; None for anything else."""
    if not nodes or not all(
        isinstance(node, Mapping) and {"message", "parent"} <= node.keys() for node in nodes.values()
    ):
        return None
    at = next((name for name in reversed(list(nodes)) if not nodes[name].get("children")), "")
    found: list[Message] = []
    while at in nodes and len(found) <= len(nodes):
        message = nodes[at]["message"]
        author = message.get("author") if isinstance(message, Mapping) else None
        content = message.get("content") if isinstance(message, Mapping) else None
        if isinstance(author, Mapping) and isinstance(content, Mapping) and isinstance(content.get("parts"), list):
            texts = [part for part in content["parts"] if isinstance(part, str)]
            found.insert(0, {"role": author.get("role"), "content": "\n".join(texts)})
        at = str(nodes[at]["parent"])
    return found


def role_of(message: Message) -> Any:
    """Who says a message, as it is written there; None where that is not said."""
    return next((message[key] for key in ROLE_KEYS if message.get(key) is not None), None)


def _round(item: Any) -> list[Message] | None:
    """The messages of one round: a pair of texts, or an object with one key for each side."""
    if isinstance(item, list):
        if len(item) != 2 or not all(isinstance(text, str) for text in item):
            return None
        return [{"role": USER, "content": item[0]}, {"role": ASSISTANT, "content": item[1]}]
    if not isinstance(item, Mapping):
        return None
    sides: dict[str, str] = {}
    for key, text in item.items():
        side = _side(str(key))
        if side and isinstance(text, str):
            sides.setdefault(side, text)
    if USER not in sides or ASSISTANT not in sides:
        return None
    return [{"role": side, "content": sides[side]} for side in (SYSTEM, USER, ASSISTANT) if sides.get(side)]


def _side(key: str) -> str | None:
    plain = name_key(key)
    if plain in ("system", "system_prompt"):
        return SYSTEM
    if is_called(key, REQUESTS):
        return USER
    return ASSISTANT if is_called(key, ANSWERS) else ROLES.get(plain)


def _from_text(text: str) -> list[Message] | None:
    for pattern in _HEADERS:
        found = [_message(match["role"], match["text"]) for match in pattern.finditer(text)]
        if _is_dialogue(found):
            return found
    if "[INST]" in text:
        return list(_from_inst(text)) or None
    return _from_lines(text)


def _from_inst(text: str) -> Iterator[Message]:
    for match in _INST.finditer(text):
        asked = match["asked"]
        if system := _SYSTEM.search(asked):
            yield _message(SYSTEM, system["text"])
            asked = asked.replace(system.group(), "")
        yield _message(USER, asked)
        if answer := _ENDS.sub("", match["answer"]).strip():
            yield _message(ASSISTANT, answer)


def _from_lines(text: str) -> list[Message] | None:
    """Messages that begin with who says them; what stands before the first is the system's."""
    marks = [match for match in _LINE.finditer(text) if _spoken_by(match) in SPEAKERS]
    if not marks:
        return None
    found: list[Message] = []
    ends = [*(match.start() for match in marks[1:]), len(text)]
    before = text[: marks[0].start()].strip()
    if before and marks[0]["line"] is None:
        found.append(_message(SYSTEM, before))
    elif before:
        return None
    for match, end in zip(marks, ends, strict=True):
        side, spoken_text = SPEAKERS[_spoken_by(match)], text[match.end() : end]
        if side == "input" and found:
            found[-1] = _message(found[-1]["role"], f"{found[-1]['content']}\n\n{spoken_text.strip()}")
        else:
            found.append(_message(USER if side == "input" else side, spoken_text))
    if not _is_dialogue(found):
        return None
    # A template may end where the answer is to be written.
    return found if found[-1]["content"] or found[-1]["role"] != ASSISTANT else found[:-1]


def _spoken_by(match: re.Match[str]) -> str:
    return name_key(match["line"] or match["heading"] or match["capitals"])


def _message(role: str, text: str) -> Message:
    return {"role": role, "content": _ENDS.sub("", text).strip()}


def _is_dialogue(found: list[Message]) -> bool:
    spoken_text = {item["role"] for item in found}
    return ASSISTANT in {ROLES.get(role) for role in spoken_text} and len(spoken_text) > 1
