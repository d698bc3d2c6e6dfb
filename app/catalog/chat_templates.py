"""Chat templates: how a model's makers write a conversation as one text, and where in it the assistant speaks.

The template comes from the model's tokenizer; a model without one gets :data:`PLAIN_TURNS`, recognised by its name.
Templates are programs from elsewhere: they run in jinja's sandbox.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.catalog.task_types.generative import ASSISTANT, Turn
from app.errors import Rejected
from app.languages import gettext as _

if TYPE_CHECKING:
    from jinja2 import Template

SPECIAL_NAMES = ("bos_token", "eos_token", "unk_token", "pad_token")
PLAIN_TURNS_NAME = "plain turns"
# For models that never learned to chat: words that any tokenizer knows, and the end mark that the model knows.
PLAIN_TURNS = """\
{{- bos_token if bos_token else '' }}
{%- for message in messages %}
{{- '### ' + message['role'].capitalize() + ':\\n' + message['content'] }}
{{- eos_token + '\\n' if message['role'] == 'assistant' else '\\n\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{ '### Assistant:\\n' }}{% endif %}"""

Span = tuple[int, int]


@dataclass(frozen=True)
class ChatTemplate:
    """A template with the special tokens that it may use; ``name`` says where it comes from."""

    name: str
    source: str
    specials: tuple[tuple[str, str], ...]

    def render(self, turns: Sequence[Turn], *, ask: bool = False) -> str:
        """The conversation as one text; ``ask`` adds the beginning of an answer.

        Raises:
            Rejected: ``template_refused``, with the reason that the template itself gives.
        """
        from jinja2 import TemplateError

        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        try:
            return _compiled(self.source).render(
                messages=messages, add_generation_prompt=ask, tools=None, documents=None, **dict(self.specials)
            )
        except (TemplateError, TypeError, ValueError) as error:
            raise Rejected(
                "template_refused",
                _("The chat template ({name}) refuses a conversation: {error}", name=self.name, error=str(error)[:300]),
                _("Change these conversations, or choose a base model with another template."),
            ) from None

    def answers(self, turns: Sequence[Turn]) -> tuple[str, list[Span]]:
        """The text and the part of every assistant turn in it that is learned, from the first character of the answer to its end mark.

        An answer begins where the text of the turns before it, with the beginning of an answer, ends.

        Raises:
            Rejected: ``template_refused``; ``template_rewrites`` when an earlier part looks different once more follows.
        """
        whole = self.render(turns)
        spans = []
        for at, turn in enumerate(turns):
            if turn.role != ASSISTANT or not turn.learned:
                continue
            before, until = self.render(turns[:at], ask=True), self.render(turns[: at + 1])
            if not (whole.startswith(before) and whole.startswith(until)):
                raise Rejected(
                    "template_rewrites",
                    _(
                        "The chat template ({name}) writes turn {at} differently once more turns follow.",
                        name=self.name,
                        at=at + 1,
                    ),
                    _("Learn from one answer per conversation with this model, or choose another base model."),
                )
            spans.append((len(before), self._without_tail(until)))
        return whole, spans

    def _without_tail(self, text: str) -> int:
        """Length without the white space that a template puts after its end mark: nobody waits for it to be written."""
        bare = text.rstrip()
        return len(bare) if bare.endswith((">", "]", dict(self.specials).get("eos_token") or ">")) else len(text)


def read_template(folder: Path) -> ChatTemplate:
    """The template of a model folder, or the plain one."""
    config = _json(folder / "tokenizer_config.json")
    source = config.get("chat_template")
    if isinstance(source, list):
        named = {entry["name"]: entry["template"] for entry in source}
        source = named.get("default") or next(iter(named.values()), None)
    template_file = folder / "chat_template.jinja"
    if template_file.is_file():
        source = template_file.read_text(encoding="utf-8")
    specials = tuple((name, _token(config.get(name))) for name in SPECIAL_NAMES)
    if source:
        return ChatTemplate(_("the model's own"), source, specials)
    return ChatTemplate(PLAIN_TURNS_NAME, PLAIN_TURNS, specials)


@lru_cache(maxsize=32)
def _compiled(source: str) -> "Template":
    """As transformers compiles it, so that every program reads the same text."""
    import jinja2
    from jinja2.ext import Extension, loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class GenerationTag(Extension):
        """``{% generation %}`` marks answers for transformers; here it only has to be understood."""

        tags = {"generation"}

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise
    environment.globals["strftime_now"] = _now
    try:
        return environment.from_string(source)
    except jinja2.TemplateError as error:
        raise Rejected(
            "template_broken",
            _("The model's chat template cannot be read: {error}", error=str(error)[:300]),
            _("Choose another model."),
        ) from None


def _tojson(value: Any, ensure_ascii: bool = False, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def _now(pattern: str) -> str:
    from datetime import datetime

    return datetime.now().strftime(pattern)


def _raise(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _token(value: Any) -> str:
    """Special tokens are written as text, or as an object with their text; a missing one is empty."""
    return str(value.get("content", "")) if isinstance(value, dict) else str(value or "")


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    settings = json.loads(path.read_text(encoding="utf-8"))
    return settings if isinstance(settings, dict) else {}
