"""Split plans: by ratio, by groups, by time, or with an evaluation file of the person's own.

:func:`make_splits` turns usable rows and a plan into the content of ``splits.json``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.errors import Rejected
from app.languages import stated
from app.services.profiling import splits
from app.services.profiling.near_duplicates import Groups
from app.services.profiling.split_rows import SplitRows

RATIO, GROUP, TIME = "ratio", "group", "time"
# A larger share of near-duplicates of one text comes from a template; such a group is not kept together.
MAX_GROUP_SHARE = 0.1
# Only small data is cross-validated; the groups of a million rows would be a list as long as the splits.
MAX_GROUPED_ROWS = 20_000
DATE_FORMATS = ("%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y%m%d")


@dataclass(frozen=True)
class SplitPlan:
    """How rows are split.

    Attributes:
        how: ``ratio`` (stratified by label), ``group`` (rows with the same value in ``column`` stay in one split) or ``time``
            (train on the oldest and test on the newest rows by ``column``).
        validation: share of the rows; by their number if None.
        test: share of the rows; by their number if None.
    """

    how: str = RATIO
    column: str = ""
    validation: float | None = None
    test: float | None = None
    seed: int = 0


def make_splits(
    rows: SplitRows, near_duplicates: Mapping[int, int], plan: SplitPlan, previous: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``{"train", "validation", "test", "seed", "how", "plan", "own_test", "kept_together"}``; every id is in one of the first three.

    ``own_test`` says whether the test rows are those of an evaluation file; ``kept_together`` lists the rows of each group of more
    than one, so that other splits of the same rows keep to them, and is None for more than :data:`MAX_GROUPED_ROWS` rows.

    Args:
        near_duplicates: row id -> id of the first row of its group.
        previous: splits of an earlier version; rows keep their split.

    Raises:
        Rejected: too few rows or groups to fill the three, or a cell that is not a time.
    """
    own_test = bool(rows.evaluation.any())
    exact, groups = _groups(rows, near_duplicates, plan)
    if previous:
        carried = splits.carry_over(previous, rows.ids, groups, rows.evaluation)
        if carried:
            kept = {name: previous[name] for name in ("seed", "how", "plan") if name in previous}
            return {**carried, **kept, "own_test": own_test, "kept_together": _kept_together(rows, groups)}
    main = ~rows.evaluation
    shares = _shares(plan, int(main.sum()), own_test)
    if plan.how == TIME:
        split = _by_time(rows, main, shares)
    else:
        split, groups = _by_group(rows, main, (exact, groups), plan, shares)
    if own_test:
        split["test"] = rows.ids[rows.evaluation].tolist()
    return {
        **split,
        "seed": plan.seed,
        "how": _describe(plan, shares, own_test),
        "plan": asdict(plan),
        "own_test": own_test,
        "kept_together": _kept_together(rows, groups),
    }


def plan_of(content: Mapping[str, Any]) -> SplitPlan:
    """The plan in the content of a ``splits.json``."""
    return SplitPlan(**content["plan"]) if "plan" in content else SplitPlan(seed=content["seed"])


def _kept_together(rows: SplitRows, groups: np.ndarray) -> list[list[int]] | None:
    """Row ids of each group of more than one row."""
    if len(rows) > MAX_GROUPED_ROWS:
        return None
    members: dict[int, list[int]] = {}
    for row_id, group in zip(rows.ids.tolist(), groups.tolist(), strict=True):
        members.setdefault(group, []).append(row_id)
    return [ids for ids in members.values() if len(ids) > 1]


def _groups(rows: SplitRows, near_duplicates: Mapping[int, int], plan: SplitPlan) -> tuple[np.ndarray, np.ndarray]:
    """For each row the position of the first row with the same text, and of the first row that must be in its split: the same
    or nearly the same text, or the same value."""
    # A text in both files is two groups, since rows of the evaluation file are not split.
    keys = rows.keys ^ (rows.evaluation.astype(np.uint64) << np.uint64(63))
    exact = _first_with(keys)
    groups = Groups(len(rows), exact)
    if plan.how == GROUP:
        valued = ~rows.evaluation & (rows.value_codes != _code_of("", rows.values))
        positions = np.nonzero(valued)[0]
        firsts = positions[_first_with(rows.value_codes[positions])]
        for position, first in zip(positions.tolist(), firsts.tolist(), strict=True):
            groups.join(first, position)
    certain = groups.roots()
    if not near_duplicates:
        return exact, certain
    for later, earlier in zip(*_positions(rows, near_duplicates), strict=True):
        groups.join(earlier, later)
    merged = groups.roots()
    largest, largest_certain = (int(np.bincount(roots).max(initial=0)) for roots in (merged, certain))
    return exact, certain if largest > max(largest_certain, MAX_GROUP_SHARE * len(rows)) else merged


def _first_with(values: np.ndarray) -> np.ndarray:
    """For each value the position of the first equal one."""
    _, first, inverse = np.unique(values, return_index=True, return_inverse=True)
    positions: np.ndarray = first[inverse]
    return positions


def _positions(rows: SplitRows, near_duplicates: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Positions of near-duplicates and of the first rows of their groups, where both are usable and of one file."""
    pairs = np.array(list(near_duplicates.items()), dtype=np.int64).reshape(-1, 2)
    at = np.minimum(np.searchsorted(rows.ids, pairs), len(rows) - 1)
    valid = (rows.ids[at] == pairs).all(axis=1) & (rows.evaluation[at[:, 0]] == rows.evaluation[at[:, 1]])
    return at[valid, 0].tolist(), at[valid, 1].tolist()


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
    groupings: tuple[np.ndarray, np.ndarray],
    plan: SplitPlan,
    shares: Mapping[str, float],
) -> tuple[dict[str, list[int]], np.ndarray]:
    """The split, and the grouping that it keeps to: texts that are the same only, where too few others would be left."""
    exact, groups = (grouping[main] for grouping in groupings)
    labels = [label for label, is_main in zip(rows.labels(), main.tolist(), strict=True) if is_main]
    try:
        return splits.assign_splits(rows.ids[main], labels, groups, plan.seed, shares), groupings[1]
    except Rejected as error:
        if plan.how == GROUP:
            raise Rejected(
                "too_few_groups",
                stated(
                    "The values of {column} are too few for train, validation and test to get some of them.",
                    column=repr(plan.column),
                ),
                stated("Choose a column with more different values, or split by ratio."),
            ) from None
        if len(np.unique(groups)) == len(np.unique(exact)):
            raise error
        return splits.assign_splits(rows.ids[main], labels, exact, plan.seed, shares), groupings[0]


def _by_time(rows: SplitRows, main: np.ndarray, shares: Mapping[str, float]) -> dict[str, list[int]]:
    """Train on the oldest rows; rows with the same time stay together, in the later split."""
    ids, times = rows.ids[main], _times(rows, main)
    order = np.lexsort((ids, times))
    times = times[order]
    split: dict[str, list[int]] = {}
    end = len(order)
    for name in ("test", "validation"):
        if name not in shares:
            continue
        start = max(0, end - max(1, round(shares[name] * len(order))))
        # Back to the first row with the same time.
        start = int(np.searchsorted(times[:end], times[min(start, end - 1)])) if end else 0
        split[name] = sorted(ids[order[start:end]].tolist())
        end = start
    split["train"] = sorted(ids[order[:end]].tolist())
    if not all(split.values()):
        raise Rejected(
            "too_few_moments",
            stated("There are too few different times to train on the older and test on the newer rows."),
            stated("Choose a column with more different times, or split by ratio."),
        )
    return split


def _times(rows: SplitRows, main: np.ndarray) -> np.ndarray:
    """Unix seconds of the main file's rows, float64."""
    values = rows.values
    parsed = np.array([np.nan if (time := _time(value.strip())) is None else time for value in values])
    codes = rows.value_codes[main]
    times: np.ndarray = parsed[codes]
    if (wrong := np.nonzero(np.isnan(times))[0]).size:
        lines = rows.lines[main][wrong[:50]].tolist()
        raise Rejected(
            "not_a_time",
            stated(
                "{count} cells hold no time that can be read, e.g. {value} in line {line}.",
                count=len(wrong),
                value=repr(values[codes[wrong[0]]][:40]),
                line=lines[0],
            ),
            stated(
                "Write times like 2026-05-31 or 2026-05-31T14:05, correct or leave out these rows, or choose "
                "another column."
            ),
            details={"rows": lines},
        )
    return times


def _time(text: str) -> float | None:
    """Unix seconds of a date or time, or the number itself; times without a zone are UTC."""
    for parse in (_iso, _number, _other_format):
        if (time := parse(text)) is not None:
            return time
    return None


def _iso(text: str) -> float | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e18 else None


def _other_format(text: str) -> float | None:
    for date_format in DATE_FORMATS:
        try:
            return datetime.strptime(text, date_format).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def _describe(plan: SplitPlan, shares: Mapping[str, float], own_test: bool) -> str:
    if own_test and plan.how == RATIO:
        return stated("own evaluation file")
    ratio = "/".join(f"{100 * shares[name]:.3g}" for name in splits.SPLITS if name in shares)
    how = {
        RATIO: stated("stratified {ratio}", ratio=ratio),
        GROUP: stated("by {column}, each value on one side, {ratio}", column=plan.column, ratio=ratio),
        TIME: stated("by {column}, the newest last, {ratio}", column=plan.column, ratio=ratio),
    }[plan.how]
    return stated("own evaluation file; validation {how}", how=how) if own_test else how
