"""Small tasks on words that the user gives: repeat, be polite, plural, past, mood; suggestions; subjects beyond the model."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Row, Topic, pool, table
from scripts.pretrain_starter_chat.topics.numbers import ALONE, PEOPLE
from scripts.pretrain_starter_chat.topics.service import COLOURS, GOODS, PLACES

ORDERS = pool(
    "order",
    "open the door, close the window, give me the book, bring me some water, wait for me, help me with this, send me the letter, "
    "call me tonight, show me the way, pass the salt, turn on the light, be quiet, come here, write it down, carry this bag, "
    "clean the table, sit down, speak slowly, read it to me, find my keys, take a picture of us, tell me your name",
)
PAST = table(
    "base past",
    """
go | went
see | saw
eat | ate
come | came
take | took
give | gave
find | found
write | wrote
run | ran
sing | sang
swim | swam
buy | bought
think | thought
speak | spoke
make | made
play | played
walk | walked
open | opened
learn | learned
sleep | slept
drink | drank
begin | began
fly | flew
know | knew
help | helped
""",
)
PLURALS = table(
    "one many",
    """
cat | cats
dog | dogs
book | books
house | houses
box | boxes
bus | buses
child | children
man | men
woman | women
foot | feet
tooth | teeth
mouse | mice
leaf | leaves
knife | knives
city | cities
baby | babies
tree | trees
apple | apples
potato | potatoes
sheep | sheep
fish | fish
friend | friends
dish | dishes
story | stories
""",
)
LIKED = pool(
    "subject",
    "film, book, food, hotel, concert, phone, lamp, jacket, trip, lesson, cake, service, room, game, coffee, soup, bike, museum, song, garden",
)
VERDICTS = (
    *table(
        "verdict mood",
        """
was wonderful | positive
was great, I loved it | positive
was very good | positive
made me happy | positive
was better than I thought | positive
was simply perfect | positive
was beautiful | positive
was terrible | negative
was boring and too long | negative
was a waste of money | negative
was very bad | negative
made me angry | negative
was worse than I thought | negative
was broken after one day | negative
was dirty and cold | negative
""",
    ),
)
IDEAS_FOR = table(
    "need ideas",
    """
for dinner | a warm soup; pasta with tomatoes; rice with vegetables; a big salad; pancakes with apples
for breakfast | bread with honey; pancakes; eggs with toast; yoghurt with fruit; a cheese sandwich
to drink | a cup of tea; a hot chocolate; a glass of water; fresh lemonade; a cup of coffee; apple juice
for a present | a good book; a bunch of flowers; a warm scarf; a board game; a box of chocolates; a plant
for the weekend | a walk in the forest; a visit to a museum; a picnic by a lake; a bike ride; a film night with friends
for a rainy day | a long book; a board game; baking a cake; painting a picture; a film with popcorn
for a trip | a day by the sea; a tour through the old town; a hike in the mountains; a boat trip on the river
for a party | music and dancing; a quiz; a big cake; a game in the garden; lanterns and candles
for a hobby | painting; gardening; playing the guitar; swimming; taking pictures; baking
to read | a funny story; a book about animals; a travel book; a tale of pirates; a book of poems
for a game with children | hide and seek; a treasure hunt; a memory game with cards; a ball game; drawing animals
""",
)
SUBJECTS = pool(
    "subject",
    "quantum physics, the stock market, brain surgery, tax law, rocket engines, the history of Rome, modern art, politics, blockchain, "
    "genetics, black holes, organic chemistry, the theory of relativity, world records, celebrities, computer networks, programming in Python, "
    "machine learning, the stone age, calculus, insurance, vitamins, earthquakes, volcanoes, dinosaurs, the pyramids, the Olympic games, opera, "
    "philosophy, nuclear power, satellites, the human brain, viruses, DNA, climate models, football results, car engines, airline prices, visa rules, "
    "the French revolution, Shakespeare, Mozart, microchips, sharks, the solar system, the Vikings, coral reefs, diamonds, economics, inflation, mortgages",
)
SYLLABLES = (
    ("fl", "gr", "bl", "pr", "sn", "tr", "z", "v", "m", "k", "qu", "d"),
    ("ab", "ib", "or", "un", "ee", "ax", "op", "il"),
    ("ble", "do", "mer", "ster", "no", "gle", "nik", "t"),
)


def _made_up(row: Row, random: Random) -> Row:
    return {"nonsense": "".join(random.choice(part) for part in SYLLABLES)}


def _suggest(row: Row, random: Random) -> Row:
    one, other = random.sample(row["ideas"].split("; "), 2)
    return {"one": one, "other": other, "lines": f"1. {one}\n2. {other}"}


def _half(row: Row, random: Random) -> Row:
    number = random.randint(2, 9)
    return {"n": str(number), "double": str(2 * number), "half": str(number), "twice": str(2 * number)}


TOPICS = (
    Topic(
        "repeat a name",
        (PEOPLE, COLOURS, GOODS),
        (
            "Repeat this: {who} has a {colour} {item}.",
            "Repeat after me: {who} has a {colour} {item}.",
            "Say this: {who} has a {colour} {item}.",
            "Write exactly this: {who} has a {colour} {item}.",
        ),
        ("Please say these words: {who} has a {colour} {item}.",),
        ("{who} has a {colour} {item}.",),
    ),
    Topic(
        "who has it",
        (PEOPLE, COLOURS, GOODS, PLACES),
        (
            "{who} has a {colour} {item}. Who has the {item}?",
            "{who} bought a {colour} {item} {spot}. Who bought the {item}?",
            "Here is a text: {who} sold a {colour} {item} {spot}. Who sold it?",
        ),
        ("Read this: {who} lost a {colour} {item} {spot}. Who lost the {item}?",),
        ("It was {who}.", "{who}."),
    ),
    Topic(
        "which colour has it",
        (PEOPLE, COLOURS, GOODS, PLACES),
        (
            "{who} has a {colour} {item}. What colour is it?",
            "{who} bought a {colour} {item} {spot}. Which colour does the {item} have?",
            "Here is a text: {who} sold a {colour} {item} {spot}. What colour was it?",
        ),
        ("Read this: {who} lost a {colour} {item} {spot}. What colour was the {item}?",),
        ("It is {colour}.", "The {item} is {colour}."),
    ),
    Topic(
        "polite",
        (ORDERS,),
        (
            "Make this polite: {order}",
            "Say this politely: {order}!",
            "How do I say this politely: {order}?",
            "Rewrite this in a polite way: {order}.",
            "Write a polite sentence for: {order}.",
        ),
        ("Please turn this into a polite question: {order}.",),
        ("Could you please {order}?", "Would you please {order}?"),
    ),
    Topic(
        "past",
        (PAST,),
        (
            "What is the past of {base}?",
            "What is the past tense of {base}?",
            "Past tense of {base}?",
            "Put {base} into the past.",
        ),
        ("Can you tell me the past form of {base}?",),
        ("The past of {base} is {past}.",),
        weight=0.8,
    ),
    Topic(
        "plural",
        (PLURALS,),
        ("What is the plural of {one}?", "Plural of {one}?", "Put {one} into the plural.", "One {one}, two what?"),
        ("Can you tell me the plural form of {one}?",),
        ("The plural of {one} is {many}.",),
        weight=0.8,
    ),
    Topic(
        "mood",
        (LIKED, VERDICTS),
        (
            "Is this positive or negative? The {subject} {verdict}.",
            'Positive or negative: "The {subject} {verdict}."',
            "Tell me the mood of this sentence: The {subject} {verdict}.",
            "Is the writer happy or not? The {subject} {verdict}.",
        ),
        ("Does this sound positive or negative? The {subject} {verdict}.",),
        ("It is {mood}.", "This is {mood}."),
    ),
    Topic(
        "suggest",
        (IDEAS_FOR,),
        (
            "What do you suggest {need}?",
            "I need an idea {need}.",
            "Do you have an idea {need}?",
            "Can you recommend something {need}?",
            "Give me some ideas {need}.",
            "I am looking for something {need}.",
        ),
        ("Please recommend something {need}.", "Any ideas {need}?"),
        ("How about {one}? You could also try {other}.", "I suggest {one} or {other}.", "Here are two ideas:\n{lines}"),
        derive=_suggest,
        key=("need",),
        open_key=True,
        weight=2,
        follow_ups=(
            ("[Something else?|Another idea?]", "Then try {other}."),
            ("Which one is better?", "I would choose {one}."),
        ),
    ),
    Topic(
        "beyond me",
        (SUBJECTS,),
        (
            "Tell me about {subject}.",
            "What is {subject}?",
            "Explain {subject}.",
            "Can you explain {subject}?",
            "What do you know about {subject}?",
            "I want to learn about {subject}.",
            "Write an essay about {subject}.",
            "Help me with {subject}.",
        ),
        ("I have a question about {subject}.", "Teach me something about {subject}."),
        (
            "I am sorry, I am a small model and know too little about {subject}. A book or an expert can help you.",
            "I do not know enough about {subject}. Please look in a good book or ask an expert.",
        ),
        weight=1.5,
    ),
    Topic(
        "made-up word",
        (ALONE,),
        (
            "What is a {nonsense}?",
            "What does {nonsense} mean?",
            "Define {nonsense}.",
            "Tell me about the {nonsense}.",
            "Where do I find a {nonsense}?",
        ),
        ("Do you know what a {nonsense} is?",),
        ("I do not know the word {nonsense}.", "I am sorry, I do not know what {nonsense} means."),
        derive=_made_up,
        weight=1.2,
    ),
    Topic(
        "half and double",
        (ALONE,),
        ("What is half of {twice}?", "Half of {twice}?", "How much is half of {twice}?"),
        ("Can you tell me half of {twice}?",),
        ("Half of {twice} is {half}.",),
        derive=_half,
        open_key=True,
        key=("n",),
        weight=0.5,
    ),
)
