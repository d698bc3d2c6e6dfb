"""Recognises labels in forms that no task here learns from yet: for two texts, or numbers.

Each function gives None where a table is no such data, else the readings that a task which is there can make of it.
"""

import re

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types import conversations
from app.catalog.task_types.candidates import CERTAIN, GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.column_names import find_column
from app.catalog.task_types.text_classification_columns import best_text
from app.catalog.task_types.text_patterns import is_number

# Numbers of which hardly any comes twice are measured; a few steps can be distinguished like categories.
SCORE_SHARE, DISTINCT_SCORES, FEW_STEPS = 0.9, 20, 12
# Under the names that public sets of this kind give them.
PAIRS = (
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("sentence_a", "sentence_b"),
    ("text1", "text2"),
    ("text_1", "text_2"),
    ("text_a", "text_b"),
    ("question1", "question2"),
    ("satz1", "satz2"),
    ("premise", "hypothesis"),
    ("context", "hypothesis"),
    ("text", "hypothesis"),
    ("claim", "evidence"),
    ("query", "document"),
    ("query", "passage"),
    ("query", "product_title"),
    ("source_sentence", "target_sentence"),
    ("behauptung", "beleg"),
)
# What says of two texts whether they belong together.
RELATIONS = (
    *names.LABELS,
    *names.SCORES,
    *"relevant relevance relevanz is_duplicate duplicate entailment verdict stance paraphrase match matches".split(),
)
# Numbers as ratings have them: “7/10”, “4 of 5”, “3 stars”, “★★★☆☆”.
_RATING = re.compile(
    r"\s*(\d+([.,]\d+)?\s*(/|of|von|sur|de|out of)\s*\d+|\d+\s*(stars?|sterne?|étoiles?|estrellas?|★)|[★☆⭐]+)\s*", re.I
)


def pair(table: TableFacts) -> list[GoalCandidate] | None:
    """Two texts with one label for both."""
    plain = {names.name_key(name) for name in table.names}
    known = next((item for item in PAIRS if plain.issuperset(item)), None)
    if known is None:
        return None
    # The first names are of pairs alone; a query or a text may stand beside another one for other reasons.
    certain = PAIRS.index(known) <= PAIRS.index(("premise", "hypothesis"))
    recurring = table.of_kind(facts.VALUES)
    return [] if certain or find_column(recurring, RELATIONS) else None


def score(table: TableFacts) -> list[GoalCandidate] | None:
    """A number for each text: measured, or a rating in a few steps."""
    if conversations.conversation_column(table):
        return None
    name = find_column(table.names, names.SCORES)
    given = [str(row[name]).strip() for row in table.sample if name and row.get(name)]
    # Where another column is called like the label, the score stands beside it.
    if name is None or not given or find_column(table.names, (*names.LABELS, *names.CATEGORIES)):
        return None
    if sum(is_number(value) or _RATING.fullmatch(value) is not None for value in given) < SCORE_SHARE * len(given):
        return None
    steps = len(set(given))
    text = best_text(table, [item for item in table.names if item != name])
    if steps >= DISTINCT_SCORES:
        return []
    if text is None or not 2 < steps <= FEW_STEPS:
        return None
    why = f"{steps} steps as {steps} categories, without their order"
    return [GoalCandidate("text-classification", {"text": text, "label": name}, CERTAIN, why)]
