"""Kinds of data that are recognised although there is no task for them here yet, so that they are not taken for others.

One entry in ``NOT_YET`` for each; it falls silent as soon as a task of its kind is in the menu. Each says what can be done
with such data now.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.catalog.task_types import unserved_answers, unserved_layouts
from app.catalog.task_types.candidates import GoalCandidate, Question
from app.catalog.task_types.column_facts import TableFacts
from app.languages import stated


@dataclass(frozen=True)
class Recognised:
    """What was recognised: the ``kind`` its task would have, what it is in words, and what can be done with it now.

    ``offers`` gives the readings that a task which is there can make of it; None where a table is no such data.
    """

    kind: str
    words: str
    hint: str
    offers: Callable[[TableFacts], list[GoalCandidate] | None]
    lack: str = stated("there is no task for it here yet")
    # The hint where nothing can be offered, if it is another one.
    alone: str = ""


NOT_YET: tuple[Recognised, ...] = (
    Recognised(
        "image-text",
        stated("pictures, or questions about them"),
        stated("Pictures are not read. Go on with the text alone only where it can be answered without them."),
        unserved_answers.pictures,
    ),
    Recognised(
        "audio-text",
        stated("recordings"),
        stated(
            "Recordings are not read. To learn from what is said in them, send their texts alone, in a file "
            "of their own."
        ),
        unserved_answers.sounds,
    ),
    Recognised(
        "batch-results",
        stated("the results of a batch of requests, which hold the answers alone"),
        stated(
            "Put each request and its answer into one row; the file of requests has what was asked, under "
            "the same custom_id."
        ),
        unserved_answers.batch_results,
        stated("what was asked is not in it"),
    ),
    Recognised(
        "thumbs",
        stated(
            "conversations within which answers have thumbs up and down (a mark of true or false for each, as for KTO)"
        ),
        stated(
            "To learn from good and bad answers, write one row for each answer: the request, the answer, and true or false. To "
            "learn from the good answers alone, go on with the conversations."
        ),
        unserved_answers.thumbs,
    ),
    Recognised(
        "multiple-choice",
        stated("questions with several answers to choose from"),
        stated(
            "To learn to write the right answer, put the question with its choices into one column and the "
            "right answer in words into another, and choose “Follow instructions”."
        ),
        unserved_answers.multiple_choice,
    ),
    Recognised(
        "embedding",
        stated("search queries with passages that answer them and passages that do not"),
        stated("To learn to answer instead, write one request and one answer in each row."),
        unserved_answers.passages,
    ),
    Recognised(
        "turn-rows",
        stated("conversations with one row for each message"),
        stated(
            "Add a column with a number or a name for each conversation, by which its messages are put "
            "together; or write one row for each conversation, with the list of its messages: {example}.",
            example='[{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]',
        ),
        unserved_layouts.turn_rows,
        stated("which messages belong together does not stand in it"),
    ),
    Recognised(
        "inline-marks",
        stated("texts with words marked inside of them, as [Anna](person) or <person>Anna</person>"),
        stated(
            "Write the plain text, and beside it what is marked: {example}; most tools for labelling export "
            "that as JSONL.",
            example='{"text": "Anna is here", "spans": [{"start": 0, "end": 4, "label": "person"}]}',
        ),
        unserved_layouts.inline_marks,
        stated("the marks would be learned as part of the text"),
    ),
    Recognised(
        "word-rows",
        stated("sentences with one row for each word"),
        stated(
            'Write one row for each sentence: a list of its words in "tokens" and a list of their tags in '
            '"tags"; or save it as CoNLL, with an empty line between sentences.'
        ),
        unserved_layouts.word_rows,
        stated("they are not joined by themselves"),
    ),
    Recognised(
        "numbered-spans",
        stated("texts with marked spans that are called by numbers"),
        stated(
            "Export them with the names of the labels: in doccano choose JSONL with text labels, elsewhere "
            "write {example}.",
            example=stated("{one} or {other}", one='[[0, 4, "PER"]]', other='{"start": 0, "end": 4, "label": "PER"}'),
        ),
        unserved_layouts.numbered_spans,
        stated("what the numbers mean does not stand in it"),
    ),
    Recognised(
        "label-studio",
        stated("Label Studio's full export, in which the answers lie several levels deep"),
        stated("Export it as JSON-MIN or CSV instead; each row then has the text and its label, or the marked spans."),
        unserved_layouts.label_studio_choices,
        stated("it is not unfolded here"),
    ),
    Recognised(
        "argilla",
        stated("Argilla's export, in which the labels lie within the column “responses”"),
        stated("Write the label that counts for each record into a column of its own, beside the text."),
        unserved_layouts.argilla_responses,
        stated("it is not unfolded here"),
    ),
)


def recognise(table: TableFacts, kinds: Sequence[str]) -> Question | None:
    """What the data is, if that is something that none of the tasks in ``kinds`` serves."""
    for entry in NOT_YET:
        if entry.kind in kinds:
            continue
        offers = entry.offers(table)
        if offers is not None:
            able = [offer for offer in offers if offer.task_type in kinds]
            words = stated("The file seems to hold {words}; {lack}.", words=entry.words, lack=entry.lack)
            hint = entry.hint if able else entry.alone or entry.hint
            return Question("no_task_yet", words, hint, able, entry.kind)
    return None
