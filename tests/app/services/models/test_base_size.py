"""A base model that cannot write says so before the run."""

import pytest

from app.errors import Rejected
from app.services.models.base_size import too_small


def test_the_chat_model_that_comes_along_is_too_small_to_write() -> None:
    words = too_small("chat", "starter-chat")
    assert "6 million parameters" in words and "Models page" in words
    assert too_small("instruction", "starter-chat") == words


def test_classifiers_may_be_small() -> None:
    assert too_small("text-classification", "starter-encoder") == ""


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(Rejected):
        too_small("chat", "elsewhere")
