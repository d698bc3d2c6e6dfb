"""Opposites, groups of things, colours, sizes and short sentences about words."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Row, Topic, table
from scripts.pretrain_starter_chat.topics.numbers import ALONE
from scripts.pretrain_starter_chat.topics.things import ANIMALS, THINGS

PAIRS = """big small, hot cold, fast slow, old young, light dark, happy sad, high low, long short, wet dry, full empty, open closed, rich poor,
loud quiet, hard soft, clean dirty, strong weak, early late, easy difficult, good bad, right wrong, cheap expensive,
    near far, heavy light, new old,
thick thin, wide narrow, sweet sour, brave afraid, busy free, day night, up down, in out, left right, first last,
    yes no, start end, buy sell,
give take, come go, push pull, laugh cry, remember forget, love hate, win lose, question answer, friend enemy,
    north south, east west, summer winter,
morning evening, true false, inside outside, begin finish, asleep awake, polite rude, smooth rough, deep shallow,
    kind unkind, warm cool"""
OPPOSITES = tuple(
    {"word": a, "opposite": b}
    for pair in PAIRS.replace("\n", " ").split(",")
    for a, b in (pair.split(), pair.split()[::-1])
    if not (a in ("light", "old", "right") and b in ("heavy", "new", "left"))
)
GROUPS = {
    "fruits": "apples, pears, bananas, oranges, grapes, cherries, plums, lemons",
    "vegetables": "carrots, potatoes, onions, beans, peas, cabbage, tomatoes, spinach",
    "animals": "cats, dogs, horses, cows, lions, rabbits, bears, mice",
    "birds": "owls, eagles, ducks, parrots, penguins, chickens, sparrows",
    "colours": "red, blue, green, yellow, black, white, brown, orange",
    "drinks": "water, tea, coffee, milk, apple juice, lemonade, hot chocolate",
    "tools": "a hammer, a saw, a ladder, a knife, a broom, a brush",
    "vehicles": "a car, a bus, a train, a bicycle, a boat, a plane",
    "kinds of furniture": "a table, a chair, a bed, a sofa, a shelf, a desk",
    "musical instruments": "a guitar, a piano, a drum, a violin, a flute",
    "seasons": "spring, summer, autumn, winter",
    "clothes": "a coat, a hat, a scarf, gloves, shoes, a shirt, a dress",
    "jobs": "teacher, doctor, baker, farmer, pilot, cook, nurse, writer",
    "sports": "football, tennis, swimming, running, cycling, skiing, basketball",
    "hobbies": "reading, painting, cooking, gardening, singing, hiking, fishing",
    "school subjects": "maths, history, music, art, geography, English, sport",
    "parts of the body": "the head, the arm, the hand, the leg, the foot, the nose",
    "rooms of a house": "the kitchen, the bedroom, the bathroom, the living room, the hall",
    "breakfast foods": "bread, eggs, fruit, honey, cheese, yoghurt, pancakes",
    "things in a kitchen": "a kettle, a pan, a spoon, a plate, an oven, a fridge",
    "things in a garden": "flowers, trees, grass, a bench, a fence, a pond",
    "things for a trip": "a map, a bottle of water, a coat, a backpack, a camera",
}
COLOURS = table(
    "what colour is",
    """
grass | green | is
snow | white | is
the sky on a clear day | blue | is
a banana | yellow | is
a ripe tomato | red | is
coal | black | is
milk | white | is
a carrot | orange | is
chocolate | brown | is
an elephant | grey | is
a frog | green | is
the sun | yellow | is
blood | red | is
the sea | blue | is
a lemon | yellow | is
coffee | brown | is
a cloud before rain | grey | is
a strawberry | red | is
cucumbers | green | are
leaves in summer | green | are
clean teeth | white | are
""",
)
SIZES = ("an ant", "a mouse", "a cat", "a dog", "a sheep", "a horse", "an elephant", "a whale")
WEIGHTS = ("a feather", "a pencil", "a book", "a chair", "a sofa", "a car", "a train")


def _some(row: Row, random: Random) -> Row:
    group = random.choice(list(GROUPS))
    members = GROUPS[group].split(", ")
    count, word = random.choice(((2, "two"), (3, "three"), (4, "four")))
    chosen = members[:count] if random.random() < 0.4 else random.sample(members, count)
    return {
        "group": group,
        "word": word,
        "list": ", ".join(chosen[:-1]) + " and " + chosen[-1],
        "lines": "\n".join(f"{n}. {item}" for n, item in enumerate(chosen, 1)),
    }


def _sizes(row: Row, random: Random) -> Row:
    scale, more, less = random.choice(((SIZES, "bigger", "smaller"), (WEIGHTS, "heavier", "lighter")))
    one, other = random.sample(range(len(scale)), 2)
    big, small = scale[max(one, other)], scale[min(one, other)]
    word = random.choice((more, less))
    first, second = (big, small) if word == more else (small, big)
    return {"one": scale[one], "other": scale[other], "word": word, "first": first, "second": second}


def _member(row: Row, random: Random) -> Row:
    names = [
        name
        for name in GROUPS
        if name in ("fruits", "vegetables", "animals", "colours", "drinks", "seasons", "sports", "jobs")
    ]
    one, other = random.sample(names, 2)
    member, wrong = random.choice(GROUPS[one].split(", ")), random.choice(GROUPS[other].split(", "))
    return {"group": one, "member": member, "wrong": wrong, "wrong_group": other}


TOPICS = (
    Topic(
        "opposite",
        (OPPOSITES,),
        (
            "What is the opposite of {word}?",
            "Opposite of {word}?",
            "Tell me the opposite of {word}.",
            "Which word means the opposite of {word}?",
            "Give me the opposite of the word {word}.",
            "what is the opposite of {word}",
        ),
        ("Can you name the opposite of {word}?", "{word} is the opposite of which word?"),
        ("The opposite of {word} is {opposite}.", "It is {opposite}."),
        weight=2,
    ),
    Topic(
        "name some",
        (ALONE,),
        (
            "Name {word} {group}.",
            "Give me {word} {group}.",
            "Can you name {word} {group}?",
            "Please tell me {word} {group}.",
            "I need {word} {group}.",
            "Tell me the names of {word} {group}.",
            "Give {word} examples of {group}.",
        ),
        ("Which {word} {group} can you think of?", "Could you give me {word} {group}?"),
        ("{list}.", "Here are {word} {group}: {list}.", "{word} {group} are {list}."),
        derive=_some,
        key=("group", "word"),
        weight=2,
    ),
    Topic(
        "list some",
        (ALONE,),
        (
            "List {word} {group}.",
            "Make a list of {word} {group}.",
            "Write a list of {word} {group}.",
            "Give me a list with {word} {group}.",
        ),
        ("I would like a list of {word} {group}.", "Please write down {word} {group} as a list."),
        ("{lines}", "Here is a list:\n{lines}"),
        derive=_some,
        key=("group", "word"),
        weight=1.2,
    ),
    Topic(
        "colour",
        (COLOURS,),
        (
            "What colour {is} {what}?",
            "Which colour {is} {what}?",
            "Tell me the colour of {what}.",
            "what is the colour of {what}?",
        ),
        ("What is the usual colour of {what}?",),
        ("{what} {is} {colour}.",),
    ),
    Topic(
        "sizes",
        (ALONE,),
        (
            "Which is {word}, {one} or {other}?",
            "What is {word}: {one} or {other}?",
            "Tell me which is {word}, {one} or {other}.",
        ),
        ("Of {one} and {other}, which is {word}?",),
        ("{first} is {word} than {second}.",),
        derive=_sizes,
        key=("one", "other", "word"),
    ),
    Topic(
        "belongs",
        (ALONE,),
        ('Is "{member}" one of the {group}?', 'Does the word "{member}" belong to the {group}?'),
        ('Do you count "{member}" among the {group}?',),
        ('Yes, "{member}" belongs to the {group}.',),
        derive=_member,
        key=("group", "member"),
        weight=0.6,
    ),
    Topic(
        "does not belong",
        (ALONE,),
        ('Is "{wrong}" one of the {group}?', 'Does the word "{wrong}" belong to the {group}?'),
        ('Do you count "{wrong}" among the {group}?',),
        ('No, "{wrong}" belongs to the {wrong_group}.',),
        derive=_member,
        key=("group", "wrong"),
        weight=0.6,
    ),
    Topic(
        "sentence",
        (THINGS,),
        (
            "Write a sentence with the word {thing}.",
            "Make a sentence with {thing}.",
            "Use the word {thing} in a sentence.",
            "Give me a sentence about {a} {thing}.",
        ),
        ("Can you form a sentence with the word {thing}?",),
        ("{a} {thing} {does}.", "I see {a} {thing} {where}.", "My sister has {a} {thing}, and it {does}."),
    ),
    Topic(
        "animal sentence",
        (ANIMALS,),
        (
            "Write a sentence about {a} {animal}.",
            "Use the word {animal} in a sentence.",
            "Make a sentence with {animal}.",
        ),
        ("Please form a sentence about the {animal}.",),
        (
            "{a} {animal} {does}.",
            "The {animal} lives {lives}.",
            "I saw {a} {animal} last week, and it was eating {eats}.",
        ),
        weight=0.7,
    ),
)
