"""Texts of what is built once for all people, in the language of each answer."""

import json

import gradio as gr

from app.languages import gettext, in_language
from studio_ui.static_texts import IN_HTML, fill, filled, marking


def test_texts_of_a_build_are_filled_wherever_they_stand():
    with marking():
        box = gr.Textbox(label=gettext("Say “{word}” & go", word='a "b"'))
    label = box.get_config()["label"]
    nested = json.dumps({"code": f"show({json.dumps(label)})"})
    assert json.loads(json.loads(fill(nested, {}))["code"][5:-1]) == 'Say “a "b"” & go'
    assert fill(json.dumps([label]), IN_HTML) == '["Say “a \\"b\\"” \\u0026 go"]'
    assert filled({"label": label, "rows": [(label, 3)]}) == {
        "label": 'Say “a "b"” & go',
        "rows": [('Say “a "b"” & go', 3)],
    }


def test_text_may_hold_others_and_follows_the_language():
    with marking():
        outer = gettext("Default {value}", value=gettext("recommended"))
    assert filled(outer) == "Default recommended"
    with in_language("de"):
        assert filled(outer) == gettext("Default {value}", value=gettext("recommended"))


def test_person_who_writes_a_mark_gets_it_back():
    assert filled("__i18n__ and __i18n__{}") == "__i18n__ and __i18n__{}"
