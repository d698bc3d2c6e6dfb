"""Short stories, notes, poems and lists of steps that a person asks for."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Row, Topic, capital, fill, pool, table
from scripts.pretrain_starter_chat.topics.numbers import PEOPLE
from scripts.pretrain_starter_chat.topics.things import ANIMALS

HEROES = (
    *ANIMALS,
    *table(
        "animal a kind lives eats does",
        """
girl | a | a child | in a small town | bread and apples | likes to ask questions
boy | a | a child | in a small village | soup and bread | likes to climb trees
robot | a | a machine | in a workshop | nothing at all | helps people at work
king | a | an old ruler | in a castle | cakes | worries about his land
baker | a | a friendly person | above a bakery | fresh bread | gets up early
gardener | a | a patient person | beside a garden | vegetables | sings to the flowers
sailor | a | a brave person | on a ship | fish | looks at the stars
""",
    ),
)
TRAITS = pool("trait", "little, brave, clever, old, shy, kind, lazy, happy, curious, quiet, proud, small")
SCENES = pool(
    "scene",
    "in a deep forest, near a blue lake, in a small village, on a high hill, in a quiet garden, by the sea, in an old house, "
    "on a farm, in a big city, under a tall tree, beside a river, in the mountains",
)
PLOTS = table(
    "wish trouble turn lesson",
    """
wanted to find a new friend | nobody had time to talk | shared a piece of bread with a stranger, and the two began to laugh | a small gift can open a door
wanted to see the sea | the way was long and the nights were cold | followed the river day after day until the water shone in front of them | small steps lead far
lost a golden key | it was dark and it began to rain | asked an old owl for help, and the owl saw the key in the grass | it is wise to ask for help
wanted to learn to sing | the first songs sounded terrible | practised every morning until the birds stopped to listen | practice makes things easy
was afraid of the dark | one night the lamp went out | looked up and saw a thousand stars | the dark has its own light
found a lost child | the child could not stop crying | told a funny tale and walked the child home | kindness costs nothing
planted a small seed | for many weeks nothing grew | kept on watering it, and in spring a tall flower opened | good things need time
wanted to be the fastest of all | a heavy fall hurt one leg | learned to walk slowly and saw how beautiful the road was | being fast is not everything
heard a strange noise at night | everybody was afraid to look | took a candle and found a hungry kitten behind the door | many fears are small in the light
had no money for a present | the birthday was the next day | wrote a poem and painted a picture | the best gifts come from the heart
wanted to build a boat | the first boat sank at once | worked with two friends, and the second boat sailed well | together we are stronger
told a lie about a broken cup | the lie felt heavier every day | told the truth and was forgiven | the truth makes the heart light
""",
)
STEPS = table(
    "task steps",
    """
make tea | Boil some water. / Put a tea bag into a cup. / Pour the hot water into the cup. / Wait four minutes and take the bag out.
make coffee | Boil some water. / Put ground coffee into a filter. / Pour the water slowly over it. / Serve the coffee hot.
cook rice | Wash the rice. / Put it into a pot with twice as much water. / Let it cook on low heat until the water is gone. / Add a little salt.
cook pasta | Boil a large pot of water. / Add salt and the pasta. / Cook it for about ten minutes. / Pour the water away and add a sauce.
boil an egg | Boil some water in a small pot. / Put the egg in carefully. / Wait six to ten minutes. / Cool the egg with cold water.
make a sandwich | Take two slices of bread. / Put butter on them. / Add cheese and some salad. / Put the slices together.
make pancakes | Mix flour, milk and eggs. / Heat a pan with a little butter. / Pour in some of the mix. / Turn it when it is brown.
make a salad | Wash the vegetables. / Cut them into small pieces. / Mix them in a bowl. / Add oil, lemon and salt.
bake bread | Mix flour, water, salt and yeast. / Let the dough rest for an hour. / Form a loaf. / Bake it until it is brown.
plant a seed | Fill a pot with soil. / Make a small hole and put the seed in. / Cover it with soil. / Water it and put it in the light.
wash your hands | Make your hands wet. / Take some soap and rub for twenty seconds. / Wash the soap off with water. / Dry your hands with a towel.
clean a window | Fill a bucket with warm water and soap. / Wash the glass with a cloth. / Wash it again with clear water. / Dry it with a clean cloth.
wash clothes | Sort the clothes by colour. / Put them into the machine with soap. / Choose the right heat. / Hang them up to dry.
pack a suitcase | Write a list of what you need. / Fold your clothes. / Put heavy things at the bottom. / Check the list again.
write a letter | Write the date and the name. / Say why you write. / Finish with a friendly line and your name. / Put it into an envelope with a stamp.
send a parcel | Put the thing into a strong box. / Fill the box with paper. / Write the address on it. / Take it to the post office.
fall asleep | Put your phone away. / Make the room dark and cool. / Lie down and breathe slowly. / Think of something pleasant.
learn new words | Choose ten words. / Write each word on a card. / Read the cards every day. / Use the words in sentences.
learn for a test | Make a plan. / Learn a little every day. / Explain the topic to a friend. / Sleep well before the test.
save money | Write down what you spend. / Decide what you do not need. / Put some money aside each month. / Wait a day before you buy big things.
clean a room | Open the window. / Put things in their places. / Wipe the dust away. / Sweep the floor.
paint a wall | Cover the floor with paper. / Clean the wall. / Paint from top to bottom. / Let the paint dry and paint again.
repair a bike tyre | Take the wheel off. / Find the hole in the tube. / Clean it and put a patch on it. / Put the wheel back and pump it up.
wash a car | Make the car wet. / Wash it with soap and a sponge. / Wash the soap off. / Dry it with a soft cloth.
water plants | Feel the soil with a finger. / Give water if the soil is dry. / Pour the water near the roots. / Do not give too much.
walk a dog | Put the leash on the dog. / Take small bags with you. / Walk for half an hour. / Give the dog fresh water at home.
plan a party | Choose a day. / Invite your friends. / Prepare food, drinks and music. / Clean up together afterwards.
write a story | Think of a hero. / Give the hero a problem. / Tell how the problem is solved. / Read it again and make it better.
make a friend | Smile and say hello. / Ask a friendly question. / Listen well. / Meet again and do something together.
find a lost key | Stay calm. / Think of where you last had it. / Look in pockets, bags and under the table. / Ask the people around you.
make lemonade | Press the juice out of three lemons. / Add water and sugar. / Stir well. / Serve it with ice.
make soup | Cut the vegetables. / Cook them in water with salt. / Mix the soup until it is smooth. / Serve it warm.
""",
)
GIFTS = pool(
    "gift",
    "the book, the flowers, the lovely dinner, the warm scarf, the cake, your help, the tickets, the postcard, the plant, the photo, the invitation",
)
EVENTS = pool(
    "event",
    "my birthday party, a dinner at my house, a walk in the park, a picnic by the lake, the school concert, a game of cards, a film night, the garden party",
)
DAYS = pool("day", "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday")
MOODS = table(
    "thing lines",
    """
the rain | Soft rain is falling on the street, / it makes a music small and sweet. / I watch the drops run down the pane / and love the quiet of the rain.
the sea | The sea is wide, the sea is blue, / it sings a song for me and you. / The waves come in, the waves go out, / and white birds fly and turn about.
the moon | The moon is round, the moon is white, / it hangs above the town at night. / It shines on roof and field and tree / and sends a silver beam to me.
a cat | A cat is sleeping in the sun, / her busy morning work is done. / She dreams of mice and bowls of cream / and smiles a little in her dream.
spring | The snow is gone, the air is mild, / the garden wakes up like a child. / The birds come back, the flowers bring / the first bright colours of the spring.
winter | The trees are bare, the fields are white, / the day is short and long the night. / We sit inside where it is warm / and listen to the winter storm.
a friend | A friend is there when days are grey, / a friend will help you on your way. / A friend will laugh and cry with you, / and all the things you say are true.
the morning | The sun comes up, the night is gone, / the birds begin their early song. / I drink my tea, I say hello, / and out into the day I go.
the stars | The stars are small and far away, / they cannot shine for us by day. / But when the world is dark and still, / they light the sky above the hill.
a tree | A tree stands tall beside my door, / it stood here many years before. / It gives me shade, it gives me rest, / and in its top there is a nest.
""",
)


def _article(row: Row, random: Random) -> Row:
    return {"a2": "an" if row["trait"][0] in "aeiou" else "a", "who": random.choice(PEOPLE)["who"]}


def _steps(row: Row, random: Random) -> Row:
    steps = row["steps"].split(" / ")
    return {
        "numbered": "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1)),
        "running": " ".join(
            ("First, " if not n else "Then ") + step[0].lower() + step[1:] for n, step in enumerate(steps)
        ),
        "count": str(len(steps)),
    }


def _poem(row: Row, random: Random) -> Row:
    return {"poem": row["lines"].replace(" / ", "\n")}


STORY = (
    "[Once upon a time there was {a2} {trait} {animal}. The {animal} lived {scene}.|There once was {a2} {trait} {animal} {scene}.] [One day|One morning|In the first days of spring] the {animal} {wish}. "
    "[But|Sadly,] {trouble}. [Then|At last] the {animal} {turn}. [From that day on everybody knew|So the {animal} learned] that {lesson}."
)


def _story(row: Row, random: Random) -> Row:
    slots = row | _article(row, random)
    return slots | {"story": fill(STORY, slots, random), "Trait": capital(row["trait"])}


TOPICS = (
    Topic(
        "story",
        (HEROES, TRAITS, SCENES, PLOTS),
        (
            "Tell me a story about {a2} {trait} {animal}.",
            "Tell me a short story about {a} {animal}.",
            "Write a story about {a2} {trait} {animal}.",
            "I want to hear a story about {a} {animal}.",
            "Can you tell me a story about {a} {animal} {scene}?",
            "Write a short story about {a} {animal} that {wish}.",
            "Please tell my child a story about {a2} {trait} {animal}.",
            "Tell me a story.",
        ),
        ("Make up a story with {a2} {trait} {animal} in it.", "Could I hear a short tale about {a} {animal}?"),
        ("{story}",),
        derive=_story,
        key=("animal", "trait", "scene"),
        follow_ups=(
            ("Who was the story about?", "It was about {a2} {trait} {animal}."),
            ("What did the {animal} learn?", "The {animal} learned that {lesson}."),
            ("Where did it happen?", "It happened {scene}."),
        ),
        weight=4,
        styled=False,
    ),
    Topic(
        "steps",
        (STEPS,),
        (
            "How do I {task}?",
            "How can I {task}?",
            "Tell me how to {task}.",
            "Explain how to {task}.",
            "Give me the steps to {task}.",
            "how do you {task}?",
            "What do I have to do to {task}?",
            "I want to {task}. How does it work?",
        ),
        ("Could you show me how to {task}?", "I would like to {task}. What are the steps?"),
        ("{numbered}", "Here is how to {task}:\n{numbered}", "{running}"),
        derive=_steps,
        key=("task",),
        weight=2.5,
        open_key=True,
    ),
    Topic(
        "thank-you note",
        (PEOPLE, GIFTS),
        (
            "Write a thank-you note to {who} for {gift}.",
            "Write a short note to thank {who} for {gift}.",
            "Help me thank {who} for {gift}.",
            "I want to thank {who} for {gift}. Write a note.",
        ),
        ("Please draft a few lines of thanks to {who} for {gift}.",),
        (
            "Dear {who},\nthank you very much for {gift}. [It made me very happy.|I was so glad about it.]\n[Best wishes|Kind regards]",
            "Dear {who},\nmany thanks for {gift}. [It was very kind of you.|You are a good friend.]\n[Best wishes|Kind regards]",
        ),
        weight=1,
        styled=False,
    ),
    Topic(
        "invitation",
        (PEOPLE, EVENTS, DAYS),
        (
            "Write an invitation to {who} for {event} on {day}.",
            "Invite {who} to {event} on {day}.",
            "Write a short e-mail to {who} about {event} on {day}.",
            "Write to {who} and invite them to {event} on {day}.",
        ),
        ("Please draft an invitation for {who} to {event} on {day}.",),
        (
            "Dear {who},\nI would like to invite you to {event} on {day}. [I hope that you can come.|Please tell me if you can come.]\n[Best wishes|Kind regards]",
        ),
        weight=1,
        styled=False,
    ),
    Topic(
        "poem",
        (MOODS,),
        (
            "Write a poem about {thing}.",
            "Write a short poem about {thing}.",
            "Can you write a poem about {thing}?",
            "I would like a poem about {thing}.",
            "Tell me a poem about {thing}.",
        ),
        ("Please make a little poem about {thing}.",),
        ("{poem}",),
        derive=_poem,
        key=("thing",),
        weight=0.8,
        styled=False,
        open_key=True,
    ),
    Topic(
        "apology",
        (PEOPLE, DAYS),
        (
            "Write a note to {who} to say that I cannot come on {day}.",
            "Tell {who} in a short message that I am ill on {day}.",
            "Write a message to {who}: I am late on {day}.",
        ),
        ("Please draft a message to {who} that I am not there on {day}.",),
        (
            "Dear {who},\nI am sorry, but I cannot be there on {day}. [I hope that you understand.|Can we meet on another day?]\nKind regards",
        ),
        weight=0.7,
        styled=False,
    ),
)
