"""The table of runs: pages neither repeat nor lose a row, filters, facets, and stars, tags and notes."""

import itertools
from collections.abc import Iterator

import pytest

from app.db import transaction
from app.errors import Conflict, NotFound, Rejected
from app.models import Job, Run
from app.services.accounts.accounts import add_user
from app.services.runs import run_table
from app.services.runs.run_table import SORTS, RunFilter
from tests.app.outcomes import end_run, rows_right
from tests.factories import make_run, make_version

ALL = RunFilter()


@pytest.fixture
def many(owner: str) -> list[str]:
    """Twelve runs: ties, different scores, and some without any result."""
    place = make_version(owner)
    ids = [make_run(owner, place, f"Run {number % 4}").id for number in range(12)]
    for number, run_id in enumerate(ids[:8]):
        end_run(run_id, rows_right(5 + number % 3, 10), rows_right(5, 10), seconds=60.0 + number % 2)
    return ids


def pages(owner: str, wanted: RunFilter = ALL, **options: object) -> Iterator[list[str]]:
    cursor = ""
    while True:
        page = run_table.page(owner, wanted, limit=5, cursor=cursor, **options)  # type: ignore[arg-type]
        yield [row.details.id for row in page.runs]
        cursor = page.next
        if not cursor:
            return


def test_every_order_lists_every_run_once(owner: str, any_database: str) -> None:
    place = make_version(owner)
    ids = [make_run(owner, place, f"Run {number % 4}").id for number in range(12)]
    for number, run_id in enumerate(ids[:8]):
        end_run(run_id, rows_right(5 + number % 3, 10), rows_right(5, 10), seconds=60.0 + number % 2)
    for sort in SORTS:
        for descending in (True, False):
            found = list(pages(owner, sort=sort, descending=descending))
            assert [len(page) for page in found] == [5, 5, 2], sort
            assert sorted(itertools.chain(*found)) == sorted(ids), sort


def test_runs_without_a_score_are_last_in_both_directions(owner: str, many: list[str]) -> None:
    for descending in (True, False):
        rows = run_table.page(owner, ALL, sort="accuracy", descending=descending).runs
        scores = [(row.details.results or {}).get("metrics", {}).get("accuracy") for row in rows]
        assert scores[8:] == [None] * 4 and scores[:8] == sorted(scores[:8], reverse=descending)


def test_new_run_does_not_shift_the_pages(owner: str, many: list[str]) -> None:
    first = run_table.page(owner, ALL, limit=5)
    make_run(owner)
    second = run_table.page(owner, ALL, limit=50, cursor=first.next)
    shown = [row.details.id for row in [*first.runs, *second.runs]]
    assert sorted(shown) == sorted(many)


def test_filters_and_search_words_select_runs(owner: str, many: list[str]) -> None:
    run_table.mark(owner, many[0], starred=True, tags=["für Tests", "best"], note="Look at 100% again")
    run_table.mark(owner, many[1], archived=True)

    def found(**wanted: object) -> list[str]:
        return [row.details.id for row in run_table.page(owner, RunFilter(**wanted)).runs]  # type: ignore[arg-type]

    assert found(starred=True) == found(tag="für Tests") == found(words="100% look") == [many[0]]
    assert found(tag="Tests") == [] and found(words="100x") == []
    assert found(archived="only") == [many[1]] and many[1] not in found() and len(found(archived="all")) == 12
    assert len(found(states=["queued"])) == 4 and len(found(words="LETTERS run")) == 11
    assert found(method="full") == [] and len(found(method="lora")) == 11
    page = run_table.page(owner, ALL)
    assert (page.total, page.active, page.next) == (11, 4, None)
    assert run_table.tags(owner) == ["best", "für Tests"]


def test_rows_hold_a_sparkline_and_no_large_results(owner: str, many: list[str]) -> None:
    with transaction() as session:
        run = session.get_one(Run, many[0])
        run.results = {**(run.results or {}), "confusion": [[1] * 77] * 77}
        job = session.get_one(Job, session.get_one(Run, many[1]).job_id)
        job.state = "running"
    rows = {row.details.id: row for row in run_table.page(owner, ALL).runs}
    assert "confusion" not in rows[many[0]].details.results and "labels" not in rows[many[0]].details.results
    line = rows[many[1]].sparkline
    assert 2 <= len(line) <= 24 and line[0] > line[-1]


def test_unknown_sort_foreign_cursor_and_too_long_marks_are_refused(owner: str, many: list[str]) -> None:
    cursor = run_table.page(owner, ALL, limit=5).next
    for options in ({"sort": "colour"}, {"cursor": "x"}, {"cursor": cursor, "sort": "name"}, {"cursor": "bm9wZQ=="}):
        with pytest.raises(Rejected):
            run_table.page(owner, ALL, **options)  # type: ignore[arg-type]
    for change in ({"tags": ["x" * 41]}, {"tags": [str(n) for n in range(13)]}, {"note": "x" * 4001}):
        with pytest.raises(Rejected):
            run_table.mark(owner, many[0], **change)  # type: ignore[arg-type]
    with pytest.raises(Conflict):
        run_table.mark(owner, many[11], archived=True)
    other = add_user("bob").id
    with pytest.raises(NotFound):
        run_table.mark(other, many[0], starred=True)
    assert run_table.page(other, ALL).runs == [] and run_table.tags(other) == []


def test_best_of_several_runs_on_a_dataset_is_marked(owner: str, any_database: str) -> None:
    place = make_version(owner)
    good, other, alone = (make_run(owner, at, "x").id for at in (place, place, make_version(owner)))
    end_run(good, rows_right(9, 10), rows_right(5, 10))
    end_run(other, rows_right(7, 10), rows_right(5, 10))
    end_run(alone, rows_right(9, 10), rows_right(5, 10))
    best = {row.details.id: row.best for row in run_table.page(owner, ALL).runs}
    assert (best[good], best[other], best[alone]) == (True, False, False)
    with transaction() as session:
        for run_id, perplexity in ((good, 5.0), (other, 4.0)):
            run = session.get_one(Run, run_id)
            run.task_type, run.results = "chat", {"metrics": {"perplexity": perplexity}}
    best = {row.details.id: row.best for row in run_table.page(owner, ALL).runs}
    assert (best[good], best[other]) == (False, True)


def test_facets_list_values_of_own_runs(owner: str, many: list[str]) -> None:
    run_table.mark(owner, many[0], tags=["keeper"])
    found = run_table.facets(owner)
    assert (found.models, found.methods, found.tags) == (["starter-encoder"], ["lora"], ["keeper"])
    assert [dataset.name for dataset in found.datasets] == ["Letters"]
    other = add_user("bob").id
    assert run_table.facets(other).as_dict() == {"models": [], "methods": [], "datasets": [], "tags": []}
    chosen = RunFilter(dataset_id=found.datasets[0].id, method="lora", model="starter-encoder", tag="keeper")
    assert [row.details.id for row in run_table.page(owner, chosen).runs] == [many[0]]
