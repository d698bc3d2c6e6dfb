"""Numbers, sizes and durations as people read them, in the language of the present answer."""

import math
from collections.abc import Callable

from app.catalog.task_types import score_unit
from app.languages import decimal, deferrable, localized, ngettext
from app.languages import gettext as _


@deferrable
def count(number: float) -> str:
    """12345 -> 12,345."""
    return decimal(round(number))


def counted(number: int, noun: str) -> str:
    """1842, "row" -> "1,842 rows"; catalogs have both forms of every noun that is named in a call."""
    return ngettext(f"{{number}} {noun}", f"{{number}} {noun}s", number)


@deferrable
def percent(share: float) -> str:
    """0.9345 -> "93.5 %"."""
    places = 0 if share in (0, 1) else 2 if 0 < share < 0.01 else 1
    return _("{number} %", number=decimal(share * 100, places, grouped=False))


@deferrable
def byte_size(number: float) -> str:
    """Bytes in the decimal unit that reads best: "340 MB"."""
    units = ("B", "kB", "MB", "GB", "TB")
    step = min(len(units) - 1, int(math.log10(number) // 3)) if number >= 1 else 0
    value = number / 1000**step
    return f"{round(value) if step == 0 or value >= 100 else decimal(value, 1)} {units[step]}"


@deferrable
def duration(seconds: float) -> str:
    """Seconds in words: "42 s", "3 min 20 s", "2 h 5 min"."""
    if seconds < 10:
        return _("{seconds} s", seconds=decimal(max(0.0, seconds), 1))
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s", seconds=whole)
    if whole < 600 and whole % 60:
        return _("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)
    minutes = round(whole / 60)
    if whole < 5400:
        return _("{minutes} min", minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    return _("{hours} h {minutes} min", hours=hours, minutes=minutes) if minutes else _("{hours} h", hours=hours)


def duration_range(seconds: tuple[float, float] | list[float]) -> str:
    """An estimate from low to high, rounded as estimates deserve: "20 to 50 s", "1 to 5 min"."""
    low, high = seconds
    size, unit = (1, "s") if high < 90 else (60, "min") if high < 5400 else (3600, "h")

    def rounded(value: float) -> float:
        if unit == "s":
            return max(5, round(value / 5) * 5)
        if unit == "h":
            return max(0.5, round(value / size * 2) / 2)
        return max(1, round(value / size))

    first, last = (localized(f"{rounded(value):g}") for value in (low, high))
    if first == last:
        words = {"s": _("about {number} s", number=first), "min": _("about {number} min", number=first)}
        return words.get(unit) or _("about {number} h", number=first)
    if unit == "s":
        return _("{low} to {high} s", low=first, high=last)
    return (
        _("{low} to {high} min", low=first, high=last)
        if unit == "min"
        else _("{low} to {high} h", low=first, high=last)
    )


def figure(value: float) -> str:
    """A score or a change: three digits, and large numbers whole: "0.0123", "16.3", "14,900"."""
    if not math.isfinite(value):
        return "–"
    rounded = float(f"{value:.3g}")
    return count(rounded) if abs(rounded) >= 1000 else localized(f"{rounded:.10g}")


def milliseconds(seconds: float) -> str:
    """Seconds so short that people say them in thousandths."""
    return _("{milliseconds} ms", milliseconds=localized(f"{float(f'{seconds * 1000:.3g}'):.10g}"))


def span(low: float, high: float, unit: Callable[[float], str]) -> str:
    """ "1.2 GB to 2.4 GB", or one value when both ends read the same."""
    return unit(low) if unit(low) == unit(high) else _("{low} to {high}", low=unit(low), high=unit(high))


def signed(change: float, words: Callable[[float], str]) -> str:
    """The size of a change in words with its sign: "+1.2 GB", and "±0" for none."""
    return f"{'+' if change > 0 else '−' if change < 0 else '±'}{words(abs(change))}"


def points(share: float) -> str:
    """A difference between two shares: "3.2 points"."""
    return _("{share} points", share=decimal(share * 100, 1))


def score_words(key: str, value: float) -> str:
    """A score of any task in its unit: "93.5 %", or three digits of a number."""
    return percent(value) if score_unit(key) == "share" else figure(value)
