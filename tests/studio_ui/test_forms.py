"""Forms made from declarations: bounds, words, choices, and that a new setting needs no other change."""

from typing import Literal

import gradio as gr
import pytest
from pydantic import BaseModel, Field

from app.catalog.methods import METHODS
from app.catalog.methods.cards import method_card
from app.catalog.methods.lora import Lora
from app.catalog.training import TrainingSettings
from studio_ui.forms import SettingsForm, settings_of

TRAINING = {item.name: item for item in settings_of(TrainingSettings.model_json_schema())}


def form(**schemas):
    with gr.Blocks():
        return SettingsForm("x", schemas)


@pytest.mark.parametrize(
    ("name", "given", "value", "words"),
    [
        ("epochs", 0, 3, "Allowed: above 0 to 100."),
        ("epochs", 7.0, 7, ""),
        ("epochs", None, 3, ""),
        ("batch_size", 1.5, 32, "This must be a whole number."),
        ("learning_rate", "auto", "auto", ""),
        ("learning_rate", "", None, ""),
        ("learning_rate", "2", None, "Allowed: above 0 to 1 or auto."),
        ("learning_rate", "nan", None, "This is not a number."),
        ("learning_rate", "0.001", 0.001, ""),
        ("time_limit_minutes", None, None, ""),
        ("warmup_ratio", "", None, ""),
        ("warmup_ratio", "0.1", 0.1, ""),
        ("warmup_ratio", "0.6", None, "Allowed: 0 to 0.5."),
        ("precision", "bf16", "bf16", ""),
        ("gradient_checkpointing", True, True, ""),
        ("needs", ["merge"], ["merge"], ""),
    ],
)
def test_value_of_a_field_is_read_or_refused_in_words(name, given, value, words):
    assert TRAINING[name].read(given) == (value, words)


def test_help_says_default_and_bounds():
    assert TRAINING["weight_decay"].help_words.endswith("Default 0.01, allowed 0 to 1.")
    assert "Default recommended" in TRAINING["learning_rate"].help_words


def test_ability_that_is_asked_for_is_refused_with_the_sentences_of_the_method():
    refusals = {"merge": "It cannot merge."}
    assert TRAINING["needs"].refusal(["reopen", "merge"], refusals) == "It cannot merge."
    assert TRAINING["gradient_checkpointing"].refusal(True, refusals) == ""


def test_settings_that_are_declared_alike_share_a_field():
    made = form(**{str(method.model_fields["kind"].default): method_card(method)["schema"] for method in METHODS})
    assert 37 < len(made.fields) < 60
    rank = [
        drawn_field for drawn_field in made.fields if "lora" in drawn_field.settings and drawn_field.elem_id == "x-rank"
    ]
    assert len(rank) == 1 and "dora" in rank[0].settings
    assert [item["visible"] for item in made.show("lora", {}).values()].count(True) == len(made.settings("lora"))


def test_fields_that_stay_as_they_are_are_not_shown_or_hidden_again():
    made = form(**{str(method.model_fields["kind"].default): method_card(method)["schema"] for method in METHODS})
    fields = {drawn_field.component: drawn_field for drawn_field in made.fields}
    updates = made.show("dora", {"rank": 4}, before="lora")
    users = [fields[component].settings for component in updates]
    assert all("dora" in user or "lora" in user for user in users) and len(updates) < len(made.fields)
    rank = next(update for component, update in updates.items() if fields[component].elem_id == "x-rank")
    assert rank == {"value": 4, "__type__": "update"}
    assert [update for update, item in zip(updates.values(), users, strict=True) if "dora" not in item] == [
        {"visible": False, "__type__": "update"} for user in users if "dora" not in user
    ]


def test_form_reads_back_what_differs_from_the_defaults():
    made = form(lora=method_card(Lora)["schema"])
    held = made.held("lora", {"rank": 4, "dropout": "much"})
    assert made.read("lora", held).values == {"rank": 4}
    marks = made.marks("lora", held)
    assert marks["x-rank"]["changed"] and not marks["x-alpha"]["changed"]
    assert (
        made.reset("x-rank", "lora")[made.components[[f.elem_id for f in made.fields].index("x-rank")]]["value"] == 16
    )


def test_default_and_bound_of_the_moment_hold_for_help_and_reading():
    made = form(a=TrainingSettings.model_json_schema())
    held = made.held("a", {"max_length": 600})
    now = {"max_length": {"default": 64, "most": 512}}
    assert made.read("a", held, now).complaints == {"Maximum length (tokens)": "Allowed: 8 to 512."}
    assert "Default 64, allowed 8 to 512." in made.settings("a", now)["max_length"].help_words


def test_new_setting_of_a_method_appears_in_the_form_and_in_the_api():
    class Warmer(Lora):
        warmth: float = Field(0.5, ge=0, le=1, title="Warmth", description="How warm it is.")
        mood: Literal["calm", "bold"] = Field("calm", title="Mood", description="How it feels.")

    schema = method_card(Warmer)["schema"]
    made = form(warmer=schema)
    labels = {drawn_field.component.label: drawn_field.component for drawn_field in made.fields}
    assert (
        isinstance(labels["Warmth"], gr.Number)
        and labels["Warmth"].info == "How warm it is. Default 0.5, allowed 0 to 1."
    )
    assert isinstance(labels["Mood"], gr.Dropdown) and list(schema["properties"])[:2] == ["warmth", "mood"]


def test_words_and_flags_become_native_fields():
    class Declared(BaseModel):
        on: bool = Field(False, title="On")
        several: list[Literal["a", "b"]] = Field(default_factory=list, title="Several")
        needed: str = Field(title="Needed")

    made = form(d=Declared.model_json_schema())
    kinds = {drawn_field.component.label: type(drawn_field.component) for drawn_field in made.fields}
    assert kinds == {"On": gr.Checkbox, "Several": gr.CheckboxGroup, "Needed": gr.Textbox}
    assert made.read("d", made.held("d", {})).complaints == {"Needed": "This is needed."}
