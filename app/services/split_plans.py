"""How a person wants rows dealt out: by ratio, by groups that stay together, by time, or with their own test file.

Turns usable rows and a plan into the content of ``splits.json``. Knows no table and no door.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from app.errors import Rejected
from app.services import splits
from app.services.near_copies import Groups

RATIO, GROUP, TIME = "ratio", "group", "time"
# When more rows than this are near copies of one text, the data is made that way and cannot be kept together.
MOST_TOGETHER = 0.1
DATE_FORMATS = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y%m%d")


@dataclass(frozen=True)
class SplitPlan:
    """What was asked for. ``validation`` and ``test`` are shares of the rows; None leaves them to their number.

    ``how``: ``ratio`` spreads every label evenly; ``group`` keeps rows with the same value in ``column`` on one side;
    ``time`` learns from the oldest and tests on the newest by ``column``.
    """

    how: str = RATIO
    column: str = ""
    validation: float | None = None
    test: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class SplitRow:
    """A usable row: ``key`` is that of its text, ``value`` its cell in the plan's column."""

    id: int
    line: int
    label: str
    key: bytes
    evaluation: bool
    value: str = ""


def deal_out(
    rows: Sequence[SplitRow], near: Mapping[int, int], plan: SplitPlan, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``{"train", "validation", "test", "seed", "how", "plan"}``; every id is in exactly one of the three.

    Args:
        near: row id -> id of the row that it nearly copies.
        before: an earlier version's splits; rows stay where they were there.

    Raises:
        Rejected: too few rows or groups to fill the three, or a cell that is no time.
    """
    own_test = any(row.evaluation for row in rows)
    groups = _groups(rows, near, plan)
    if before:
        evaluation = {row.id for row in rows if row.evaluation}
        kept = splits.carry(before, [row.id for row in rows], groups, evaluation.__contains__)
        if kept:
            return {**kept, **{name: before[name] for name in ("seed", "how", "plan") if name in before}}
    main = [(row, group) for row, group in zip(rows, groups, strict=True) if not row.evaluation]
    shares = _shares(plan, len(main), own_test)
    dealt = _by_time([row for row, _ in main], shares) if plan.how == TIME else _by_group(main, plan, shares)
    if own_test:
        dealt["test"] = [row.id for row in rows if row.evaluation]
    return {**dealt, "seed": plan.seed, "how": _told(plan, shares, own_test), "plan": asdict(plan)}


def plan_of(dealt: Mapping[str, Any]) -> SplitPlan:
    """The plan by which splits were made."""
    return SplitPlan(**dealt["plan"]) if "plan" in dealt else SplitPlan(seed=dealt["seed"])


def _groups(rows: Sequence[SplitRow], near: Mapping[int, int], plan: SplitPlan) -> list[Hashable]:
    """For each row what it shares with the rows that must be on its side: the same text, or nearly, and the value."""
    place = {row.id: number for number, row in enumerate(rows)}
    exact = _joined(rows, {}, place, plan)
    if not near:
        return exact
    together = _joined(rows, near, place, plan)
    largest = max(Counter(together).values(), default=0)
    known = max(Counter(exact).values(), default=0)
    return exact if largest > max(known, MOST_TOGETHER * len(rows)) else together


def _joined(
    rows: Sequence[SplitRow], near: Mapping[int, int], place: Mapping[int, int], plan: SplitPlan
) -> list[Hashable]:
    groups = Groups(len(rows))
    first: dict[Hashable, int] = {}
    for number, row in enumerate(rows):
        groups.join(first.setdefault((row.evaluation, row.key), number), number)
        if plan.how == GROUP and row.value and not row.evaluation:
            groups.join(first.setdefault(row.value, number), number)
        if row.id in near and near[row.id] in place and rows[place[near[row.id]]].evaluation == row.evaluation:
            groups.join(place[near[row.id]], number)
    return [rows[groups.root(number)].id for number in range(len(rows))]


def _shares(plan: SplitPlan, rows: int, own_test: bool) -> dict[str, float]:
    shares = splits.choose_shares(rows, own_test)
    for name, wanted in (("validation", plan.validation), ("test", plan.test)):
        if wanted is not None and name in shares:
            shares[name] = wanted
    shares["train"] = 1 - sum(share for name, share in shares.items() if name != "train")
    return shares


def _by_group(
    main: Sequence[tuple[SplitRow, Hashable]], plan: SplitPlan, shares: Mapping[str, float]
) -> dict[str, list[int]]:
    ids, labels = [row.id for row, _ in main], [row.label for row, _ in main]
    try:
        return splits.deal(ids, labels, [group for _, group in main], plan.seed, shares)
    except Rejected as error:
        if plan.how == GROUP:
            raise Rejected(
                "too_few_groups",
                f"The values of {plan.column!r} cannot be dealt out so that every part gets some of them.",
                "Choose a column with more different values, or deal rows out by ratio.",
            ) from None
        if len({group for _, group in main}) == len({row.key for row, _ in main}):
            raise error
        return splits.deal(ids, labels, [row.key for row, _ in main], plan.seed, shares)


def _by_time(main: Sequence[SplitRow], shares: Mapping[str, float]) -> dict[str, list[int]]:
    """The oldest rows first; rows of one moment stay together, on the later side."""
    moments = _moments(main)
    ordered = sorted(main, key=lambda row: (moments[row.id], row.id))
    dealt: dict[str, list[int]] = {}
    end = len(ordered)
    for name in ("test", "validation"):
        if name not in shares:
            continue
        start = end - max(1, round(shares[name] * len(ordered)))
        while start > 0 and moments[ordered[start - 1].id] == moments[ordered[min(start, end - 1)].id]:
            start -= 1
        dealt[name] = sorted(row.id for row in ordered[max(0, start) : end])
        end = max(0, start)
    dealt["train"] = sorted(row.id for row in ordered[:end])
    if not all(dealt.values()):
        raise Rejected(
            "too_few_moments",
            "There are too few different times to learn from the older and test on the newer rows.",
            "Choose a column with more different times, or deal rows out by ratio.",
        )
    return dealt


def _moments(rows: Sequence[SplitRow]) -> dict[int, float]:
    moments: dict[int, float] = {}
    wrong: list[SplitRow] = []
    for row in rows:
        moment = _moment(row.value.strip())
        if moment is None:
            wrong.append(row)
        else:
            moments[row.id] = moment
    if wrong:
        raise Rejected(
            "not_a_time",
            f"{len(wrong):,} cells hold no time that can be read, e.g. {wrong[0].value[:40]!r} in line {wrong[0].line}.",
            "Write times like 2026-05-31 or 2026-05-31T14:05, correct or leave out these rows, or choose another column.",
            details={"rows": [row.line for row in wrong[:50]]},
        )
    return moments


def _moment(text: str) -> float | None:
    """Unix seconds, or any number as it stands; times without a zone count as UTC."""
    for read in (_iso, _number, _other_format):
        if (moment := read(text)) is not None:
            return moment
    return None


def _iso(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e18 else None


def _other_format(text: str) -> float | None:
    for each in DATE_FORMATS:
        try:
            return datetime.strptime(text, each).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def _told(plan: SplitPlan, shares: Mapping[str, float], own_test: bool) -> str:
    if own_test and plan.how == RATIO:
        return "own evaluation file"
    ratio = "/".join(f"{100 * shares[name]:.3g}" for name in splits.SPLITS if name in shares)
    how = {
        RATIO: f"stratified {ratio}",
        GROUP: f"by {plan.column}, each value on one side, {ratio}",
        TIME: f"by {plan.column}, the newest last, {ratio}",
    }[plan.how]
    return f"own evaluation file; validation {how}" if own_test else how
