"""The form of routed adapters, which nobody chooses for training."""

from app.catalog.base_models import STARTER_ENCODER
from app.catalog.methods import DERIVED, METHODS, method_class
from app.catalog.methods.routed import Routed


def test_it_is_found_by_kind_but_not_in_the_menu() -> None:
    assert method_class("routed") is Routed and Routed in DERIVED and Routed not in METHODS


def test_it_learns_nothing_and_serves_no_task() -> None:
    assert (Routed().trainable_parameters(STARTER_ENCODER), Routed().recommended_learning_rate(STARTER_ENCODER)) == (
        0,
        0,
    )
    assert Routed.task_types == ()


def test_tuner_of_its_download_is_arrow() -> None:
    assert Routed.teach_peft().__name__ == "app.catalog.tuners.arrow"
