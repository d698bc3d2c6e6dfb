"""One text is shown as it is, several each under its title."""

import json

from studio_ui.components.input_texts import input_texts


def test_one_text_is_plain_and_several_have_titles() -> None:
    assert input_texts([("", "a <b> text")]) == "a <b> text"
    shown = json.dumps(input_texts([("First text", "Is it late?"), ("Second text", "It is late.")]))
    assert (
        shown.index("First text") < shown.index("Is it late?") < shown.index("Second text") < shown.index("It is late.")
    )
