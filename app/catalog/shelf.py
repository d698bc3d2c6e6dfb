"""The shelf: models of the Hugging Face Hub to start from, by purpose, size and licence. Adding one is one line.

Chosen are models whose files this studio takes as they are: safetensors, no program code of their own, a type that it tunes.
"""

from dataclasses import dataclass

from app.languages import gettext_noop

LABELS, LANGUAGES = gettext_noop("Label and tag English texts"), gettext_noop("Label and tag texts in many languages")
SENTENCES, SMALL = gettext_noop("Compare and sort sentences"), gettext_noop("Write and chat, small")
MEDIUM, LARGE = gettext_noop("Write and chat, medium"), gettext_noop("Write and chat, large")
CODE = gettext_noop("Write program code")
APACHE, MIT = "Apache-2.0", "MIT"


@dataclass(frozen=True)
class ShelfModel:
    """One model: id on the hub, millions of parameters, licence; ``gated`` ones ask for consent to their terms first."""

    repo: str
    millions: int
    licence: str = APACHE
    gated: bool = False


SHELF: dict[str, tuple[ShelfModel, ...]] = {
    LABELS: (
        ShelfModel("albert/albert-base-v2", 12),
        ShelfModel("distilbert/distilbert-base-uncased", 66),
        ShelfModel("google-bert/bert-base-uncased", 110),
        ShelfModel("FacebookAI/roberta-base", 125, MIT),
        ShelfModel("answerdotai/ModernBERT-base", 149),
        ShelfModel("FacebookAI/roberta-large", 355, MIT),
        ShelfModel("answerdotai/ModernBERT-large", 395),
    ),
    LANGUAGES: (
        ShelfModel("distilbert/distilbert-base-multilingual-cased", 135),
        ShelfModel("jhu-clsp/mmBERT-small", 140, MIT),
        ShelfModel("google-bert/bert-base-multilingual-cased", 178),
        ShelfModel("FacebookAI/xlm-roberta-base", 278, MIT),
        ShelfModel("jhu-clsp/mmBERT-base", 307, MIT),
        ShelfModel("FacebookAI/xlm-roberta-large", 560, MIT),
    ),
    SENTENCES: (
        ShelfModel("sentence-transformers/all-MiniLM-L12-v2", 33),
        ShelfModel("BAAI/bge-small-en-v1.5", 33, MIT),
        ShelfModel("sentence-transformers/all-mpnet-base-v2", 109),
        ShelfModel("BAAI/bge-base-en-v1.5", 109, MIT),
        ShelfModel("intfloat/multilingual-e5-small", 118, MIT),
        ShelfModel("intfloat/multilingual-e5-base", 278, MIT),
    ),
    SMALL: (
        ShelfModel("openai-community/gpt2", 124, MIT),
        ShelfModel("HuggingFaceTB/SmolLM2-135M-Instruct", 135),
        ShelfModel("google/gemma-3-270m-it", 268, "Gemma", gated=True),
        ShelfModel("HuggingFaceTB/SmolLM2-360M-Instruct", 362),
        ShelfModel("Qwen/Qwen2.5-0.5B-Instruct", 494),
        ShelfModel("Qwen/Qwen3-0.6B", 596),
    ),
    MEDIUM: (
        ShelfModel("google/gemma-3-1b-it", 1000, "Gemma", gated=True),
        ShelfModel("meta-llama/Llama-3.2-1B-Instruct", 1236, "Llama 3.2", gated=True),
        ShelfModel("allenai/OLMo-2-0425-1B-Instruct", 1485),
        ShelfModel("Qwen/Qwen2.5-1.5B-Instruct", 1544),
        ShelfModel("HuggingFaceTB/SmolLM2-1.7B-Instruct", 1711),
        ShelfModel("Qwen/Qwen3-1.7B", 1721),
        ShelfModel("ibm-granite/granite-3.3-2b-instruct", 2534),
        ShelfModel("HuggingFaceTB/SmolLM3-3B", 3075),
        ShelfModel("meta-llama/Llama-3.2-3B-Instruct", 3213, "Llama 3.2", gated=True),
        ShelfModel("Qwen/Qwen3-4B-Instruct-2507", 4022),
    ),
    LARGE: (
        ShelfModel("mistralai/Mistral-7B-Instruct-v0.3", 7248),
        ShelfModel("allenai/OLMo-2-1124-7B-Instruct", 7299),
        ShelfModel("meta-llama/Llama-3.1-8B-Instruct", 8030, "Llama 3.1", gated=True),
        ShelfModel("Qwen/Qwen3-8B", 8191),
        ShelfModel("microsoft/phi-4", 14660, MIT),
        ShelfModel("Qwen/Qwen3-30B-A3B-Instruct-2507", 30532),
    ),
    CODE: (
        ShelfModel("Qwen/Qwen2.5-Coder-0.5B-Instruct", 494),
        ShelfModel("Qwen/Qwen2.5-Coder-1.5B-Instruct", 1544),
        ShelfModel("Qwen/Qwen2.5-Coder-7B-Instruct", 7616),
    ),
}
