"""Checks of sentences with marked words: which columns to use, which rows cannot be used, what to look at.

Two kinds of ``error``: one that names rows leaves those rows out; one without rows refuses the file as a whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import tagged_text as forms
from app.catalog.task_types import text_patterns as patterns
from app.catalog.task_types.base import Problem
from app.catalog.task_types.generative import FEW_ROWS, MIN_ROWS, UnusableRow, find_column, short
from app.catalog.task_types.label_forms import variants
from app.catalog.task_types.tagged_text import Sentence

TOKEN_NAMES = ("tokens", "words", "token", "word", "sentence_tokens")
TAG_NAMES = ("tags", "ner_tags", "bio_tags", "bio", "iob", "ner", "tag", "entity_tags", "labels", "label")
TEXT_NAMES = ("text", "sentence", "content", "document", "body", "passage")
SPAN_NAMES = ("spans", "entities", "annotations", "labels", "label", "ner")
GUESS_ROWS, GUESS_SHARE = 50, 0.6
IMBALANCE = 20


def guess_columns(columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Columns of words and tags, of text and spans, or of text with tags in it, by their content, then by their names."""
    rows = sample[:GUESS_ROWS]
    tags = [name for name in columns if _share(rows, name, _is_tags)]
    lists = [name for name in columns if name not in tags and _share(rows, name, _is_words)]
    spans = [name for name in columns if _share(rows, name, _is_spans)]
    texts = [name for name in columns if name not in {*tags, *lists, *spans} and _share(rows, name, _is_text)]
    pairs = (
        ("tokens", lists, TOKEN_NAMES, "tags", tags, TAG_NAMES),
        ("text", texts, TEXT_NAMES, "spans", spans, SPAN_NAMES),
    )
    for role, inputs, names, answer, answers, answer_names in pairs:
        one = find_column(inputs, names) or (inputs[0] if len(inputs) == 1 else None)
        other = find_column(answers, answer_names) or (answers[0] if len(answers) == 1 else None)
        # Words and tags may be written alike, with spaces between; then the words are text.
        if role == "tokens" and other and one is None:
            one = find_column(texts, (*TOKEN_NAMES, *TEXT_NAMES)) or (texts[0] if len(texts) == 1 else None)
        if one and other:
            return {role: one, answer: other}
    if inline := next((name for name in columns if _share(rows, name, _is_inline)), None):
        return {"text": inline}
    one, other = find_column(columns, TOKEN_NAMES[:2]), find_column(columns, TAG_NAMES[:2])
    return {"tokens": one, "tags": other} if one and other else {}


class Survey:
    """One pass over the rows; keeps digests and numbers, never the texts."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns
        self._problems: dict[tuple[bool, str], Problem] = {}
        self._usable = self._marked = self._needless = 0
        self._entities: Counter[str] = Counter()
        self._lines: dict[str, list[int]] = {}
        self._orphans: list[tuple[Mapping[str, Any], bool, str]] = []
        self._first: dict[bytes, tuple[Mapping[str, Any], tuple[Any, ...], bool]] = {}
        self._conflicts: set[bytes] = set()
        self._unknown: list[tuple[str, Mapping[str, Any]]] = []

    def leave_out(self, row: Mapping[str, Any], flaw: UnusableRow) -> None:
        """Note a row that cannot be used."""
        self._note(flaw.code, row, flaw.detail)

    def see(self, row: Mapping[str, Any], sentence: Sentence) -> None:
        """Look at one row that can be used."""
        row_ref = {"_id": row["_id"], "_line": row["_line"], "_evaluation": bool(row.get("_evaluation"))}
        types = [entity.label for entity in sentence.entities]
        if row_ref["_evaluation"]:
            self._unknown.extend((label, row_ref) for label in dict.fromkeys(types))
        else:
            self._usable += 1
            self._marked += bool(types)
            self._entities.update(types)
            for label in dict.fromkeys(types):
                self._lines.setdefault(label, []).append(row["_line"])
        self._needless += sentence.needless
        if sentence.orphans:
            self._orphans.append((row_ref, row_ref["_evaluation"], sentence.text))
        if sentence.snapped:
            self._note("span_within_word", row_ref, {"text": sentence.text})
        self._look_at_text(sentence.text, row_ref)
        self._look_for_twin(sentence, row_ref)

    def finish(self) -> list[Problem]:
        """Add what only the whole can tell, and put every problem into words."""
        # Where B- never stands but between two entities of one type, the file keeps to the older scheme and is right.
        if self._needless:
            for row_ref, _, text in self._orphans:
                self._note("i_without_b", row_ref, {"text": text})
        unknown = {row_ref["_id"]: (label, row_ref) for label, row_ref in self._unknown if label not in self._entities}
        for label, row_ref in unknown.values():
            self._note("unknown_label", row_ref, {"type": label})
        found = sorted(self._problems.values(), key=lambda problem: (problem.severity != "error", -len(problem.rows)))
        for problem in found:
            problem.rows.sort()
            problem.row_ids.sort()
        return [*self._refusals(), *found, *self._notices()]

    def _look_at_text(self, text: str, row_ref: Mapping[str, Any]) -> None:
        if patterns.has_control_character(text):
            self._note("control_characters", row_ref, {"text": repr(text)})
        if patterns.has_marker(text):
            self._note("special_tokens", row_ref, {"text": text})
        for kind in patterns.personal_data(text):
            self._note(f"personal_data_{kind}", row_ref, {})

    def _look_for_twin(self, sentence: Sentence, row_ref: Mapping[str, Any]) -> None:
        key, evaluation = patterns.text_key(sentence.text), row_ref["_evaluation"]
        first, entities, first_evaluation = self._first.setdefault(key, (row_ref, sentence.entities, evaluation))
        if first is row_ref:
            return
        if evaluation and not first_evaluation:
            self._note("leakage", row_ref, {"text": sentence.text, "same as row": first["_line"]})
        elif entities == sentence.entities:
            self._note("duplicate_rows", row_ref, {"text": sentence.text, "same as row": first["_line"]})
        if entities != sentence.entities and evaluation == first_evaluation:
            for row_key in (row_ref,) if key in self._conflicts else (first, row_ref):
                self._note("conflicting_labels", row_key, {"text": sentence.text})
            self._conflicts.add(key)

    def _refusals(self) -> list[Problem]:
        if self._usable < MIN_ROWS:
            message = f"Only {self._usable} sentences can be used; at least {MIN_ROWS} are needed."
            return [Problem("too_few_rows", "error", message, "Add examples, ideally a few hundred.")]
        if not self._entities:
            message = "No word is marked in any sentence; there is nothing to find."
            return [Problem("no_entities", "error", message, "Choose the column that holds the tags or spans.")]
        return []

    def _notices(self) -> list[Problem]:
        problems: list[Problem] = []
        if not self._entities or self._usable < MIN_ROWS:
            return problems
        small = sorted(label for label, lines in self._lines.items() if len(lines) < 2)
        if small:
            lines = sorted(line for label in small for line in self._lines[label])
            message = f"Types that occur in one sentence only: {', '.join(small[:8])}."
            hint = "It is learned from but cannot be tested; add examples or merge it with another type."
            problems.append(Problem("class_small", "warning", message, hint, rows=lines))
        if groups := variants(self._entities):
            forms_told = "; ".join(", ".join(f"“{spelling}”" for spelling in group) for group in groups[:5])
            message = f"Types that differ only in case, spaces, hyphens or Unicode form: {forms_told}."
            lines = sorted({line for group in groups for label in group[1:] for line in self._lines[label]})
            problems.append(Problem("label_spelling", "warning", message, "Write each type in one way.", rows=lines))
        if self._usable < FEW_ROWS:
            message = f"Only {self._usable} usable sentences; scores on so few say little."
            problems.append(Problem("few_rows", "warning", message, f"Add examples; {FEW_ROWS} or more are advised."))
        max_count, min_count = max(self._entities.values()), min(self._entities.values())
        if max_count >= IMBALANCE * min_count:
            message = f"The commonest type is marked {max_count:,} times, the rarest {min_count:,}; rare types are learned less well."
            problems.append(Problem("class_imbalance", "warning", message, "Look at the scores of each type."))
        return problems

    def _note(self, code: str, row: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        evaluation = bool(row.get("_evaluation"))
        problem = self._problems.get((evaluation, code))
        if problem is None:
            severity, message, hint = WORDS[code]
            if evaluation:
                message = f"In the evaluation file: {message[0].lower()}{message[1:]}"
            kind = "personal_data" if code.startswith("personal_data") else code
            problem = self._problems[evaluation, code] = Problem(kind, severity, message, hint)
        problem.rows.append(row["_line"])
        problem.row_ids.append(row["_id"])
        if detail and len(problem.examples) < 5:
            problem.examples.append({"row": row["_line"], **{name: short(value) for name, value in detail.items()}})


def _share(rows: Sequence[Mapping[str, Any]], name: str, fits: Any) -> bool:
    cells = [str(row[name]) for row in rows if row.get(name) and str(row[name]).strip() != "[]"]
    return bool(cells) and sum(map(fits, cells)) >= GUESS_SHARE * len(cells)


def _is_words(cell: str) -> bool:
    return cell.lstrip().startswith("[") and bool(forms.read_list(cell))


def _is_tags(cell: str) -> bool:
    tags = forms.read_list(cell)
    if not tags:
        return False
    try:
        forms.from_tags(["word"] * len(tags), tags)
    except UnusableRow:
        return False
    return True


def _is_spans(cell: str) -> bool:
    try:
        forms.read_spans(cell)
    except UnusableRow:
        return False
    return cell.lstrip()[:1] in "[{"


def _is_text(cell: str) -> bool:
    return " " in cell.strip() and cell.lstrip()[:1] not in "[{"


def _is_inline(cell: str) -> bool:
    try:
        return bool(forms.from_inline(cell))
    except UnusableRow:
        return False


_LEFT = "these rows are left out."
WORDS = {
    "empty_text": ("error", "The sentence has no words.", f"Fill it in; {_LEFT}"),
    "not_a_list": ("error", "The cell is no list of words or tags.", f'Write ["Anna", "slept"]; {_LEFT}'),
    "no_tags": ("error", "The sentence has no tags.", f"Give every word a tag, O if it is nothing; {_LEFT}"),
    "length_mismatch": (
        "error",
        "There are more words than tags, or more tags than words.",
        f"Give every word one tag; {_LEFT}",
    ),
    "unknown_tag": (
        "error",
        "A tag is not of a known scheme: O, or B-, I-, E-, S-, L-, U- and a type, such as B-PER.",
        f"Write the tags like that, as words and not as numbers; {_LEFT}",
    ),
    "inline_tags": ("error", "A word has no tag after it.", f"Write Anna/B-PER slept/O; {_LEFT}"),
    "not_spans": (
        "error",
        "What is marked is no list of spans.",
        f'Write [[0, 4, "PER"]] with character numbers from 0, the end exclusive; {_LEFT}',
    ),
    "span_outside": (
        "error",
        "A span lies outside of its text, is empty, or holds no word.",
        f"Count characters from 0, the end exclusive; {_LEFT}",
    ),
    "overlapping_spans": (
        "error",
        "Two spans share a word; a word can have one type only.",
        f"Keep one of the two; {_LEFT}",
    ),
    "i_without_b": (
        "warning",
        "An entity begins with I- although others begin with B-.",
        "It is read as a new entity. One click writes these rows in one way.",
    ),
    "span_within_word": (
        "warning",
        "A span begins or ends within a word.",
        "The whole word is taken; correct the numbers if something else is meant.",
    ),
    "unknown_label": (
        "error",
        "A type occurs in no usable sentence of the training file, so it cannot be learned.",
        f"Add training sentences with it; until then {_LEFT}",
    ),
    "duplicate_rows": (
        "warning",
        "The same sentence with the same marks occurs more than once.",
        "Copies are kept together in one split, so the test stays fair; remove them if they are not meant.",
    ),
    "conflicting_labels": (
        "warning",
        "The same sentence is marked differently.",
        "Decide on one way; contradictions limit how good the model can become.",
    ),
    "leakage": (
        "warning",
        "These sentences are also in the training file, so the score will look better than it is.",
        "Remove them from one of the two files.",
    ),
    "control_characters": (
        "warning",
        "The text holds invisible control characters.",
        "They are kept as they are; remove them if they are not meant.",
    ),
    "special_tokens": (
        "warning",
        "The text holds markers of a language model, such as [SEP] or <|im_start|>.",
        "They are read as plain text; remove them if they came from another tool.",
    ),
    **{
        f"personal_data_{kind}": ("warning", f"The text seems to hold {words}.", "Remove them if you may not use them.")
        for kind, words in (("email", "e-mail addresses"), ("phone", "phone numbers"), ("card", "card numbers"))
    },
}
