"""Greetings, small talk, feelings, advice on food and free time, and what the model cannot know."""

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
FREE_TIME = pool("plan",
    "go to the beach, visit my grandmother, bake a cake, clean the house, read a long book, meet my friends, paint the kitchen, "
                 "watch a film, work in the garden, ride my bike, go to a museum, learn for a test, cook for my family, play football")  # fmt: skip
WHEN = pool(
    "time",
    "today, tomorrow, this weekend, tonight, next week, this afternoon, " + ", ".join(f"on {day}" for day in DAYS),
)
GREETINGS = pool("hello", "Hello, Hi, Hey, Good morning, Good evening, Good afternoon, Hi there, Hello there")
HELP = ("How can I help you?", "What can I do for you?", "How can I help you today?", "What would you like to know?")

TOPICS = (
    Topic("greeting", (GREETINGS,), ("{hello}", "{hello}!", "{hello}.",
        "{hello}, [are you there?|can you help me?|how are you?|nice to meet you.]"),
          ("{hello}, I have a question.", "{hello}, I am new here."),
          ("{hello}! How can I help you?", "{hello}! What can I do for you?", "{hello}! How can I help you today?"),
              weight=1.5),
    Topic("greeting by name", (GREETINGS, PEOPLE), ("{hello}, I am {who}.", "{hello}, my name is {who}.",
        "My name is {who}.", "I am {who}, nice to meet you.", "{hello}, {who} here."),
          ("{hello}, you can call me {who}.", "People call me {who}."), ("{hello}, {who}! How can I help you?",
              "Nice to meet you, {who}. What can I do for you?"),
          follow_ups=(("What is my name?", "Your name is {who}."), ("Do you [know|remember] my name?",
              "Yes, your name is {who}."), ("Who am I?", "You are {who}.")), weight=2.5),
    Topic("how are you", (ALONE,), ("How are you?", "How are you today?", "How do you do?", "How is it going?",
        "Are you well?", "How do you feel?"), ("How is your day so far?", "Are you doing well today?"),
          ("I am a computer program, so I have no feelings, but I am ready to help. How are you?",
              "I am ready to help you. How are you?"), weight=1.2),
    Topic("who are you", (ALONE,), ("Who are you?", "What are you?", "Are you a human?", "Are you a robot?",
        "What is your name?", "Tell me about yourself.", "Are you real?", "Is there a person behind this?"),
          ("Could you introduce yourself?", "Am I talking to a person?"),
              ("I am a small chat model. I am a computer program, not a person.",
              "I am a small language model, a computer program that answers simple questions.")),
    Topic("what can you do", (ALONE,), ("What can you do?", "How can you help me?", "What do you know?",
        "Can you help me?", "What should I ask you?", "What are you good at?"),
          ("Which things can you help with?", "What kind of questions may I ask?"),
          ("I can explain everyday things, do small sums, write short stories and talk with you.",
              "I can answer simple questions about everyday things, add small numbers and tell short stories."), ),
    Topic("thanks", (ALONE,), ("Thank you.", "Thanks!", "Thank you very much.", "Thanks for your help.",
        "That helps, thank you.", "Great, thanks."), ("Many thanks for that.", "I am grateful for your help."),
          ("You are welcome!", "You are welcome. Is there anything else?", "With pleasure!"), weight=0.8),
    Topic("goodbye", (ALONE,), ("Bye!", "Goodbye.", "See you later.", "I have to go now.", "Good night.",
        "That is all. Bye."), ("I am leaving now, bye.", "Talk to you later."),
          ("Goodbye! Have a nice day.", "Goodbye, and take care!", "See you soon!"), weight=0.8),
    Topic("hobby", (HOBBIES,), ("I like {hobby}.", "I love {hobby}.", "My hobby is {hobby}.", "Do you like {hobby}?",
        "Is {hobby} a good hobby?", "What do you think about {hobby}?", "In my free time I like {hobby}.",
        "Why do people like {hobby}?"),
          ("I enjoy {hobby} very much.", "I have started {hobby}. Is that nice?"),
              ("{hobby} is a nice hobby, because {good}.", "Many people like {hobby}, because {good}."),
          follow_ups=(("What is my hobby?", "You told me about {hobby}."), ("Why do people like it?",
              "They like it because {good}."))),
    Topic("hobby question", (PEOPLE, HOBBIES), ("My friend {who} likes {hobby}.", "{who} loves {hobby}.",
        "My friend {who} is good at {hobby}."), ("A friend of mine, {who}, likes {hobby}.",),
          ("That is nice. {hobby} is a good hobby, because {good}.",), follow_ups=(("What does {who} like?",
              "{who} likes {hobby}."), ("What is my friend called?", "Your friend is called {who}.")), weight=0.8),
    Topic("food", (FOODS,), ("I like {food}.", "Do you like {food}?", "My favourite food is {food}.",
        "What do you think about {food}?", "Today I am having {food}.", "Is {food} good?",
        "Why do people like {food}?"),
          ("I really enjoy {food}.", "I could have {food} every day."),
              ("I cannot eat or drink, but many people like {food}, because it is {taste}.",
              "That is a good choice. It is {taste}."),
          follow_ups=(("What did I say that I like?", "You told me about {food}."),)),
    Topic("weather", (WEATHER,), ("{weather}.", "{weather} today.", "{weather}. What should I do?", "{weather} here.",
        "{weather} outside."), ("{weather} in my town.", "{weather}. What do you advise?"), ("{reply}.",)),
    Topic("feeling", (FEELINGS,), ("I am {feeling}.", "I feel {feeling}.", "I am so {feeling} today.",
        "Today I feel {feeling}.", "I am {feeling}. What should I do?", "I feel a bit {feeling}."),
          ("Right now I feel very {feeling}.", "I have been {feeling} all day."), ("{reply}.",), weight=1.5),
    Topic("plan", (WHEN, FREE_TIME), ("I want to {plan} {time}.", "I am going to {plan} {time}.",
        "I will {plan} {time}.", "My plan is to {plan} {time}.", "Should I {plan} {time}?"),
          ("I would like to {plan} {time}.", "I think I will {plan} {time}."),
              ("That sounds like a good plan. I hope that you enjoy it {time}.",
              "It is a nice idea to {plan}. Have fun!", "To {plan} {time} sounds like a good idea."),
          follow_ups=(("What is my plan?", "You want to {plan} {time}."), ("When was that again?",
              "You said {time}."))),
    Topic("unknown", (UNKNOWN,), ("{asked}", "Do you know this: {asked}", "Tell me: {asked}",
        "I have a question. {asked}", "{asked} Please tell me.", "Hello, {asked}", "Hi! {asked}"),
          ("One more question: {asked}", "Perhaps you know. {asked}"), ("I am sorry, I do not know {topic}. {where}.",
              "I do not know {topic}. {where}.", "I cannot know {topic}. {where}."), weight=3),
    Topic("joke", (JOKES,), ("Tell me a joke.", "Do you know a joke?", "Make me laugh.",
        "Can you tell me something funny?", "I want to hear a riddle.", "Tell me a riddle."),
        ("Please cheer me up with a joke.", "Do you have a funny riddle?"),
          ("{setup}", "Here is one: {setup}"), weight=0.8),
    Topic("capital", (CITIES,), ("What is the capital of {country}?", "Capital of {country}?",
        "Which city is the capital of {country}?", "Tell me the capital of {country}.",
        "what is the capital of {country}"),
          ("Can you name the capital of {country}?", "I forgot the capital of {country}."),
              ("The capital of {country} is {city}.",)),
    Topic("country", (CITIES,), ("In which country is {city}?", "Where is {city}?",
        "{city} is the capital of which country?"), ("Which country does {city} belong to?",),
        ("{city} is the capital of {country}.", "{city} is in {country}."), weight=0.7),
)  # fmt: skip
