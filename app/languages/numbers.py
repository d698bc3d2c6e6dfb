"""Numbers in the notation of the language of the present answer."""

from app.languages.current import SOURCE, current_language


def decimal(value: float, places: int = 0, *, grouped: bool = True) -> str:
    """A number with exactly so many decimal places: "12,345.6", in German "12.345,6"."""
    plain = f"{value:,.{places}f}" if grouped else f"{value:.{places}f}"
    return localized(plain)


def localized(number: str) -> str:
    """A number in English notation, "12,345.6", in the notation of the language."""
    language = current_language()
    if language == SOURCE:
        return number
    from babel.numbers import get_decimal_symbol, get_group_symbol

    point, comma = get_decimal_symbol(language), get_group_symbol(language)
    return number.translate({ord("."): point, ord(","): comma})
