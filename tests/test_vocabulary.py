"""Code, pages, tests and documentation use the field's terms: words that were replaced do not come back.

Whole identifiers and words in any case. Data, generated weights and this list are exempt.
"""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDERS = ("app", "worker", "studio", "studio_ui", "tests", "docs", "benchmarks")
SUFFIXES = {".py", ".js", ".css", ".md"}
EXEMPT = ("app/samples/", "app/catalog/bundled/", "tests/test_vocabulary.py")

# Each has a standard term of peft, transformers, Celery, SQLAlchemy or statistics (docs/glossary.md).
REPLACED = frozenset(
    """
    bells deal_out doorbell experiment_tending frozen_rows hand_over handover judgement mark_all method_race most_haste movedstart
    lesson lessons near_copies near_copy pulse quicken racers said_again studio_happenings_total sung supervision_previews swept tally taught tend tidy told unheard work_off
    """.split()
)


# Names that say nothing of what they hold: `each` row is a row, what was `told` is a report, a payload or a message.
EMPTY_NAMES = frozenset({"each", "told", "retold", "untold"})


def empty_names(source: str) -> set[str]:
    """The names of variables, functions and arguments that say nothing."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    names |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    return names & EMPTY_NAMES


def replaced_words(path: Path) -> set[str]:
    """The replaced words that a file contains."""
    words = re.findall(r"[^\W\d]\w*", path.read_text(encoding="utf-8").lower())
    return REPLACED.intersection(words)


def test_replaced_words_are_gone():
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES)
    names = {str(path.relative_to(ROOT)): path for path in paths}
    found = {name: replaced_words(path) for name, path in names.items() if not name.startswith(EXEMPT)}
    assert {name: words for name, words in found.items() if words} == {}


def test_a_replaced_word_is_found_in_any_case(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(
        "class Doorbell: ...\nMOST_HASTE = 2\nextended = 'pretend'\nanswer = 'lösung'\n", encoding="utf-8"
    )
    assert replaced_words(sample) == {"doorbell", "most_haste"}


def test_names_say_what_they_hold():
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    found = {str(path.relative_to(ROOT)): empty_names(path.read_text(encoding="utf-8")) for path in paths}
    assert {name: names for name, names in found.items() if names} == {}


def test_an_empty_name_is_found_wherever_it_is_bound():
    sample = "def told(retold): return [each for each in retold]\n"
    assert empty_names(sample) == {"told", "retold", "each"}
