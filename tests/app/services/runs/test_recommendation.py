"""The recommendation of a method: from the facts of one's own data, for one's wishes."""

from pathlib import Path

import pytest

from app.errors import NotFound, Rejected
from app.services.datasets import datasets
from app.services.runs.recommendation import recommend_method
from tests.factories import make_user


@pytest.fixture
def dataset_id(owner: str, tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    rows = [f"letter number {number} arrived,{'no' if number % 2 else 'yes'}" for number in range(60)]
    path.write_text("text,label\n" + "\n".join(rows))
    return datasets.import_file(owner, (path, path.name)).id


def test_wish_changes_the_first_method(owner: str, dataset_id: str) -> None:
    usual = recommend_method(owner, dataset_id, "starter-encoder")
    quick = recommend_method(owner, dataset_id, "starter-encoder", wishes=["fast_answer"])
    assert usual["ranked"][0]["reasons"] and "48" in usual["about"], usual["about"]
    assert quick["ranked"][0]["kind"] == "head-only"


def test_unknown_wish_model_or_task_is_refused(owner: str, dataset_id: str) -> None:
    with pytest.raises(Rejected, match="luck"):
        recommend_method(owner, dataset_id, "starter-encoder", wishes=["luck"])
    with pytest.raises(Rejected):
        recommend_method(owner, dataset_id, "no-such-model")
    with pytest.raises(Rejected):
        recommend_method(owner, dataset_id, "starter-encoder", task_type="no-such-task")


def test_dataset_of_another_user_is_not_found(dataset_id: str) -> None:
    with pytest.raises(NotFound):
        recommend_method(make_user(), dataset_id, "starter-encoder")
