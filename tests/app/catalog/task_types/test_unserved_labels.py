"""Labels in forms without a task: edges."""

from app.catalog.task_types.unserved_labels import pair, score
from tests.app.catalog.task_types.tables import OTHERS, TEXTS, table


def test_rating_is_offered_as_categories() -> None:
    [offer] = score(table(text=TEXTS, stars=["1", "2", "3", "4"] * 10)) or []
    assert offer.columns == {"text": "text", "label": "stars"} and offer.why.startswith("4 steps as 4 categories")
    assert score(table(text=TEXTS, quality=["good", "bad"] * 20)) is None


def test_pair_is_recognised_by_its_names() -> None:
    assert pair(table(Text1=TEXTS, text2=OTHERS)) == [] and pair(table(text1=TEXTS, text=OTHERS)) is None
