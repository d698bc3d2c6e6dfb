"""What an encoder-decoder reads and writes of an example."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from app.catalog.loss_mask import open_masker
from app.catalog.source_target_mask import SourceTargetMasker
from app.catalog.task_types.generative import Turn
from tests.tiny_generation import talk
from tests.tiny_rewriting import make_encoder_decoder

WORDS = ["<pad>", "</s>", "a", "b", "c", "d"]


@pytest.fixture
def masker() -> SourceTargetMasker:
    """As T5's tokenizer does, it ends every text with its end mark."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["<pad>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return SourceTargetMasker(tokenizer, 1)


def test_only_the_target_is_learned_with_its_end_mark(masker: SourceTargetMasker) -> None:
    masked = masker.mask(talk("a b", "c d"))
    assert masked.ids == [2, 3, 1, 4, 5, 1]
    assert masked.learned == [False] * 3 + [True] * 3
    assert masked.source_tokens == 3
    assert [masked.text[start:end] for start, end in masked.spans] == ["a", "b", "", "c", "d", ""]


def test_question_is_the_source_as_any_program_would_read_it(masker: SourceTargetMasker) -> None:
    assert masker.ask((Turn("user", "a b"),)) == [2, 3, 1]


def test_cut_texts_keep_their_end_mark(masker: SourceTargetMasker) -> None:
    assert masker.cut([2, 3, 4, 5, 1], 3) == [2, 3, 1]
    assert masker.cut([2, 1], 3) == [2, 1]


def test_end_mark_is_added_where_the_tokenizer_writes_none(tmp_path: Path) -> None:
    make_encoder_decoder(tmp_path)
    masker = open_masker(tmp_path)
    assert isinstance(masker, SourceTargetMasker)
    masked = masker.mask(talk("tea", "mocha"))
    assert masked.learned[-1] and masked.ids[-1] == masker.mask(talk("a", "b")).ids[-1]
    assert len(masked.ids) == masked.source_tokens + len("mocha") + 1
