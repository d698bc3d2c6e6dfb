"""Running text for continued text: little stories, descriptions and days; knows nothing of chat."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Row, capital, fill
from scripts.pretrain_starter_chat.topics import topic
from scripts.pretrain_starter_chat.topics.numbers import PEOPLE
from scripts.pretrain_starter_chat.topics.service import COLOURS, GOODS, PLACES, SHOPS
from scripts.pretrain_starter_chat.topics.talk import FOODS, FREE_TIME, HOBBIES
from scripts.pretrain_starter_chat.topics.things import ANIMALS, IDEAS, JOBS, THINGS

DAY = (
    "[On {day}|Yesterday|Last week|This morning] {who} [got up early|woke up late|opened the window]. [The sun was shining|It was raining|It was a cold day|The street was quiet]. "
    "[For breakfast there was|{who} made] {food}. [After that|Later] {who} went to the {shop} {spot} and bought {a} {thing}. "
    "[In the afternoon|Then] {other} came to visit, and the two talked about {hobby}. [In the evening {who} was tired but happy.|It was a good day.|At night it began to snow.]"
)
FACTS = (
    "{a} {animal} is {kind}. It lives {lives}. It eats {eats}. [People know that|As everybody knows,] {a} {animal} {does}.",
    "The {animal} lives {lives} and eats {eats}. It {does}.",
)
OBJECTS = (
    "{a} {thing} is {kind}. It {does}. You usually find it {where}.",
    "Every day people use {a} {thing}. It {does}. Most people keep it {where}.",
)
MEANINGS = ("{idea} is {meaning}.", "What is {idea}? In simple words, it is {meaning}.")
WORK = (
    "{who} is {a} {job}. {who} {does}. Most days {who} works {where}. {who} likes the work, because no two days are the same.",
)
SCENE = (
    "{who} had a {colour} {item}. It was a present from {other}. One day the {item} was gone. {who} looked everywhere and found it at last {spot}. {other} was glad to hear it.",
)


def text(random: Random) -> str:
    """One piece of running text of one to eight sentences."""
    kind = random.random()
    if kind < 0.4:
        return topic("story").draw(random).assistant
    if kind < 0.6:
        return _from((DAY,), random, PEOPLE, FOODS, SHOPS, PLACES, HOBBIES, THINGS, FREE_TIME)
    if kind < 0.7:
        return _from(SCENE, random, PEOPLE, COLOURS, GOODS, PLACES)
    if kind < 0.78:
        return _from(WORK, random, PEOPLE, JOBS)
    rows, templates = random.choice(((ANIMALS, FACTS), (THINGS, OBJECTS), (IDEAS, MEANINGS)))
    return _from(templates, random, rows)


def _from(templates: tuple[str, ...], random: Random, *pools: tuple[Row, ...]) -> str:
    slots: Row = {
        "day": random.choice(("Monday", "Friday", "Saturday", "Sunday")),
        "other": random.choice(PEOPLE)["who"],
    }
    for rows in pools:
        slots |= random.choice(rows)
    sentences = fill(random.choice(templates), slots, random).split(". ")
    return ". ".join(capital(sentence) for sentence in sentences)
