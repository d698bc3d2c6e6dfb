"""The table of the shelf."""

from app.catalog.shelf import SHELF
from app.services.models.model_hub import REPO


def test_models_of_the_shelf_are_ids_of_the_hub_and_named_once() -> None:
    models = [model for group in SHELF.values() for model in group]
    names = [model.repo for model in models]
    assert len(names) == len(set(names)) >= 40
    assert all(REPO.fullmatch(name) for name in names) and all(model.millions > 0 and model.licence for model in models)
    assert all(
        [model.millions for model in group] == sorted(model.millions for model in group) for group in SHELF.values()
    )
