"""Checks of sentences with marked words: which columns to use, which rows cannot be used, what to look at.

Two kinds of ``error``: one that names rows leaves those rows out; one without rows refuses the file as a whole.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from app.catalog.task_types import tagged_text as forms
from app.catalog.task_types import text_patterns as patterns
from app.catalog.task_types.base import Problem, of_evaluation_file
from app.catalog.task_types.column_names import find_column, is_called
from app.catalog.task_types.generative import FEW_ROWS, MIN_ROWS, UnusableRow, short
from app.catalog.task_types.label_forms import variants
from app.catalog.task_types.tagged_text import Sentence
from app.languages import stated

TOKEN_NAMES = ("tokens", "words", "token", "word", "sentence_tokens")
TAG_NAMES = (
    "tags",
    "ner_tags",
    "bio_tags",
    "bio",
    "iob",
    "ner",
    "tag",
    "entity_tags",
    "labels",
    "label",
    "upos",
    "pos_tags",
    "pos",
)
TEXT_NAMES = ("text", "sentence", "content", "document", "body", "passage")
SPAN_NAMES = ("spans", "entities", "annotations", "labels", "label", "ner")
LETTERED = tuple(f"{letter}{joiner}" for letter in "BIESLU" for joiner in "-_")
GUESS_ROWS, GUESS_SHARE = 50, 0.6
IMBALANCE = 20


def guess_columns(columns: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Columns of words and tags, of text and spans, or of text with tags in it, by their content, then by their names."""
    rows = sample[:GUESS_ROWS]
    tags = [name for name in columns if _share(rows, name, _is_tags)]
    lists = [name for name in columns if name not in tags and _share(rows, name, _is_words)]
    spans = [name for name in columns if _share(rows, name, _is_spans)]
    texts = [name for name in columns if name not in {*tags, *lists, *spans} and _share(rows, name, _is_text)]
    if not tags and lists:
        tags = [name for name in lists if any(_types_of(rows, name, other) for other in lists if other != name)]
        lists = [name for name in lists if name not in tags]
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
        self._lettered = 0
        self._alone: list[tuple[Mapping[str, Any], str]] = []
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
        self._lettered += sentence.begun + sentence.orphans > 0 and not sentence.types_alone
        if sentence.types_alone:
            self._alone.append((row_ref, sentence.text))
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
        if self._lettered:
            for row_ref, text in self._alone:
                self._note("types_alone", row_ref, {"text": text})
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
            message = stated(
                "Only {sentences} sentences can be used; at least {fewest} are needed.",
                sentences=self._usable,
                fewest=MIN_ROWS,
            )
            return [Problem("too_few_rows", "error", message, stated("Add examples, ideally a few hundred."))]
        if not self._entities:
            message = stated("No word is marked in any sentence; there is nothing to find.")
            return [Problem("no_entities", "error", message, stated("Choose the column that holds the tags or spans."))]
        return []

    def _notices(self) -> list[Problem]:
        problems: list[Problem] = []
        if not self._entities or self._usable < MIN_ROWS:
            return problems
        small = sorted(label for label, lines in self._lines.items() if len(lines) < 2)
        if small:
            lines = sorted(line for label in small for line in self._lines[label])
            message = stated("Types that occur in one sentence only: {types}.", types=", ".join(small[:8]))
            hint = stated("It is learned from but cannot be tested; add examples or merge it with another type.")
            problems.append(Problem("class_small", "warning", message, hint, rows=lines))
        if groups := variants(self._entities):
            listed_forms = "; ".join(", ".join(f"“{spelling}”" for spelling in group) for group in groups[:5])
            message = stated(
                "Types that differ only in case, spaces, hyphens or Unicode form: {types}.", types=listed_forms
            )
            hint = stated("Write each type in one way.")
            lines = sorted({line for group in groups for label in group[1:] for line in self._lines[label]})
            problems.append(Problem("label_spelling", "warning", message, hint, rows=lines))
        if self._usable < FEW_ROWS:
            message = stated("Only {sentences} usable sentences; scores on so few say little.", sentences=self._usable)
            hint = stated("Add examples; {rows} or more are advised.", rows=FEW_ROWS)
            problems.append(Problem("few_rows", "warning", message, hint))
        max_count, min_count = max(self._entities.values()), min(self._entities.values())
        if max_count >= IMBALANCE * min_count:
            message = stated(
                "The commonest type is marked {most} times, the rarest {fewest}; rare types are learned less well.",
                most=max_count,
                fewest=min_count,
            )
            problems.append(Problem("class_imbalance", "warning", message, stated("Look at the scores of each type.")))
        return problems

    def _note(self, code: str, row: Mapping[str, Any], detail: Mapping[str, Any]) -> None:
        evaluation = bool(row.get("_evaluation"))
        problem = self._problems.get((evaluation, code))
        if problem is None:
            severity, message, hint = WORDS[code]
            message = of_evaluation_file(stated(message)) if evaluation else stated(message)
            kind = "personal_data" if code.startswith("personal_data") else code
            problem = self._problems[evaluation, code] = Problem(kind, severity, message, stated(hint))
        problem.rows.append(row["_line"])
        problem.row_ids.append(row["_id"])
        if detail and len(problem.examples) < 5:
            problem.examples.append({"row": row["_line"], **{name: short(value) for name, value in detail.items()}})


def _share(rows: Sequence[Mapping[str, Any]], name: str, fits: Any) -> bool:
    cells = [str(row[name]) for row in rows if row.get(name) and str(row[name]).strip() != "[]"]
    return bool(cells) and sum(map(fits, cells)) >= GUESS_SHARE * len(cells)


def _types_of(rows: Sequence[Mapping[str, Any]], name: str, words: str) -> bool:
    """Whether a column gives each word of another one a type: as many of them, and few different ones."""
    if not is_called(name, TAG_NAMES):
        return False
    types: set[str] = set()
    given = 0
    for row in rows:
        tags, tokens = forms.read_list(row.get(name)), forms.read_list(row.get(words))
        if not tags or not tokens or len(tags) != len(tokens):
            return False
        types.update(tags)
        given += len(tags)
    return 1 < len(types) <= max(20, given // 5) and not all(tag.isdigit() for tag in types)


def _is_words(cell: str) -> bool:
    return cell.lstrip().startswith("[") and bool(forms.read_list(cell))


def _is_tags(cell: str) -> bool:
    """Whether tags with their letters stand there; types alone are found by :func:`_types_of`."""
    tags = forms.read_list(cell)
    if not tags or not any(tag[:2] in LETTERED or tag == "O" for tag in tags):
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


WORDS = {
    "empty_text": ("error", "The sentence has no words.", "Fill it in; these rows are left out."),
    "not_a_list": (
        "error",
        "The cell is no list of words or tags.",
        'Write ["Anna", "slept"]; these rows are left out.',
    ),
    "no_tags": (
        "error",
        "The sentence has no tags.",
        "Give every word a tag, O if it is nothing; these rows are left out.",
    ),
    "length_mismatch": (
        "error",
        "There are more words than tags, or more tags than words.",
        "Give every word one tag; these rows are left out.",
    ),
    "unknown_tag": (
        "error",
        "A tag is not of a known scheme: O, or B-, I-, E-, S-, L-, U- and a type, such as B-PER.",
        "Write the tags like that, as words and not as numbers; these rows are left out.",
    ),
    "inline_tags": ("error", "A word has no tag after it.", "Write Anna/B-PER slept/O; these rows are left out."),
    "not_spans": (
        "error",
        "What is marked is no list of spans.",
        'Write [[0, 4, "PER"]] with character numbers from 0, the end exclusive; these rows are left out.',
    ),
    "span_outside": (
        "error",
        "A span lies outside of its text, is empty, or holds no word.",
        "Count characters from 0, the end exclusive; these rows are left out.",
    ),
    "overlapping_spans": (
        "error",
        "Two spans share a word; a word can have one type only.",
        "Keep one of the two; these rows are left out.",
    ),
    "i_without_b": (
        "warning",
        "An entity begins with I- although others begin with B-.",
        "It is read as a new entity. One click writes these rows in one way.",
    ),
    "types_alone": (
        "warning",
        "These rows have types without B- or I- before them, although others have them.",
        "Neighbours of one type are read as one entity; write all rows in one way.",
    ),
    "span_within_word": (
        "warning",
        "A span begins or ends within a word.",
        "The whole word is taken; correct the numbers if something else is meant.",
    ),
    "unknown_label": (
        "error",
        "A type occurs in no usable sentence of the training file, so it cannot be learned.",
        "Add training sentences with it; until then these rows are left out.",
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
    "personal_data_email": (
        "warning",
        "The text seems to hold e-mail addresses.",
        "Remove them if you may not use them.",
    ),
    "personal_data_phone": ("warning", "The text seems to hold phone numbers.", "Remove them if you may not use them."),
    "personal_data_card": ("warning", "The text seems to hold card numbers.", "Remove them if you may not use them."),
}
