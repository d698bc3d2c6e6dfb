"""Recognises labels in forms that no task here learns from yet: for two texts.

Each function gives None where a table is no such data, else the readings that a task which is there can make of it.
"""

from app.catalog.task_types import column_facts as facts
from app.catalog.task_types import column_names as names
from app.catalog.task_types.candidates import GoalCandidate
from app.catalog.task_types.column_facts import TableFacts
from app.catalog.task_types.column_names import find_column

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
