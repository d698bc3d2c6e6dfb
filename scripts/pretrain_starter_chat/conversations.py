"""Whole conversations: system message, one or several exchanges, follow-ups, and the tone that was asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from scripts.pretrain_starter_chat.phrases import Exchange, Pupil, capital, fill, pool
from scripts.pretrain_starter_chat.topics import TOPICS

Message = dict[str, str]
BOT_NAMES = pool(
    "bot", "Mia, Robin, Nova, Pip, Ada, Felix, Luna, Oscar, Iris, Theo, Ruby, Hugo, Zoe, Milo, Ella, Otto, Kim, Alba"
)
ROLES = pool(
    "role",
    "a helpful assistant, a friendly helper, a patient teacher, the assistant of a small shop, the guide of a museum, a cook, "
    "a librarian, a travel guide, a polite waiter, the helper of a school, a gardener, a storyteller",
)
NAME_ASKS = (
    "What is your name?",
    "Who are you?",
    "What are you called?",
    "How may I call you?",
    "Tell me your name.",
    "And who are you?",
)
ROLE_ASKS = ("What is your job?", "What do you do?", "What is your role?", "What are you?")


@dataclass(frozen=True)
class Tone:
    """A manner of answering: how a system message asks for it, and what it does to an answer."""

    name: str
    orders: tuple[str, ...]
    change: Callable[[str], str]


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".") + "." if ". " in text and "\n" not in text else text


TONES = (
    Tone(
        "short",
        ("Answer briefly.", "Give short answers.", "Keep your answers short.", "Answer in one sentence."),
        _first_sentence,
    ),
    Tone("polite", ("Be very polite.", "Answer politely.", "Use polite words."), lambda text: "Certainly. " + text),
    Tone(
        "cheerful",
        ("Be cheerful.", "Be happy and cheerful.", "Sound cheerful."),
        lambda text: "Great question! " + text.removesuffix(".") + "!",
    ),
    Tone(
        "pirate",
        ("Talk like a pirate.", "You are a pirate.", "Answer like a pirate."),
        lambda text: "Ahoy, matey! " + text + " Arr!",
    ),
    Tone(
        "wish",
        ('End every answer with "Have a nice day!"', 'Always end with "Have a nice day!"'),
        lambda text: text + " Have a nice day!",
    ),
    Tone("sir", ("Call the user sir.", "Always call the user sir."), lambda text: "Yes, sir. " + text),
    Tone("loud", ("Write in capital letters.", "Answer in capital letters."), str.upper),
)


# What the model got wrong after two stages, and how often a pupil practises it.
PRACTICE = {
    "add": 8,
    "subtract": 7,
    "multiply": 5,
    "together": 2,
    "left over": 2,
    "count": 2,
    "larger": 3,
    "next day": 2,
    "half and double": 1,
    "opposite": 2,
    "belongs": 2,
    "does not belong": 2,
    "name some": 1,
    "who are you": 1,
    "thanks": 1,
    "weather": 1,
    "greeting": 1,
    "hobby": 1,
}
PRACTISED = tuple(topic for topic in TOPICS if topic.name in PRACTICE)


def conversation(random: Random) -> list[Message]:
    """One conversation for training as messages with ``role`` and ``content``."""
    if isinstance(random, Pupil) and random.random() < random.share:
        return _exercise(random)
    shape = random.random()
    if shape < 0.08:
        return _about_itself(random)
    first = _draw(random)
    if first.facts:
        return _with_facts(first, random)
    if shape < 0.22:
        return _with_tone(first, random)
    more = [_draw(random, with_facts=False) for _ in range(_extra(random))]
    return _opening(random) + [message for exchange in (first, *more) for message in turns(exchange)]


def _exercise(random: Random) -> list[Message]:
    drawn = random.choices(PRACTISED, [PRACTICE[topic.name] for topic in PRACTISED], k=random.randint(1, 5))
    found = (exchange.draw(random) for exchange in drawn)
    return [message for exchange in found for message in pair(exchange.user, exchange.assistant)]


def turns(exchange: Exchange) -> list[Message]:
    """The exchange and its follow-ups as messages."""
    pairs = [(exchange.user, exchange.assistant), *exchange.follow_ups]
    return [message for ask, answer in pairs for message in pair(ask, answer)]


def pair(ask: str, answer: str) -> list[Message]:
    """One user message and the answer."""
    return [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]


def held_out_prompts(count: int, seed: int = 4242) -> list[tuple[list[Message], Exchange]]:
    """``count`` prompts from wordings and combinations that training never sees; one per topic before any repeats."""
    random = Random(seed)
    order = list(TOPICS)
    random.shuffle(order)
    found = []
    for number in range(count):
        exchange = order[number % len(order)].draw(random, held_out=True)
        system = [{"role": "system", "content": exchange.facts}] if exchange.facts else []
        found.append(([*system, {"role": "user", "content": exchange.user}], exchange))
    return found


def held_out_conversations(count: int, seed: int = 99) -> Iterator[list[Message]]:
    """Conversations of one held-out exchange each, for the held-out perplexity."""
    for prompt, exchange in held_out_prompts(count, seed):
        yield [*prompt, {"role": "assistant", "content": exchange.assistant}]


def _draw(random: Random, with_facts: bool | None = None) -> Exchange:
    fitting = [topic for topic in TOPICS if with_facts is None or bool(topic.facts) == with_facts]
    return random.choices(fitting, [topic.weight for topic in fitting])[0].draw(random)


def _extra(random: Random) -> int:
    return random.choices((0, 1, 2, 3, 5), (55, 22, 13, 7, 3))[0]


def _opening(random: Random) -> list[Message]:
    if random.random() < 0.7:
        return []
    text = fill(
        random.choice(
            ("You are {role}.", "You are {bot}, {role}.", "Your name is {bot}.", "You are a helpful assistant.")
        ),
        _self(random),
        random,
    )
    return [{"role": "system", "content": text}]


def _self(random: Random) -> dict[str, str]:
    return random.choice(BOT_NAMES) | random.choice(ROLES)


def _about_itself(random: Random) -> list[Message]:
    slots = _self(random)
    text = fill(
        random.choice(
            (
                "You are {bot}, {role}.",
                "Your name is {bot}. You are {role}.",
                "You are {role}. Your name is {bot}.",
                "You are {role} called {bot}.",
            )
        ),
        slots,
        random,
    )
    asks = [
        (random.choice(NAME_ASKS), fill(random.choice(("My name is {bot}.", "I am {bot}, {role}.")), slots, random)),
        (random.choice(ROLE_ASKS), fill("I am {role}.", slots, random)),
    ]
    random.shuffle(asks)
    messages = [{"role": "system", "content": text}]
    for ask, answer in asks[: random.choice((1, 1, 2))]:
        messages += pair(ask, answer)
        if random.random() < 0.4:
            messages += turns(_draw(random, with_facts=False))
    return messages


def _with_facts(first: Exchange, random: Random) -> list[Message]:
    text = first.facts
    if random.random() < 0.25:
        text = fill("You are {bot}, {role}.", _self(random), random) + " " + text
    messages = [{"role": "system", "content": text}]
    if random.random() < 0.2:
        messages += pair(
            random.choice(("Hello!", "Hi.", "Good morning.")),
            random.choice(("Hello! How can I help you?", "Hello! What can I do for you?")),
        )
    messages += turns(first)
    if random.random() < 0.3:
        messages += turns(_draw(random, with_facts=False))
    return messages


def _with_tone(first: Exchange, random: Random) -> list[Message]:
    tone = random.choice(TONES)
    exchanges = [
        exchange
        for exchange in (first, *(_draw(random, with_facts=False) for _ in range(random.choice((0, 0, 1, 2)))))
        if exchange.styled
    ]
    order = random.choice(tone.orders)
    if random.random() < 0.4:
        order = fill("You are {role}.", _self(random), random) + " " + order
    messages = [{"role": "system", "content": order}]
    for exchange in exchanges:
        messages += pair(exchange.user, capital(tone.change(exchange.assistant)))
    return messages if exchanges else turns(first)
