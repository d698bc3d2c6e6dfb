"""Languages of the interface: texts, numbers and dates of one answer in the language of the person who asked.

English sentences in the code are the ids of messages; ``catalogs/<language>.po`` hold their translations. ``_`` is this
package's ``gettext`` wherever it is used.
"""

from app.languages.current import (
    COOKIE,
    NAMES,
    SOURCE,
    choose_language,
    current_language,
    deferrable,
    deferring,
    in_language,
)
from app.languages.messages import gettext, gettext_noop, ngettext, offered, script_messages
from app.languages.numbers import decimal, localized
from app.languages.statements import restored, stated, stated_list, stated_number, storable, translated, translated_json

__all__ = [
    "COOKIE",
    "NAMES",
    "SOURCE",
    "choose_language",
    "current_language",
    "decimal",
    "deferrable",
    "deferring",
    "gettext",
    "gettext_noop",
    "in_language",
    "localized",
    "ngettext",
    "offered",
    "restored",
    "script_messages",
    "stated",
    "stated_list",
    "stated_number",
    "storable",
    "translated",
    "translated_json",
]
