"""Marks at native fields: changed from the default, the way back to it, and what is wrong with a value."""

from typing import Any

from studio_ui.components.browser_component import BrowserComponent


class SettingMarks(BrowserComponent):
    """Decorates native fields of the page, found by their ``elem_id``, for eyes and for screen readers.

    ``marks`` is elem_id -> ``{"title", "changed", "wrong"}`` (see :meth:`studio_ui.forms.SettingsForm.marks`). A press on
    *back to default* triggers ``reset`` with ``{"id"}``. The message of a field has the id ``<elem_id>-wrong``.
    """

    module = "setting_marks.js"
    sends = ("reset",)

    def __init__(self, marks: dict[str, dict[str, Any]] | None = None, **options: Any) -> None:
        super().__init__(marks=marks or {}, **options)
