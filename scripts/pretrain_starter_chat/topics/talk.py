"""Greetings, small talk, feelings, advice on food and free time, and what the model cannot know.

The topics are in ``talk.json``; the pools of slot values that they name are here.
"""

import json
from pathlib import Path
from typing import Any

from scripts.pretrain_starter_chat.phrases import Topic, pool, table
from scripts.pretrain_starter_chat.topics.numbers import ALONE, DAYS, PEOPLE

HOBBIES = table(
    "hobby good",
    """
reading | you can travel in your mind
painting | you can show what you feel
cooking | you can share the result with friends
gardening | you are outside and see things grow
singing | it makes people happy
hiking | you see new places on foot
swimming | it is good for the whole body
cycling | you move fast and feel the wind
fishing | it is quiet by the water
dancing | you move to the music
drawing | you only need a pencil and paper
playing chess | you have to think ahead
playing football | you play together with others
taking pictures | you look at the world with care
baking | the whole house smells good
sewing | you can make your own clothes
playing the guitar | you can play for your friends
running | it makes you strong
""",
)
FOODS = table(
    "food taste",
    """
pizza | warm and full of cheese
soup | warm and good on cold days
ice cream | cold and sweet
bread | simple and fresh
pasta | filling and easy to make
salad | light and fresh
cake | sweet and soft
rice | mild and filling
pancakes | sweet and good for breakfast
chocolate | sweet and dark
apples | fresh and a little sour
cheese | salty and rich
tea | warm and calm
coffee | hot and strong
lemonade | cold and fresh
""",
)
WEATHER = table(
    "weather reply",
    """
It is raining | Then take an umbrella with you, or stay inside with a warm cup of tea
It is very hot | Drink a lot of water and stay in the shade
It is snowing | Put on a warm coat and walk carefully
The sun is shining | That is a good day for a walk outside
It is cold | Put on a scarf and a warm hat
It is windy | Hold on to your hat, it is a good day for a kite
It is foggy | Please be careful on the road
There is a storm | It is best to stay inside until it is over
""",
)
FEELINGS = table(
    "feeling reply",
    """
tired | Try to rest a little and go to bed early tonight
sad | I am sorry to hear that. It may help to talk to a good friend
happy | I am glad to hear that. Enjoy your good day
bored | You could read a book, go for a walk or call a friend
hungry | You could eat some fruit, or make a sandwich
thirsty | You should drink a glass of water
nervous | Take a slow, deep breath. You can do it
angry | Take a short walk and count to ten. It often helps
lonely | I am sorry to hear that. You could call a friend or visit your family
sick | I am sorry to hear that. Please rest, and see a doctor if it does not get better
excited | That sounds great. I hope that it goes well
cold | Put on a warm jumper and drink a cup of hot tea
worried | I am sorry. It may help to write down what worries you and to talk about it
proud | Well done! You have every reason to be proud
stressed | Try to do one thing at a time, and take a short break
""",
)
UNKNOWN = table(
    "asked topic where",
    """
What time is it? | the time | Please look at a clock
What is the date today? | the date | Please look at a calendar
Which day is it today? | which day it is | Please look at a calendar
What will the weather be like tomorrow? | the weather of tomorrow | A weather report can tell you
Will it rain tomorrow? | the weather of tomorrow | A weather report can tell you
Is it cold outside? | the weather outside | Please look out of the window
What is in the news? | the news | A newspaper or the radio can tell you
Who won the game last night? | the result of the game | A newspaper or the radio can tell you
What is my phone number? | your phone number | You can find it in your phone
Where do I live? | your address | You know that better than I do
How old am I? | your age | You know that better than I do
What is my favourite song? | your favourite song | You know that better than I do
What did I eat yesterday? | what you ate yesterday | You know that better than I do
Where are my keys? | where your keys are | Try your pockets, your bag and the table near the door
What is my neighbour called? | the name of your neighbour | You could ask at the door
Which numbers will win the lottery? | the winning numbers | Nobody can know them
How much money will I have next year? | how much money you will have | Nobody can know that today
Who will win the election? | who will win | Nobody can know that today
What is the price of gold? | the price of gold | A bank can tell you
When does the next train leave? | when the next train leaves | Please look at the timetable
What is the password of my computer? | your password | Keep it secret and write it to nobody
Do I have an illness? | whether you are ill | Please ask a doctor
Which medicine should I take? | which medicine is right for you | Please ask a doctor
Should I sell my house? | what is best for your house | Please ask a person who knows about houses
Can I sue my neighbour? | enough about the law | Please ask a lawyer
What am I thinking? | what you are thinking | I can only read what you write
Who is standing behind me? | who is there | I cannot see you
""",
)
JOKES = table(
    "setup",
    """
Why did the clock go to school? It wanted to learn to tell the time.
What has a neck but no head? A bottle.
What has hands but cannot clap? A clock.
Why was the broom late? It swept in.
What gets wet while it dries? A towel.
What has teeth but cannot bite? A comb.
Why did the book look sad? It had too many problems, because it was about maths.
What runs but has no legs? A river.
What has four legs but cannot walk? A table.
""",
)
CITIES = table(
    "country city",
    """
France | Paris
Germany | Berlin
Italy | Rome
Spain | Madrid
Portugal | Lisbon
England | London
Ireland | Dublin
Austria | Vienna
Norway | Oslo
Sweden | Stockholm
Denmark | Copenhagen
Finland | Helsinki
Poland | Warsaw
Greece | Athens
Hungary | Budapest
Japan | Tokyo
China | Beijing
Egypt | Cairo
Canada | Ottawa
Belgium | Brussels
the Netherlands | Amsterdam
""",
)
FREE_TIME = pool(
    "plan",
    "go to the beach, visit my grandmother, bake a cake, clean the house, read a long book, meet my friends, "
    "paint the kitchen, watch a film, work in the garden, ride my bike, go to a museum, learn for a test, "
    "cook for my family, play football",
)
WHEN = pool(
    "time",
    "today, tomorrow, this weekend, tonight, next week, this afternoon, " + ", ".join(f"on {day}" for day in DAYS),
)
GREETINGS = pool("hello", "Hello, Hi, Hey, Good morning, Good evening, Good afternoon, Hi there, Hello there")

_POOLS = {
    "ALONE": ALONE,
    "CITIES": CITIES,
    "FEELINGS": FEELINGS,
    "FOODS": FOODS,
    "FREE_TIME": FREE_TIME,
    "GREETINGS": GREETINGS,
    "HOBBIES": HOBBIES,
    "JOKES": JOKES,
    "PEOPLE": PEOPLE,
    "UNKNOWN": UNKNOWN,
    "WEATHER": WEATHER,
    "WHEN": WHEN,
}


def _topic(entry: dict[str, Any]) -> Topic:
    return Topic(
        entry["name"],
        tuple(_POOLS[name] for name in entry["pools"]),
        tuple(entry["asks"]),
        tuple(entry["unseen"]),
        tuple(entry["answers"]),
        follow_ups=tuple((question, answer) for question, answer in entry.get("follow_ups", [])),
        weight=entry.get("weight", 1.0),
    )


TOPICS = tuple(_topic(entry) for entry in json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8")))
