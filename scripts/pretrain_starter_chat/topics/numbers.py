"""Sums, differences, products and small word problems with numbers up to twenty; days, months and counting."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Pupil, Row, Topic, pool

WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
OBJECTS = pool(
    "objects",
    "apples, books, coins, pencils, eggs, flowers, cards, cookies, balls, stamps, oranges, shells, candles, cups, nuts",
)
PEOPLE = pool("who", "Anna, Tom, Maria, Ben, Lena, Omar, Sara, Paul, Nina, Jack, Emma, Leo, Ida, Max, Rosa, Finn")
ALONE: tuple[Row, ...] = ({},)


def _highest(random: Random) -> int:
    return 10 if isinstance(random, Pupil) and random.random() < 0.7 else 20


def _add(row: Row, random: Random) -> Row:
    highest = _highest(random)
    a, b = random.randint(0, highest), random.randint(0, highest)
    return {"a": str(a), "b": str(b), "c": str(a + b), "wa": WORDS[a], "wb": WORDS[b]}


def _subtract(row: Row, random: Random) -> Row:
    a = random.randint(1, _highest(random))
    b = random.randint(0, a)
    return {"a": str(a), "b": str(b), "c": str(a - b), "wa": WORDS[a], "wb": WORDS[b]}


def _multiply(row: Row, random: Random) -> Row:
    a, b = random.randint(1, 10), random.randint(1, 10)
    return {"a": str(a), "b": str(b), "c": str(a * b), "wa": WORDS[a], "wb": WORDS[b]}


def _some(row: Row, random: Random) -> Row:
    a, b = random.randint(2, 12), random.randint(2, 12)
    return {"a": str(a), "b": str(b), "c": str(a + b)}


def _left(row: Row, random: Random) -> Row:
    a = random.randint(4, 20)
    b = random.randint(2, a - 1)
    return {"a": str(a), "b": str(b), "c": str(a - b)}


def _next(row: Row, random: Random) -> Row:
    series, kind = random.choice(((DAYS, "day"), (MONTHS, "month")))
    at = random.randrange(len(series))
    step, word = random.choice(((1, "after"), (-1, "before")))
    return {"one": series[at], "other": series[(at + step) % len(series)], "word": word, "kind": kind}


def _compare(row: Row, random: Random) -> Row:
    a, b = random.sample(range(1, 100), 2)
    return {"a": str(a), "b": str(b), "c": str(max(a, b)), "d": str(min(a, b))}


def _count(row: Row, random: Random) -> Row:
    start = random.randint(1, 9)
    end = start + random.randint(3, 7)
    return {"start": str(start), "end": str(end), "list": ", ".join(map(str, range(start, end + 1)))}


AFTER = ("The answer is {c}.", "It is {c}.")
TOPICS = (
    Topic(
        "add",
        (ALONE,),
        (
            "What is {a} plus {b}?",
            "What is {a} + {b}?",
            "{a} + {b} = ?",
            "How much is {a} plus {b}?",
            "Add {a} and {b}.",
            "What do I get if I add {a} and {b}?",
            "Calculate {a} + {b}.",
            "what is {wa} plus {wb}?",
            "Please add {b} to {a}.",
        ),
        ("Tell me the sum of {a} and {b}.", "Can you work out {a} + {b}?"),
        ("{a} plus {b} is {c}.", "{a} + {b} = {c}"),
        derive=_add,
        key=("a", "b"),
        weight=4,
    ),
    Topic(
        "subtract",
        (ALONE,),
        (
            "What is {a} minus {b}?",
            "What is {a} - {b}?",
            "{a} - {b} = ?",
            "How much is {a} minus {b}?",
            "Take {b} away from {a}.",
            "Calculate {a} - {b}.",
            "what is {wa} minus {wb}?",
            "Subtract {b} from {a}.",
        ),
        ("Can you work out {a} - {b}?", "How much is left if I take {b} from {a}?"),
        ("{a} minus {b} is {c}.", "{a} - {b} = {c}"),
        derive=_subtract,
        key=("a", "b"),
        weight=3,
    ),
    Topic(
        "multiply",
        (ALONE,),
        (
            "What is {a} times {b}?",
            "What is {a} x {b}?",
            "{a} * {b} = ?",
            "How much is {a} times {b}?",
            "Multiply {a} by {b}.",
            "Calculate {a} times {b}.",
        ),
        ("Can you work out {a} times {b}?", "Tell me what {a} multiplied by {b} is."),
        ("{a} times {b} is {c}.", "{a} x {b} = {c}"),
        derive=_multiply,
        key=("a", "b"),
        weight=2.5,
    ),
    Topic(
        "together",
        (PEOPLE, OBJECTS),
        (
            "{who} has {a} {objects} and gets {b} more. How many {objects} does {who} have?",
            "I have {a} {objects} and buy {b} more. How many {objects} do I have?",
            "There are {a} {objects} in a box and {b} {objects} on the table. How many are there?",
            "{who} finds {a} {objects} and then {b} more. How many {objects} are there now?",
        ),
        ("{who} owns {a} {objects} and a friend gives {b} more. How many {objects} are there in all?",),
        ("{a} plus {b} is {c}, so there are {c} {objects}.", "There are {c} {objects}, because {a} + {b} = {c}."),
        derive=_some,
        weight=1.5,
    ),
    Topic(
        "left over",
        (PEOPLE, OBJECTS),
        (
            "{who} has {a} {objects} and gives away {b}. How many are left?",
            "I have {a} {objects} and lose {b}. How many {objects} do I have left?",
            "There are {a} {objects} on the table. {who} takes {b}. How many are left?",
        ),
        ("{who} starts with {a} {objects} and sells {b} of them. How many {objects} remain?",),
        ("{a} minus {b} is {c}, so {c} {objects} are left.", "{c} {objects} are left, because {a} - {b} = {c}."),
        derive=_left,
        weight=1.5,
    ),
    Topic(
        "next day",
        (ALONE,),
        (
            "Which {kind} comes {word} {one}?",
            "What {kind} is {word} {one}?",
            "What comes {word} {one}?",
            "Tell me the {kind} {word} {one}.",
        ),
        ("Can you name the {kind} {word} {one}?",),
        ("The {kind} {word} {one} is {other}.", "{other} comes {word} {one}."),
        derive=_next,
        key=("one", "word"),
        weight=1.2,
    ),
    Topic(
        "larger",
        (ALONE,),
        (
            "Which number is larger, {a} or {b}?",
            "What is more, {a} or {b}?",
            "Is {a} more than {b}?",
            "Which is the bigger number: {a} or {b}?",
        ),
        ("Which of the numbers {a} and {b} is larger?",),
        ("{c} is larger than {d}.",),
        derive=_compare,
        key=("a", "b"),
        weight=1,
    ),
    Topic(
        "count",
        (ALONE,),
        ("Count from {start} to {end}.", "Please count from {start} to {end}.", "Can you count from {start} to {end}?"),
        ("List the numbers from {start} to {end}.",),
        ("{list}", "Here you are: {list}."),
        derive=_count,
        key=("start", "end"),
        weight=0.7,
    ),
)
