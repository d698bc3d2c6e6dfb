"""Forms of native fields, made from the settings that methods and training declare in the catalog. Knows no setting by name.

A new setting of a method becomes a field here without any other change: :func:`settings_of` reads the JSON schema that the
REST API shows, too. The fields are static; :class:`SettingsForm` shows those of one schema at a time and reads them back.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import gradio as gr

from app.languages import deferrable, gettext_noop
from app.languages import gettext as _
from studio_ui.formats import count

Schema = Mapping[str, Any]
RECOMMENDED = gettext_noop("recommended")
NUMBERS = ("integer", "number")


@dataclass(frozen=True)
class Setting:
    """One setting of a schema in a form's terms.

    Attributes:
        kind: ``integer``, ``number``, ``boolean``, ``string``, ``choice`` or ``several``.
        default: None where the method or the task decides.
        words: what may stand beside numbers, e.g. ``auto``.
        least, most: bounds; ``above_least`` and ``below_most`` exclude the bound itself.
        asks: value -> ability that the method must have for it.
        labels: value -> words of a choice among several.
        families: of tasks that have this setting; all if empty.
    """

    name: str
    title: str
    help: str
    kind: str
    default: Any = None
    required: bool = False
    optional: bool = False
    choices: tuple[Any, ...] = ()
    words: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    above_least: bool = False
    below_most: bool = False
    asks: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    families: tuple[str, ...] = ()

    @property
    def range_words(self) -> str:
        """ "0 to 0.5", "above 0 to 1 or auto", or nothing for settings without bounds."""
        low = "" if self.least is None else _number_words(self.least)
        high = "" if self.most is None else _number_words(self.most)
        low = _("above {low}", low=low) if low and self.above_least else low
        high = _("below {high}", high=high) if high and self.below_most else high
        if not low and not high:
            return ""
        both = (
            _("{low} to {high}", low=low, high=high)
            if low and high
            else _("at least {low}", low=low)
            if low
            else _("at most {high}", high=high)
        )
        return _(" or ").join([both, *self.words])

    @property
    @deferrable
    def help_words(self) -> str:
        """The sentence of help with default and bounds."""
        usual = "" if self.kind == "several" else _("Default {shown}", shown=self.shown(self.default))
        allowed = _("allowed {range}", range=self.range_words) if self.range_words else ""
        facts = ", ".join(filter(None, (usual, allowed)))
        words = " ".join(filter(None, (_(self.help), facts)))
        return words if words.endswith(".") else f"{words}."

    def shown(self, value: Any) -> str:
        """A value in words."""
        if value is None:
            return _(RECOMMENDED)
        if isinstance(value, bool):
            return _("on") if value else _("off")
        return _number_words(value) if isinstance(value, int | float) else str(value) or _("empty")

    def read(self, given: Any) -> tuple[Any, str]:
        """(value, complaint) of what a field holds; an empty field means the default."""
        if self.kind == "boolean":
            return bool(given), ""
        if self.kind == "several":
            return list(given or []), ""
        if given is None or given == "":
            # An empty text is the default of a text.
            return self.default, _("This is needed.") if self.required else ""
        if self.kind not in NUMBERS:
            return given if self.kind == "choice" else str(given).strip(), ""
        return self._read_number(given)

    def _read_number(self, given: Any) -> tuple[Any, str]:
        text = str(given).strip()
        if text in self.words:
            return text, ""
        try:
            number = float(text)
        except ValueError:
            return self.default, _("This is not a number.")
        if number != number or abs(number) == float("inf"):
            return self.default, _("This is not a number.")
        if self.kind == "integer" and number != int(number):
            return self.default, _("This must be a whole number.")
        low = self.least is not None and (number <= self.least if self.above_least else number < self.least)
        high = self.most is not None and (number >= self.most if self.below_most else number > self.most)
        if low or high:
            return self.default, _("Allowed: {range_words}.", range_words=self.range_words)
        return int(number) if number == int(number) else number, ""

    def held(self, values: Mapping[str, Any]) -> Any:
        """What its field holds for one of these values, or the default where the field cannot hold it."""
        value = values.get(self.name, self.default)
        if self.kind == "several":
            return [item for item in value if item in self.choices] if isinstance(value, list) else list(self.default)
        if self.kind == "choice" and value not in self.choices:
            return self.default
        if _is_text(self):
            return _as_text(value)
        if self.kind in NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            return self.default
        return value

    def refusal(self, value: Any, refusals: Mapping[str, str]) -> str:
        """What a method answers to a value that asks for something it cannot do; ``refusals`` is ability -> sentences."""
        asked = (self.asks.get(str(item).lower()) for item in (value if isinstance(value, list) else [value]))
        return next((refusals[ability] for ability in asked if ability is not None and ability in refusals), "")


@dataclass(frozen=True)
class FormReading:
    """What the fields of a form say: the values that differ from the defaults, and complaints by title of the setting."""

    values: dict[str, Any]
    complaints: dict[str, str]


def settings_of(schema: Schema) -> list[Setting]:
    """The settings of a JSON schema that a person can choose, in its order."""
    required = schema.get("required", ())
    properties: Mapping[str, Schema] = schema.get("properties", {})
    return [_setting(name, about, name in required) for name, about in properties.items() if "const" not in about]


def _setting(name: str, schema: Schema, required: bool) -> Setting:
    options = schema.get("anyOf") or [schema]
    main = next((option for option in options if option.get("type") != "null"), schema)
    several = main.get("type") == "array"
    choices = main.get("enum") or (main.get("items") or {}).get("enum") or ()
    return Setting(
        name=name,
        title=schema.get("title", name),
        help=schema.get("description", ""),
        kind="several" if several else "choice" if choices else main.get("type", "string"),
        default=schema.get("default", [] if several else None),
        required=required,
        optional=any(option.get("type") == "null" for option in options),
        choices=tuple(choices),
        words=tuple(option["const"] for option in options if option is not main and "const" in option),
        least=main.get("minimum", main.get("exclusiveMinimum")),
        most=main.get("maximum", main.get("exclusiveMaximum")),
        above_least="exclusiveMinimum" in main,
        below_most="exclusiveMaximum" in main,
        asks=schema.get("asks", {}),
        labels=schema.get("words", {}),
        families=tuple(schema.get("families", ())),
    )


def make_field(setting: Setting, elem_id: str, visible: bool = True) -> gr.components.Component:
    """The native field of a setting.

    Bounds are not given to it: Gradio tells in a passing message what is out of bounds; :class:`SettingsForm` tells it at
    the field.
    """
    common: dict[str, Any] = {
        "label": _(setting.title),
        "info": setting.help_words,
        "elem_id": elem_id,
        "elem_classes": "setting",
        "visible": visible,
    }
    if setting.kind == "boolean":
        return gr.Checkbox(bool(setting.default), **common)
    if setting.kind == "several":
        choices = [(_(setting.labels.get(choice, str(choice))), choice) for choice in setting.choices]
        return gr.CheckboxGroup(choices, value=list(setting.default), **common)
    if setting.kind == "choice":
        return gr.Dropdown(list(setting.choices), value=setting.default, filterable=False, **common)
    placeholder = _(RECOMMENDED) if setting.default is None else setting.shown(setting.default)
    if setting.kind in NUMBERS and not setting.words:
        step = 1 if setting.kind == "integer" else 0.01
        return gr.Number(setting.default, step=step, placeholder=placeholder, **common)
    return gr.Textbox(_as_text(setting.default), placeholder=placeholder, max_lines=1, **common)


@dataclass(frozen=True)
class _Field:
    """A field and what it stands for, by the choice that shows it."""

    elem_id: str
    component: gr.components.Component
    settings: Mapping[str, Setting]


class SettingsForm:
    """The fields of several schemas, of which one is shown: those of the methods, or training settings by task.

    Settings that are declared alike share one field. ``overrides`` of the methods below is name -> attributes of
    :class:`Setting` that hold just now, e.g. ``{"max_length": {"most": 512}}``.
    """

    def __init__(self, prefix: str, schemas: Mapping[str, Schema], shown: str = "") -> None:
        self.prefix = prefix
        settings = {choice: settings_of(schema) for choice, schema in schemas.items()}
        self.by_choice = {choice: {item.name: item for item in found} for choice, found in settings.items()}
        self.fields = [
            _Field(
                f"{prefix}-{name}",
                make_field(next(iter(users.values())), f"{prefix}-{name}", shown in users),
                users,
            )
            for name, users in _shared(self.by_choice)
        ]

    @property
    def components(self) -> list[gr.components.Component]:
        """The fields, in the order of all values that are read and updates that are made."""
        return [drawn_field.component for drawn_field in self.fields]

    def settings(self, choice: str, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Setting]:
        """Name -> setting of a choice, as it holds just now."""
        found = self.by_choice.get(choice, {})
        return {name: replace(item, **dict((overrides or {}).get(name, {}))) for name, item in found.items()}

    def show(
        self,
        choice: str,
        values: Mapping[str, Any],
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        before: str = "",
    ) -> dict[gr.components.Component, dict[str, Any]]:
        """Updates that show the fields of a choice with these values, and defaults where there is none.

        ``before`` is the choice whose fields are shown now; what stays hidden or shown is left as it is then. Gradio takes a
        walk through the whole page for every field that it shows or hides.
        """
        settings = self.settings(choice, overrides)
        updates: dict[gr.components.Component, dict[str, Any]] = {}
        for drawn_field in self.fields:
            shown = before in drawn_field.settings
            if choice not in drawn_field.settings:
                if shown or not before:
                    updates[drawn_field.component] = gr.update(visible=False)
                continue
            setting = settings[drawn_field.settings[choice].name]
            shown_as: dict[str, Any] = {} if shown else {"visible": True}
            if not shown or setting.name in (overrides or {}):
                shown_as["info"] = setting.help_words
            updates[drawn_field.component] = gr.update(value=setting.held(values), **shown_as)
        return updates

    def held(
        self, choice: str, values: Mapping[str, Any], overrides: Mapping[str, Mapping[str, Any]] | None = None
    ) -> list[Any]:
        """What all fields hold after :meth:`show`."""
        settings = self.settings(choice, overrides)
        return [
            settings[drawn_field.settings[choice].name].held(values) if choice in drawn_field.settings else None
            for drawn_field in self.fields
        ]

    def read(
        self, choice: str, given: Sequence[Any], overrides: Mapping[str, Mapping[str, Any]] | None = None
    ) -> FormReading:
        """What the shown fields say; ``given`` are the values of all fields in the order of :attr:`components`."""
        values: dict[str, Any] = {}
        complaints: dict[str, str] = {}
        for _field, setting, held in self._shown(choice, given, overrides):
            value, complaint = setting.read(held)
            if complaint:
                complaints[_(setting.title)] = complaint
            elif value != setting.default:
                values[setting.name] = value
        return FormReading(values, complaints)

    def refused(
        self,
        choice: str,
        values: Mapping[str, Any],
        refusals: Mapping[str, str],
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[tuple[str, str]]:
        """(title, sentences) for each value that asks for something the method cannot do."""
        settings = self.settings(choice, overrides).values()
        shown_as = (
            (_(setting.title), setting.refusal(values.get(setting.name, setting.default), refusals))
            for setting in settings
        )
        return [(title, words) for title, words in shown_as if words]

    def marks(
        self,
        choice: str,
        given: Sequence[Any],
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        refusals: Mapping[str, str] | None = None,
    ) -> dict[str, dict[str, Any]]:
        """Field's id -> ``{"title", "changed", "wrong"}`` for :class:`~studio_ui.components.setting_marks.SettingMarks`."""
        marks: dict[str, dict[str, Any]] = {}
        for shown, setting, held in self._shown(choice, given, overrides):
            value, complaint = setting.read(held)
            wrong = complaint or setting.refusal(value, refusals or {})
            marks[shown.elem_id] = {"title": _(setting.title), "changed": value != setting.default, "wrong": wrong}
        return marks

    def reset(
        self, elem_id: str, choice: str, overrides: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[gr.components.Component, dict[str, Any]]:
        """The update that brings the default of one field back."""
        settings = self.settings(choice, overrides)
        for drawn_field in self.fields:
            if drawn_field.elem_id == elem_id and choice in drawn_field.settings:
                setting = settings[drawn_field.settings[choice].name]
                return {drawn_field.component: gr.update(value=setting.held({}))}
        return {}

    def _shown(
        self, choice: str, given: Sequence[Any], overrides: Mapping[str, Mapping[str, Any]] | None
    ) -> Iterable[tuple[_Field, Setting, Any]]:
        settings = self.settings(choice, overrides)
        for item, held in zip(self.fields, given, strict=True):
            if choice in item.settings:
                yield item, settings[item.settings[choice].name], held


def on_change(components: Sequence[gr.components.Component]) -> Callable[..., Any]:
    """One event for all of these fields: something was typed, ticked or chosen by a person."""

    # Gradio's text field does not report the first edit after Python has set it; leaving the field does.
    left = [component.blur for component in components if isinstance(component, gr.Textbox)]

    def event(*args: Any, **options: Any) -> Any:
        typed = [component.input for component in components]  # type: ignore[attr-defined]
        return gr.on([*typed, *left], *args, **options)

    return event


def _shared(by_choice: Mapping[str, Mapping[str, Setting]]) -> list[tuple[str, dict[str, Setting]]]:
    """(name, choice -> setting) of every field; what is declared alike is one field. Ordered as most schemas have them."""
    users: dict[str, tuple[str, dict[str, Setting]]] = {}
    places: dict[str, list[int]] = {}
    for choice, settings in by_choice.items():
        for place, setting in enumerate(settings.values()):
            key = json.dumps(asdict(setting), sort_keys=True)
            users.setdefault(key, (setting.name, {}))[1][choice] = setting
            places.setdefault(key, []).append(place)
    return [users[key] for key in sorted(users, key=lambda key: sum(places[key]) / len(places[key]))]


def _is_text(setting: Setting) -> bool:
    return setting.kind == "string" or (setting.kind in NUMBERS and bool(setting.words))


def _as_text(value: Any) -> str:
    return "" if value is None else _plain(value) if isinstance(value, int | float) else str(value)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _number_words(value: float) -> str:
    return count(value) if value == int(value) and abs(value) >= 10_000 else _plain(value)
