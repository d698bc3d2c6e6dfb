"""Sample datasets that come with the studio, as cards."""

from app.languages import gettext as _
from app.samples import SAMPLES, Sample
from studio_ui.components.nodes import Node, action, el
from studio_ui.formats import counted


def sample_cards() -> Node:
    """A card for each sample; its button triggers the view's action ``sample`` with the sample's name."""
    return el("div", [_card(sample) for sample in SAMPLES], cls="sample-grid")


def _card(sample: Sample) -> Node:
    return el(
        "article",
        el("h3", _(sample.title)),
        el("p", _(sample.summary), cls="muted"),
        el("p", f"{counted(sample.rows, 'row')} · {counted(sample.labels, 'label')}", cls="muted small"),
        action(_("Use this sample"), "sample", sample.name, data_sample=sample.name),
        cls="card sample",
    )
