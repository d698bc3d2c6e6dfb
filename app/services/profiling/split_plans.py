"""How a person wants rows dealt out: by ratio, by groups that stay together, by time, or with their own test file.

Turns usable rows and a plan into the content of ``splits.json``. Knows no table and no door.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.errors import Rejected
from app.services.profiling import splits
from app.services.profiling.near_duplicates import Groups
from app.services.profiling.split_rows import SplitRows

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


def make_splits(
    rows: SplitRows, near: Mapping[int, int], plan: SplitPlan, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``{"train", "validation", "test", "seed", "how", "plan"}``; every id is in exactly one of the three.

    Args:
        near: row id -> id of the row that it nearly copies.
        before: an earlier version's splits; rows stay where they were there.

    Raises:
        Rejected: too few rows or groups to fill the three, or a cell that is no time.
    """
    own_test = bool(rows.evaluation.any())
    exact, groups = _groups(rows, near, plan)
    if before:
        kept = splits.carry(before, rows.ids, groups, rows.evaluation)
        if kept:
            return {**kept, **{name: before[name] for name in ("seed", "how", "plan") if name in before}}
    main = ~rows.evaluation
    shares = _shares(plan, int(main.sum()), own_test)
    dealt = _by_time(rows, main, shares) if plan.how == TIME else _by_group(rows, main, (exact, groups), plan, shares)
    if own_test:
        dealt["test"] = rows.ids[rows.evaluation].tolist()
    return {**dealt, "seed": plan.seed, "how": _told(plan, shares, own_test), "plan": asdict(plan)}


def plan_of(dealt: Mapping[str, Any]) -> SplitPlan:
    """The plan by which splits were made."""
    return SplitPlan(**dealt["plan"]) if "plan" in dealt else SplitPlan(seed=dealt["seed"])


def _groups(rows: SplitRows, near: Mapping[int, int], plan: SplitPlan) -> tuple[np.ndarray, np.ndarray]:
    """For each row the place of the first with the same text, and of the first that must be on its side for any reason: the
    same text, or nearly, and the value."""
    # A text in both files is two groups: one side of it is not ours to deal out.
    apart = rows.keys ^ (rows.evaluation.astype(np.uint64) << np.uint64(63))
    exact = _first_with(apart)
    groups = Groups(len(rows), exact)
    if plan.how == GROUP:
        valued = ~rows.evaluation & (rows.value_codes != _code_of("", rows.values))
        places = np.nonzero(valued)[0]
        firsts = places[_first_with(rows.value_codes[places])]
        for place, first in zip(places.tolist(), firsts.tolist(), strict=True):
            groups.join(first, place)
    known = groups.roots()
    if not near:
        return exact, known
    for later, earlier in zip(*_places(rows, near), strict=True):
        groups.join(earlier, later)
    together = groups.roots()
    largest, before = (int(np.bincount(each).max(initial=0)) for each in (together, known))
    return exact, known if largest > max(before, MOST_TOGETHER * len(rows)) else together


def _first_with(values: np.ndarray) -> np.ndarray:
    """For each value the place of the first that is the same."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    found: np.ndarray = first[inverse]
    return found


def _places(rows: SplitRows, near: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Places of near copies and of the rows that they copy, where both are of one file and usable."""
    pairs = np.array(list(near.items()), dtype=np.int64).reshape(-1, 2)
    at = np.minimum(np.searchsorted(rows.ids, pairs), len(rows) - 1)
    fits = (rows.ids[at] == pairs).all(axis=1) & (rows.evaluation[at[:, 0]] == rows.evaluation[at[:, 1]])
    return at[fits, 0].tolist(), at[fits, 1].tolist()


def _code_of(value: str, values: Sequence[str]) -> int:
    return values.index(value) if value in values else -1


def _shares(plan: SplitPlan, rows: int, own_test: bool) -> dict[str, float]:
    shares = splits.choose_shares(rows, own_test)
    for name, wanted in (("validation", plan.validation), ("test", plan.test)):
        if wanted is not None and name in shares:
            shares[name] = wanted
    shares["train"] = 1 - sum(share for name, share in shares.items() if name != "train")
    return shares


def _by_group(
    rows: SplitRows,
    main: np.ndarray,
    found: tuple[np.ndarray, np.ndarray],
    plan: SplitPlan,
    shares: Mapping[str, float],
) -> dict[str, list[int]]:
    exact, groups = (each[main] for each in found)
    labels = [label for label, here in zip(rows.labels(), main.tolist(), strict=True) if here]
    try:
        return splits.assign_splits(rows.ids[main], labels, groups, plan.seed, shares)
    except Rejected as error:
        if plan.how == GROUP:
            raise Rejected(
                "too_few_groups",
                f"The values of {plan.column!r} cannot be dealt out so that every part gets some of them.",
                "Choose a column with more different values, or deal rows out by ratio.",
            ) from None
        if len(np.unique(groups)) == len(np.unique(exact)):
            raise error
        return splits.assign_splits(rows.ids[main], labels, exact, plan.seed, shares)


def _by_time(rows: SplitRows, main: np.ndarray, shares: Mapping[str, float]) -> dict[str, list[int]]:
    """The oldest rows first; rows of one moment stay together, on the later side."""
    ids, moments = rows.ids[main], _moments(rows, main)
    order = np.lexsort((ids, moments))
    moments = moments[order]
    dealt: dict[str, list[int]] = {}
    end = len(order)
    for name in ("test", "validation"):
        if name not in shares:
            continue
        start = max(0, end - max(1, round(shares[name] * len(order))))
        # To the first row of its moment.
        start = int(np.searchsorted(moments[:end], moments[min(start, end - 1)])) if end else 0
        dealt[name] = sorted(ids[order[start:end]].tolist())
        end = start
    dealt["train"] = sorted(ids[order[:end]].tolist())
    if not all(dealt.values()):
        raise Rejected(
            "too_few_moments",
            "There are too few different times to learn from the older and test on the newer rows.",
            "Choose a column with more different times, or deal rows out by ratio.",
        )
    return dealt


def _moments(rows: SplitRows, main: np.ndarray) -> np.ndarray:
    """Unix seconds of the main file's rows, float64."""
    values = rows.values
    read = np.array([np.nan if (moment := _moment(each.strip())) is None else moment for each in values])
    codes = rows.value_codes[main]
    moments: np.ndarray = read[codes]
    if (wrong := np.nonzero(np.isnan(moments))[0]).size:
        lines = rows.lines[main][wrong[:50]].tolist()
        raise Rejected(
            "not_a_time",
            f"{len(wrong):,} cells hold no time that can be read, e.g. {values[codes[wrong[0]]][:40]!r} in line {lines[0]}.",
            "Write times like 2026-05-31 or 2026-05-31T14:05, correct or leave out these rows, or choose another column.",
            details={"rows": lines},
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
