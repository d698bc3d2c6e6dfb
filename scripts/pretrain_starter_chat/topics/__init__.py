"""Everything that the model learns to talk about: one module per field, joined here."""

from scripts.pretrain_starter_chat.phrases import Topic
from scripts.pretrain_starter_chat.topics import numbers, service, talk, tasks, things, words, writing

TOPICS: tuple[Topic, ...] = (
    *things.TOPICS,
    *service.TOPICS,
    *numbers.TOPICS,
    *words.TOPICS,
    *talk.TOPICS,
    *tasks.TOPICS,
    *writing.TOPICS,
)


def topic(name: str) -> Topic:
    """The topic called ``name``."""
    return next(topic for topic in TOPICS if topic.name == name)
