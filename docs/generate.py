"""Writes ``docs/reference.md`` from the declarations in the code: ``python docs/generate.py``.

Nothing is described here twice. Each section reads the declaration that the program itself uses; a test holds the written
page against a fresh one.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference.md"
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

REFUSALS = {
    "StudioError": 400,
    "NotFound": 404,
    "NotAllowed": 403,
    "NotSignedIn": 401,
    "Conflict": 409,
    "Rejected": 422,
    "TooLarge": 413,
}


def reference() -> str:
    """The whole page as Markdown."""
    sections = (
        ("Make targets", make_targets()),
        ("Commands", commands()),
        ("Settings", settings()),
        ("Pages", pages()),
        ("Task types", task_types()),
        ("Base models", base_models()),
        ("Tuning methods", methods()),
        ("Training settings", training_settings()),
        ("File formats", file_formats()),
        ("REST routes", routes()),
        ("Error codes", error_codes()),
    )
    head = "# Reference\n\nMade from the code by `python docs/generate.py`; change the declaration, not this page.\n\n"
    contents = "\n".join(f"- [{title}](#{title.lower().replace(' ', '-')})" for title, _ in sections)
    return head + contents + "\n" + "".join(f"\n## {title}\n\n{text}\n" for title, text in sections)


def make_targets() -> str:
    """Targets with a comment in the Makefile."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"^([a-zA-Z0-9_-]+):[^#=\n]*## *(.+)$", text, re.MULTILINE)
    return table(("Target", "What it does"), ((f"`make {name}`", words) for name, words in found))


def commands() -> str:
    """Every command of the ``studio`` program with its options."""
    from studio.cli import studio

    return "\n\n".join(_command("studio", name, item) for name, item in sorted(studio.commands.items()))


def settings() -> str:
    """Every environment value."""
    from app.settings import Settings

    rows = (
        (f"`{_variable(name, field)}`", _value(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return table(("Variable", "Default", "Meaning"), rows)


def _variable(name: str, field: Any) -> str:
    return field.validation_alias if isinstance(field.validation_alias, str) else f"STUDIO_{name.upper()}"


def pages() -> str:
    """Every page of the menu."""
    from studio_ui.pages import PAGES

    return table(("Page", "Address", "What it is for"), ((p.title, f"`{p.path}`", p.purpose) for p in PAGES))


def task_types() -> str:
    """What a model can learn, with the columns it needs and the scores it gets."""
    from app.catalog.task_types import TASK_TYPES

    return "\n\n".join(_task_type(task_type) for task_type in TASK_TYPES)


def base_models() -> str:
    """What can be tuned."""
    from app.catalog.base_models import BASE_MODELS

    return "\n\n".join(_base_model(base_model) for base_model in BASE_MODELS)


def methods() -> str:
    """How it can be tuned, with the settings of each method."""
    from app.catalog.methods import DERIVED, METHODS

    return "\n\n".join(_method(method) for method in METHODS + DERIVED)


def training_settings() -> str:
    """What every run can set."""
    from app.catalog.training import TrainingSettings

    return fields(TrainingSettings)


def file_formats() -> str:
    """What can be uploaded."""
    from app.readers import FORMATS

    rows = (
        (
            file_format.__name__.rpartition(".")[2],
            ", ".join(f"`.{end}`" for end in file_format.EXTENSIONS),
            _first_sentence(file_format.__doc__),
        )
        for file_format in FORMATS
    )
    return table(("Format", "File names end in", "How it is read"), rows)


def routes() -> str:
    """The REST contract."""
    from app.api import ROUTERS

    rows = (
        (f"`{method} {route.path}`", _first_sentence(route.endpoint.__doc__))
        for router in ROUTERS
        for route in router.routes
        for method in sorted(route.methods - {"HEAD"})
    )
    return (
        "A bearer token (`studio token`) or the session cookie signs a request. Every refusal has the body\n"
        '`{"error": {"code", "message", "hint", "details"}}`.\n\n' + table(("Route", "What it does"), rows)
    )


def error_codes() -> str:
    """Every code that a refusal or a data report can carry, read from the places that raise it."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(path for folder in ("app", "worker", "studio") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (result := _refusal(node)):
                found.setdefault(result[0], result[1:])
    intro = "`…` stands for a value of the case. Programs match on the code; the words may change.\n\n"
    return intro + table(("Code", "Status", "Says"), ((f"`{code}`", *found[code]) for code in sorted(found)))


def fields(model: Any) -> str:
    """The fields of a settings class: name, title, default, bounds, help."""
    schema = model.model_json_schema()["properties"]
    rows = (
        (
            f"`{name}`",
            about.get("title", name),
            _value(about.get("default")),
            _bounds(about),
            about.get("description", ""),
        )
        for name, about in schema.items()
        if name != "kind"
    )
    return table(("Setting", "Shown as", "Default", "Allowed", "Meaning"), rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _command(path: str, name: str, command: Any) -> str:
    if hasattr(command, "commands"):
        return "\n\n".join(_command(f"{path} {name}", *inner) for inner in sorted(command.commands.items()))
    arguments = [p.make_metavar(_context(command)) for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option"]
    title = " ".join([path, name, *arguments, *(["[options]"] if options else [])])
    rows = ((f"`{', '.join(p.opts)}`", p.help or "", _option_default(p)) for p in options)
    text = f"### `{title}`\n\n{command.help or ''}"
    return text + ("\n\n" + table(("Option", "Meaning", "Default"), rows) if options else "")


def _context(command: Any) -> Any:
    import click

    return click.Context(command)


def _option_default(option: Any) -> str:
    return _value(option.default) if option.show_default else ""


def _task_type(task: Any) -> str:
    roles = table(
        ("Column role", "Needed", "Meaning"),
        ((f"`{role.name}`", "yes" if role.required else "no", role.help) for role in task.roles),
    )
    scores = ", ".join(f"{title} (`{key}`)" for key, title in task.metric_titles.items())
    return (
        f"### `{task.kind}`: {task.title}\n\n{task.summary} Example: {task.example}\n\n{roles}\n\n"
        f"Scores: {scores}. The best check is chosen by `{task.primary_metric}`."
    )


def _base_model(card: Any) -> str:
    return (
        f"### `{card.name}`: {card.title}\n\n{card.summary}\n\n"
        f"{card.parameters:,} parameters, up to {card.context_length} tokens, licence {card.licence}. "
        f"Source: {card.source}. For: {', '.join(f'`{kind}`' for kind in card.task_types)}."
    )


def _method(method: Any) -> str:
    from app.catalog.base_models import STARTER_ENCODER
    from app.catalog.methods.capabilities import ABILITIES
    from app.catalog.methods.cards import method_card

    card = method_card(method)
    own = [name for name in method.model_fields if name != "kind"]
    lacking = [words for name, words in ABILITIES.items() if not card["capabilities"][name]]
    cannot = f" It cannot {'; '.join(lacking)}." if lacking else ""
    rate = method(kind=card["kind"]).recommended_learning_rate(STARTER_ENCODER)
    if not card["task_types"]:
        return (
            f"### `{card['kind']}`: {card['title']}\n\n{card['summary']} {card['when']} {card['against']}\n\n"
            f"Source: {card['source']}. Made of other runs, never chosen for training.{cannot}"
        )
    return (
        f"### `{card['kind']}`: {card['title']}\n\n{card['summary']} {card['when']} {card['against']}\n\n"
        f"Source: {card['source']}. For: {', '.join(f'`{kind}`' for kind in card['task_types'])}. "
        f"Menu: {card['level']}. Recommended learning rate for the starter encoder: {rate:g}.{cannot}\n\n"
        + (fields(method) if own else "No settings of its own.")
    )


def _bounds(about: dict[str, Any]) -> str:
    about = {**about, **next((item for item in about.get("anyOf", []) if item.get("type") != "null"), {})}
    if "enum" in about:
        return ", ".join(f"`{choice}`" for choice in about["enum"])
    signs = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    return ", ".join(
        f"{sign} {about[key]:g}" if abs(about[key]) < 1e6 else f"{sign} {about[key]}"
        for key, sign in signs
        if key in about
    )


def _value(default: Any) -> str:
    if default is None or default == "":
        return "empty"
    return f"`{default}`"


def _first_sentence(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _refusal(call: ast.Call) -> tuple[str, str, str] | None:
    """(code, status, words) of a call that makes a refusal or a finding in the data with a fixed code."""
    name = ast.unparse(call.func).rpartition(".")[2]
    given = dict(zip(("code", "message"), call.args, strict=False)) if name != "Problem" else {}
    if name == "Problem":
        given = dict(zip(("code", "severity", "message"), call.args, strict=False))
    given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    code = given.get("code")
    if name not in {*REFUSALS, "Problem"} or not (isinstance(code, ast.Constant) and isinstance(code.value, str)):
        return None
    status = given.get("status") or ast.Constant("report" if name == "Problem" else REFUSALS[name])
    return code.value, ast.unparse(status).strip("'"), "".join(_words(given.get("message")))


def _words(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        for part in node.values:
            yield from (str(part.value),) if isinstance(part, ast.Constant) else ("…",)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
        # A message with named placeholders.
        yield from (re.sub(r"\{\w+\}", "…", words) for words in _words(node.args[0]))
    elif node is not None:
        yield "…"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
