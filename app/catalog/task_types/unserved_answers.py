"""Recognises answers in forms that no task here learns from yet: with thumbs inside of conversations, about pictures.

Each function gives None where a table is no such data, else the readings that a task which is there can make of it.
"""

from typing import Any

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import CERTAIN, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts, parsed
from app.catalog.task_types.column_names import find_column
from app.languages import stated

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
SOUNDS = ("audio", "audios", "sound", "recording", "wav", "audio_path", "audio_filepath", "aufnahme", "clip")
SOUND_FILES = (".wav", ".mp3", ".flac", ".ogg", ".m4a", ".opus")
LIST_SHARE, PICTURE_SHARE = 0.9, 0.1


def thumbs(table: TableFacts) -> list[GoalCandidate] | None:
    """Conversations within which answers are marked as good or bad."""
    turns = conversations.conversation_column(table)
    if not turns or table.share(turns, conversations.has_thumbs) < LIST_SHARE:
        return None
    why = stated("answers marked false are read, and not learned")
    return [GoalCandidate("chat", {"messages": turns}, CERTAIN, why)]


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
