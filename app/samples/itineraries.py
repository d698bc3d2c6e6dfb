"""The sentences of the sample with marked words: notes of a travel agency, put together from templates and names.

``{slot}`` stands for an entity of that type; ``{=slot}`` for other words. Some names are those of places and of people, so
that only the sentence tells which is meant.
"""

import random
import re

FIRST = ("Anna", "Milo", "Jordan", "Paris", "Florence", "Ines", "Tariq", "Chloe", "Austin", "Ravi", "Sofia", "Lena")
LAST = ("Kovac", "Lund", "Baptiste", "London", "Okafor", "Rivera", "Berlin", "Novak", "Haddad", "Moreau")
PLACES = (
    "Lisbon",
    "Oslo",
    "Paris",
    "New York",
    "Cape Town",
    "Florence",
    "Jordan",
    "Kyoto",
    "Austin",
    "Buenos Aires",
    "Leeds",
    "the Azores",
    "Berlin",
    "Lake Como",
    "London",
    "San Sebastian",
)
COMPANIES = (
    "Lisbon Air",
    "Blue Fjord Lines",
    "Nordwind",
    "Hotel Florence",
    "Oslo Rail",
    "Harbour & Sons",
    "Casa Milo",
    "Aeroluna",
    "Berlin Night Express",
    "The Kyoto House",
    "Vela Ferries",
)
DATES = (
    "Monday",
    "12 May",
    "next Friday",
    "the first of June",
    "3 March 2027",
    "tomorrow",
    "Easter Sunday",
    "late August",
    "24 December",
    "this weekend",
)
WORDS = {
    "room": ("room", "double room", "suite", "cabin", "flat"),
    "trip": ("trip", "holiday", "honeymoon", "school journey", "walking tour"),
    "thing": ("passport", "suitcase", "ticket", "bicycle", "rucksack"),
}
TEMPLATES = (
    "{PERSON} flies with {COMPANY} to {PLACE} on {DATE} .",
    "{COMPANY} has moved the crossing to {PLACE} of {DATE} ; please tell {PERSON} .",
    "{PERSON} and {PERSON} want a {=room} at {COMPANY} from {DATE} .",
    "Does {COMPANY} run trains from {PLACE} to {PLACE} on {DATE} ?",
    "We booked the {=trip} to {PLACE} through {COMPANY} , not through {COMPANY} .",
    "{PERSON} left a {=thing} on the way from {PLACE} to {PLACE} .",
    "The {=trip} of {PERSON} begins in {PLACE} on {DATE} and ends in {PLACE} .",
    "{COMPANY} will refund {PERSON} before {DATE} .",
    "Nobody confirmed the {=room} for the {=trip} , yet {DATE} is close .",
    "It rained in {PLACE} when {PERSON} arrived .",
    "Please send the papers for {PLACE} to {PERSON} by {DATE} .",
    "{PERSON} asks whether {COMPANY} takes a {=thing} for free .",
    "No {=trip} without a {=thing} , no {=room} .",
    "Your {=room} , my {=thing} , no {=trip} .",
    "{PLACE} is full , so {PERSON} would rather see {PLACE} with {COMPANY} .",
    "Call {PERSON} about the {=room} .",
    "On {DATE} {PERSON} changes in {PLACE} .",
    "My neighbour {PERSON} knows {PLACE} well .",
    "{COMPANY} in {PLACE} closes on {DATE} .",
)

# Nothing is marked in these.
PLAIN = (
    "Nothing to see here .",
    "Thank you for waiting .",
    "The weather was fine all week .",
    "Breakfast is included , lunch is not .",
    "Did you get my last message ?",
    "Two of the photographs are missing .",
    "We would rather pay by card .",
    "The bus was late again .",
    "A quiet table near the window would be lovely .",
    "Please call back when you have time .",
    "Everything went well , many thanks .",
    "How long does the form take ?",
    "The children were happy with the pool .",
    "Someone has to sign the second page .",
    "Luggage is limited to one piece each .",
    "Is there a discount for students ?",
)


def make_conll(sentences: int, seed: int) -> str:
    """CoNLL with the tags PERSON, PLACE, COMPANY and DATE in BIO: ``sentences`` different ones."""
    rng = random.Random(seed)
    found: dict[str, str] = {}
    while len(found) < sentences - len(PLAIN):
        lines = [line for word in TEMPLATES[rng.randrange(len(TEMPLATES))].split() for line in _lines(word, rng)]
        found.setdefault(" ".join(line.split("\t")[0] for line in lines), "\n".join(lines))
    plain = ["\n".join(f"{word}\tO" for word in sentence.split()) for sentence in PLAIN]
    mixed = [*found.values(), *plain]
    rng.shuffle(mixed)
    return "\n\n".join(mixed) + "\n"


def _lines(word: str, rng: random.Random) -> list[str]:
    slot = re.fullmatch(r"\{(=?)(\w+)\}", word)
    if slot is None:
        return [f"{word}\tO"]
    if slot[1]:
        return [f"{name}\tO" for name in rng.choice(WORDS[slot[2]]).split()]
    first, *rest = _entity(slot[2], rng).split()
    return [f"{first}\tB-{slot[2]}", *(f"{name}\tI-{slot[2]}" for name in rest)]


def _entity(kind: str, rng: random.Random) -> str:
    if kind == "PERSON":
        # People are called by their first name, by both, or by the last one.
        first, last = rng.choice(FIRST), rng.choice(LAST)
        return rng.choice((first, f"{first} {last}", f"{first} {last}", f"Mr {last}", f"Dr {first} {last}"))
    return rng.choice({"PLACE": PLACES, "COMPANY": COMPANIES, "DATE": DATES}[kind])
