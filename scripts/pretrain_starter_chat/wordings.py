"""More ways to ask the same: carriers such as "Could you tell me ..." around what is asked, by topic; and lead-ins."""

from dataclasses import dataclass
from random import Random

# {} is a name of what is asked for ("the price of tea").
NOUN_CARRIERS = (
    "What is {}?", "Tell me {}.", "Can you tell me {}?", "Could you tell me {}?", "Please tell me {}.", "Do you know {}?",
    "I want to know {}.", "I would like to know {}.", "Give me {}.", "Can you give me {}?", "Could you give me {}?",
    "I need {}.", "I forgot {}.", "Please give me {}.", "{}?", "{}, please.", "I am looking for {}.", "Say {}.",
    "I have a question about {}.", "My question is about {}.", "Do you remember {}?", "Help me with {}.",
    "Please help me to find {}.", "What do you say is {}?", "Name {}.", "I am asking for {}.", "Which one is {}?",
)  # fmt: skip
# {} is an indirect question ("where a cat lives").
CLAUSE_CARRIERS = (
    "Tell me {}.", "Can you tell me {}?", "Could you tell me {}?", "Please tell me {}.", "Do you know {}?", "Explain {}.",
    "Can you explain {}?", "Could you explain {}?", "Please explain {} to me.", "I want to know {}.", "I wonder {}.",
    "I would like to know {}.", "I do not know {}.", "I want to learn {}.", "I am asking {}.", "My question is {}.",
    "Please help me to understand {}.", "Can you say {}?", "Perhaps you know {}.", "I forgot {}.", "Let me know {}.",
)  # fmt: skip
# {} is something to do ("write a poem about the sea").
REQUEST_CARRIERS = (
    "{}.", "Please {}.", "Can you {}?", "Could you {}?", "Would you {}?", "I want you to {}.", "I would like you to {}.",
    "{}, please.", "{} for me.", "Now {}.", "I need you to {}.", "Will you {}?", "Let us see: {}.", "Kindly {}.",
    "Are you able to {}?", "Could you please {}?", "Your task: {}.", "Try to {}.",
)  # fmt: skip
# {} is a whole statement ("I feel sad").
STATEMENT_CARRIERS = (
    "{}.", "{}!", "Hello, {}.", "You know, {}.", "I must say that {}.", "I have to tell you: {}.", "Well, {}.", "So {}.",
    "Listen: {}.", "Today I can say: {}.", "I think {}.", "Believe me, {}.", "As I said, {}.",
)  # fmt: skip
LEAD_INS = (
    "I have a question.", "One question:", "Quick question:", "Excuse me.", "Hello.", "Hi!", "Good morning.", "By the way,",
    "Sorry to ask.", "Please help me.", "Now something else.", "Tell me:", "One more thing.", "I am curious.", "Okay.", "Next:",
    "I need your help.", "Let us go on.",
)  # fmt: skip


@dataclass(frozen=True)
class Ways:
    """What stands in the carriers for one topic; each a template with the topic's slots."""

    nouns: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()

    def draw(self, random: Random) -> str:
        """One wording, still with slots."""
        kinds = (
            (self.nouns, NOUN_CARRIERS), (self.clauses, CLAUSE_CARRIERS),
            (self.requests, REQUEST_CARRIERS), (self.statements, STATEMENT_CARRIERS),
        )  # fmt: skip
        choices = [(core, carriers) for cores, carriers in kinds for core in cores]
        core, carriers = random.choice(choices)
        return random.choice(carriers).replace("{}", core)


def lead_in(text: str, random: Random) -> str:
    """Now and then something stands before the question."""
    return f"{random.choice(LEAD_INS)} {text}" if random.random() < 0.15 else text


SUM = "work out {a} + {b}", "add {a} and {b}", "calculate {a} plus {b}", "solve {a} + {b}"
NOTE = "a note", "a letter", "a message", "some lines", "a text"
WAYS: dict[str, Ways] = {
    "thing": Ways(
        ("the meaning of {thing}", "the meaning of the word {thing}", "a definition of {a} {thing}", "{a} {thing}", "information about {a} {thing}"),
        ("what {a} {thing} is", "what {thing} means", "what we call {a} {thing}", "what kind of thing {a} {thing} is"),
        ("define {a} {thing}", "explain {a} {thing}", "describe {a} {thing}", "explain the meaning of {thing}", "describe what {a} {thing} is")),
    "thing use": Ways(("the use of {a} {thing}", "the job of {a} {thing}"), ("what {a} {thing} does", "what {a} {thing} is for", "why we have {a} {thing}", "what people do with {a} {thing}", "why {a} {thing} is useful"), ("explain the use of {a} {thing}",)),
    "thing place": Ways(("the place of {a} {thing}", "the usual place for {a} {thing}"), ("where I find {a} {thing}", "where {a} {thing} is", "where to look for {a} {thing}", "in which place {a} {thing} is kept"), ("help me find {a} {thing}",)),
    "animal": Ways(("{a} {animal}", "some facts about the {animal}", "information about {a} {animal}"), ("what {a} {animal} is", "something about {a} {animal}", "more about the {animal}"), ("describe the {animal}", "tell me about {a} {animal}", "teach me about the {animal}", "say something about {a} {animal}")),
    "animal food": Ways(("the food of {a} {animal}", "the favourite food of the {animal}"), ("what {a} {animal} eats", "what the {animal} likes to eat", "which food the {animal} needs", "what kind of food {a} {animal} eats")),
    "animal home": Ways(("the home of {a} {animal}", "the place where the {animal} lives"), ("where {a} {animal} lives", "where the {animal} lives", "where I can find {a} {animal}", "in which place the {animal} lives")),
    "job": Ways(("the job of {a} {job}", "the work of {a} {job}"), ("what {a} {job} does", "what {a} {job} is", "what kind of work {a} {job} has"), ("describe the job of {a} {job}", "explain the work of {a} {job}")),
    "idea": Ways(("the meaning of {idea}", "a definition of {idea}", "{idea}"), ("what {idea} is", "what is meant by {idea}"), ("explain {idea}", "define {idea}", "describe {idea}", "explain {idea} in simple words")),
    "hours": Ways(("the opening hours", "the opening hours of the {shop}", "your opening hours", "the opening times of the {brand} {shop}"), ("when you are open", "when the {shop} is open", "at what time the {brand} {shop} opens", "when I can come", "when I can visit the {shop}", "at what times you are open")),
    "open on a day": Ways((), ("whether you are open on {day}", "if the {shop} is open on {day}", "whether I can come on {day}", "if I can visit you on {day}"), ("tell me if you are open on {day}",), ("I want to visit the {shop} on {day}", "I plan to come on {day}")),
    "closed on a day": Ways((), ("whether you are open on {closed}", "if the {shop} is open on {closed}", "whether I can come on {closed}", "if I can visit you on {closed}"), ("tell me if you are open on {closed}",), ("I want to visit the {shop} on {closed}", "I plan to come on {closed}")),
    "hours unknown": Ways(("the opening hours of the {shop}", "the opening times of the {brand} {shop}"), ("when the {shop} is open", "when the {brand} {shop} opens", "at what time the {shop} closes", "whether the {shop} is open now", "when I can visit the {shop}")),
    "place of a shop": Ways(("the address of the {shop}", "the way to the {shop}", "your address", "the place of the {brand} {shop}"), ("where the {shop} is", "where you are", "how I get to you", "where I find the {brand} {shop}", "how to find the {shop}")),
    "order": Ways(("the status of order {number}", "the state of my order {number}", "news about order {number}", "order {number}", "my {item}, order {number}"), ("where order {number} is", "what happens with order {number}", "when order {number} comes", "how order {number} is doing"), ("check order {number}", "look for order {number}", "find my order {number}"), ("I am waiting for order {number}",)),
    "order unknown": Ways(("the status of my {item}", "news about my {item}"), ("where my {item} is", "when my {item} comes", "what happened to my {colour} {item}"), ("find my {item}", "check my order of a {item}", "look for my {colour} {item}"), ("my {item} has not come", "I did not get my {colour} {item}", "the {item} that I ordered is not here", "I still wait for the {item}")),
    "broken": Ways((), ("how to return the {item}", "what to do with a broken {item}"), ("take back the {item}", "repair my {item}"), ("my {colour} {item} is broken", "the {item} does not work", "the {item} has a fault", "I do not like the {item} and want to send it back", "there is a problem with the {item}", "I want to give back the {colour} {item}")),
    "price": Ways(("the price of {dish}", "the price for {dish}"), ("how much {dish} is", "what {dish} costs", "how many euros {dish} costs", "what I pay for {dish}")),
    "menu": Ways(("the menu", "a menu", "your menu"), ("what you have", "what I can eat here", "what you sell", "which things you have"), ("show me the menu",), ("I want to order something",)),
    "wish for food": Ways(("{dish}", "{dish} and {other}"), (), ("bring me {dish}", "bring me {dish} and {other}"), ("I would like to have {dish}", "I will take {dish}", "I want to order {dish}", "we take {dish} and {other}")),
    "table": Ways(("a table for {people} on {day}", "a table for {people} on {day} at {hour}"), ("whether you have a table for {people} on {day}",), ("book a table for {people} on {day}", "keep a table for {people} on {day}", "note a table for {people} on {day} at {hour}"), ("we would like to come on {day}, {people} people", "I want to book a table for {people} on {day}")),
    "add": Ways(("{a} plus {b}", "{a} + {b}", "the sum of {a} and {b}", "the result of {a} + {b}"), ("how much {a} plus {b} is", "what {a} + {b} is"), SUM),
    "subtract": Ways(("{a} minus {b}", "{a} - {b}", "the difference of {a} and {b}", "the result of {a} - {b}"), ("how much {a} minus {b} is", "what {a} - {b} is"), ("work out {a} minus {b}", "take {b} from {a}", "calculate {a} - {b}", "solve {a} - {b}")),
    "multiply": Ways(("{a} times {b}", "{a} x {b}", "the product of {a} and {b}", "the result of {a} x {b}"), ("how much {a} times {b} is", "what {a} times {b} is"), ("work out {a} x {b}", "multiply {a} by {b}", "multiply {a} and {b}", "calculate {a} * {b}")),
    "together": Ways((), ("how many {objects} {a} {objects} and {b} {objects} are", "how many {objects} {who} has with {a} {objects} and {b} more"), ("add {a} {objects} and {b} {objects}",), ("{who} has {a} {objects} and finds {b} more. How many {objects} are there", "{who} owns {a} {objects} and buys {b} more. How many is that", "{who} gets {a} {objects} from me and {b} {objects} from a friend. How many are there in all")),
    "left over": Ways((), ("how many {objects} are left if {who} has {a} and gives away {b}",), (), ("{who} has {a} {objects} and sells {b}. How many are left", "{who} had {a} {objects} and {b} are gone. How many {objects} are there", "{who} begins with {a} {objects} and eats {b}. How many remain")),
    "next day": Ways(("the {kind} {word} {one}", "the name of the {kind} {word} {one}"), ("which {kind} comes {word} {one}", "what comes {word} {one}"), ("name the {kind} {word} {one}", "say the {kind} {word} {one}")),
    "larger": Ways(("the larger of {a} and {b}", "the larger number, {a} or {b}", "the bigger of the two numbers {a} and {b}"), ("which is larger, {a} or {b}", "which of {a} and {b} is more", "which number is bigger, {a} or {b}"), ("compare {a} and {b}", "compare the numbers {a} and {b}")),
    "count": Ways(("the numbers from {start} to {end}", "all numbers from {start} to {end}"), (), ("count from {start} to {end}", "write the numbers from {start} to {end}", "say the numbers from {start} to {end}", "count up from {start} to {end}")),
    "opposite": Ways(("the opposite of {word}", "the opposite of the word {word}", "a word that is the opposite of {word}"), ("which word is the opposite of {word}", "what the opposite of {word} is"), ("say the opposite of {word}", "find the opposite of {word}", "write the opposite of {word}")),
    "name some": Ways(("{word} {group}", "the names of {word} {group}", "{word} examples of {group}"), ("which {group} you know", "which {group} there are, {word} of them"), ("name {word} {group}", "think of {word} {group}", "say {word} {group}", "find {word} {group}")),
    "list some": Ways(("a list of {word} {group}", "a list with {word} {group}", "a short list of {word} {group}"), (), ("list {word} {group}", "write a list of {word} {group}", "make a list with {word} {group}", "write {word} {group} in a list", "put {word} {group} in a list")),
    "colour": Ways(("the colour of {what}", "the usual colour of {what}, the normal one"), ("what colour {what} {is}", "which colour {what} {is}"), ("name the colour of {what}",)),
    "sizes": Ways((), ("which is {word}, {one} or {other}", "what is {word}, {one} or {other}", "which of the two is {word}, {one} or {other}"), ("compare {one} and {other} and say which is {word}",)),
    "belongs": Ways((), ("whether \"{member}\" belongs to the {group}", "if \"{member}\" is one of the {group}"), ("say if \"{member}\" is among the {group}",)),
    "does not belong": Ways((), ("whether \"{wrong}\" belongs to the {group}", "if \"{wrong}\" is one of the {group}"), ("say if \"{wrong}\" is among the {group}",)),
    "sentence": Ways(("a sentence with the word {thing}", "a sentence about {a} {thing}"), (), ("write a sentence with {thing}", "make a sentence about {a} {thing}", "use {thing} in a sentence", "form a sentence about {a} {thing}")),
    "animal sentence": Ways(("a sentence about the {animal}", "a sentence with the word {animal}"), (), ("write a sentence about the {animal}", "make a sentence about {a} {animal}", "use {animal} in a sentence", "form a sentence with {animal}")),
    "greeting": Ways((), (), (), ("{hello}, I am here", "{hello}, it is me", "{hello}, I want to talk to you", "{hello}, can we talk")),
    "greeting by name": Ways((), (), ("call me {who}",), ("{hello}, this is {who}", "I am called {who}", "{hello}, {who} is my name", "friends call me {who}", "you may call me {who}", "my name is {who}")),
    "how are you": Ways((), ("how you are", "how you feel today", "whether you are well", "how your day is"), ("tell me how you are",)),
    "who are you": Ways(("your name",), ("who you are", "what you are", "whether you are a person", "if you are a robot", "if I talk to a human"), ("introduce yourself", "describe yourself")),
    "what can you do": Ways((), ("what you can do", "how you can help me", "what you are able to do", "what I can ask you", "which questions you can answer", "what kind of help you offer")),
    "thanks": Ways((), (), (), ("thank you for that", "thanks a lot", "thank you so much", "that was a great help", "I thank you", "thanks for the answer", "this helps me a lot")),
    "goodbye": Ways((), (), (), ("I must go", "I am going now", "bye for now", "see you tomorrow", "I have to leave", "goodbye, my friend", "I say goodbye", "we talk again later")),
    "hobby": Ways((), ("what you think about {hobby}", "whether {hobby} is a good hobby", "why people like {hobby}"), (), ("I really like {hobby}", "I enjoy {hobby}", "my favourite hobby is {hobby}", "I want to start {hobby}", "I often spend my time with {hobby}", "{hobby} is great", "I am good at {hobby}")),
    "hobby question": Ways((), (), (), ("my friend {who} enjoys {hobby}", "{who} is a friend of mine and likes {hobby}", "I know {who}, who loves {hobby}", "{who} often talks about {hobby}")),
    "food": Ways((), ("what you think about {food}", "whether {food} is good", "why people like {food}"), (), ("I love {food}", "I enjoy {food}", "I want some {food}", "I often have {food}", "{food} is my favourite", "I had {food} today", "I could eat {food} all day")),
    "weather": Ways((), ("what to do when {weather}",), (), ("{weather} now", "{weather} and I want to go out", "{weather} in our street", "{weather} this morning. What should I do", "{weather}. What do you say")),
    "feeling": Ways((), ("what to do when I am {feeling}",), (), ("I am very {feeling}", "I feel really {feeling}", "I am a little {feeling}", "I was {feeling} all morning", "I have felt {feeling} since yesterday", "I am feeling {feeling}", "this makes me {feeling}")),
    "plan": Ways((), ("whether I should {plan} {time}", "if it is good to {plan} {time}"), (), ("I plan to {plan} {time}", "{time} I will {plan}", "I hope to {plan} {time}", "we want to {plan} {time}", "I have decided to {plan} {time}")),
    "unknown": Ways((), (), (), ("{asked}",)),
    "joke": Ways(("a joke", "a riddle", "something funny", "a good joke"), (), ("tell a joke", "make me smile", "tell me a funny riddle", "cheer me up", "say something funny")),
    "capital": Ways(("the capital of {country}", "the capital city of {country}", "the name of the capital of {country}"), ("which city is the capital of {country}", "what the capital of {country} is"), ("name the capital city of {country}",)),
    "country": Ways(("the country of {city}", "the country in which {city} is"), ("in which country {city} is", "where {city} is", "which country has {city} as its capital"), ("name the country of {city}",)),
    "repeat a name": Ways((), (), ("repeat: {who} has a {colour} {item}", "say: {who} has a {colour} {item}", "copy this sentence: {who} has a {colour} {item}", "write down: {who} has a {colour} {item}", "repeat these words: {who} has a {colour} {item}")),
    "who has it": Ways((), (), (), ("{who} found a {colour} {item} {spot}. Who found it", "{who} forgot a {colour} {item} {spot}. Tell me who forgot the {item}", "the {colour} {item} {spot} belongs to {who}. Who has the {item}", "read: {who} saw a {colour} {item} {spot}. Who saw it", "look at this text: {who} lost a {colour} {item} {spot}. Who lost it")),
    "which colour has it": Ways((), (), (), ("{who} found a {colour} {item} {spot}. What colour is the {item}", "{who} forgot a {colour} {item} {spot}. Tell me the colour of the {item}", "the {colour} {item} {spot} belongs to {who}. Which colour does it have", "read: {who} saw a {colour} {item} {spot}. What colour did it have", "look at this text: {who} lost a {colour} {item} {spot}. What colour was the {item}")),
    "polite": Ways(("a polite way to say: {order}", "a polite question for: {order}"), (), ("make this sentence polite: {order}", "say this in a polite way: {order}", "turn this into a polite sentence: {order}", "rewrite this politely: {order}", "change this into a polite request: {order}")),
    "past": Ways(("the past of {base}", "the past tense of {base}", "the past of the word {base}", "the past of the verb {base}"), ("what the past of {base} is", "how {base} looks in the past"), ("put {base} into the past", "write {base} in the past", "say the past tense of {base}")),
    "plural": Ways(("the plural of {one}", "the plural of the word {one}", "more than one {one}"), ("what the plural of {one} is", "how to write more than one {one}"), ("put {one} into the plural", "write the plural of {one}", "say the plural of {one}")),
    "mood": Ways(("the mood of this: The {subject} {verdict}",), ("whether this is positive or negative: The {subject} {verdict}", "if this is negative or positive: The {subject} {verdict}"), ("say if this is positive or negative: The {subject} {verdict}", "judge this sentence: The {subject} {verdict}", "sort this into positive or negative: The {subject} {verdict}"), ("the {subject} {verdict}. Is that positive or negative", "here is a sentence: The {subject} {verdict}. Does it sound good or bad")),
    "suggest": Ways(("an idea {need}", "some ideas {need}", "a good idea {need}", "something {need}"), ("what you suggest {need}", "what is good {need}", "what you recommend {need}"), ("suggest something {need}", "recommend an idea {need}", "find something {need}", "help me find something {need}"), ("I have no idea what to take {need}",)),
    "beyond me": Ways(("{subject}", "information about {subject}", "the facts about {subject}", "a lesson on {subject}"), ("how {subject} works", "something about {subject}", "what {subject} means", "more about {subject}"), ("explain {subject}", "write about {subject}", "teach me {subject}", "tell me all about {subject}", "describe {subject}")),
    "made-up word": Ways(("a {nonsense}", "the meaning of {nonsense}", "the word {nonsense}", "a definition of {nonsense}"), ("what a {nonsense} is", "what {nonsense} means", "where I find a {nonsense}"), ("explain the word {nonsense}", "describe a {nonsense}", "define the word {nonsense}")),
    "half and double": Ways(("half of {twice}", "the half of {twice}"), ("how much half of {twice} is", "what half of {twice} is"), ("work out half of {twice}", "divide {twice} by two")),
    "story": Ways(("a story about {a2} {trait} {animal}", "a short story about {a} {animal}", "a tale about {a2} {trait} {animal}", "a story with {a} {animal}", "a story about {a} {animal} {scene}"), (), ("tell a story about {a2} {trait} {animal}", "write a short story about {a} {animal}", "make up a story about {a} {animal} {scene}", "invent a story about {a2} {trait} {animal}", "tell me a tale of {a} {animal}", "write a story in which {a} {animal} {wish}"), ("I want to read a story about {a2} {trait} {animal}", "my child wants a story about {a} {animal}")),
    "steps": Ways(("the steps to {task}", "a list of steps to {task}", "a plan to {task}"), ("how to {task}", "how I can {task}", "how I {task}", "what I need to do to {task}", "in which steps I {task}"), ("explain how to {task}", "help me to {task}", "teach me to {task}", "list the steps to {task}"), ("I want to {task}", "I have to {task} and do not know how", "I would like to learn how to {task}")),
    "thank-you note": Ways(tuple(f"{kind} of thanks to {{who}} for {{gift}}" for kind in NOTE), (), ("thank {who} for {gift}", "write to {who} and say thank you for {gift}", "write a few words of thanks to {who} for {gift}", "help me to thank {who} for {gift}")),
    "invitation": Ways(("an invitation to {who} for {event} on {day}", "an invitation for {who} to {event} on {day}", "a letter to {who} about {event} on {day}"), (), ("invite {who} to {event} on {day}", "write an invitation for {who} to {event} on {day}", "ask {who} to come to {event} on {day}", "send {who} an invitation to {event} on {day}")),
    "poem": Ways(("a poem about {thing}", "a short poem about {thing}", "some lines about {thing}, as a poem", "a little rhyme about {thing}"), (), ("write a poem about {thing}", "make a poem about {thing}", "write some verses about {thing}", "tell me a little poem about {thing}")),
    "apology": Ways(tuple(f"{kind} to {{who}} that I cannot come on {{day}}" for kind in NOTE), (), ("tell {who} that I am not there on {day}", "write to {who} that I cannot come on {day}", "say sorry to {who} because I am ill on {day}", "send {who} a message that I cannot be there on {day}", "draft a note to {who} that I stay at home on {day}")),
}  # fmt: skip
