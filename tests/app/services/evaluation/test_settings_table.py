"""The settings table: which settings differ between runs, and which were changed from the default."""

from app.catalog.training import TrainingSettings
from app.services.evaluation.settings_table import settings_table
from tests.app.services.evaluation.views import view_of


def test_table_marks_what_differs_and_what_was_changed() -> None:
    rows = settings_table([view_of("a"), view_of("b", training={"epochs": 5}, method={"kind": "full"})])
    settings = {row.key: row for row in rows}
    assert settings["training.epochs"].differs and settings["training.epochs"].changed == {"a": False, "b": True}
    assert settings["training.epochs"].title == TrainingSettings.model_fields["epochs"].title
    assert settings["method.kind"].differs
    assert not settings["training.batch_size"].differs
    assert [row.group for row in rows] == sorted(
        (row.group for row in rows), key=["Data", "Model", "Method", "Training"].index
    )


def test_setting_of_another_method_is_missing_and_differs() -> None:
    rows = {
        row.key: row
        for row in settings_table(
            [view_of("a", method={"kind": "lora", "rank": 8}), view_of("b", method={"kind": "full"})]
        )
    }
    assert rows["method.rank"].values == {"a": 8} and rows["method.rank"].differs
