"""Labels in forms without a task: edges."""

from app.catalog.task_types.unserved_labels import pair
from tests.app.catalog.task_types.tables import OTHERS, TEXTS, table


def test_pair_is_recognised_by_its_names() -> None:
    assert pair(table(Text1=TEXTS, text2=OTHERS)) == [] and pair(table(text1=TEXTS, text=OTHERS)) is None
