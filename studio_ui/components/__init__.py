"""Components that Gradio does not have: subclasses of `gr.HTML`, each with its ES module beside it.

They work in any Blocks; the pages of this studio and `/parts`, where each shows alone, use them in the same way.
"""

from typing import Any

import gradio.component_meta


def _write_no_stub(component_class: type, class_name: str, events: Any) -> None:
    """Gradio writes a `.pyi` file beside the source of every component, which would hide the types that are written there."""


gradio.component_meta.create_or_modify_pyi = _write_no_stub
