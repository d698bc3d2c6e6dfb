"""Shops and their customers: opening hours, orders, prices, tables; facts come from the system message or are not known."""

from random import Random

from scripts.pretrain_starter_chat.phrases import Row, Topic, pool, table

SHOPS = table(
    "shop place",
    """
bakery | in the bakery
library | in the library
museum | in the museum
book shop | in the book shop
cafe | in the cafe
swimming pool | at the swimming pool
post office | at the post office
pharmacy | in the pharmacy
flower shop | in the flower shop
bike shop | in the bike shop
toy shop | in the toy shop
restaurant | in the restaurant
garden centre | in the garden centre
hair salon | in the hair salon
market hall | in the market hall
shoe shop | in the shoe shop
zoo | at the zoo
cinema | in the cinema
""",
)
NAMES = pool(
    "brand",
    "Bluebird, Sunrise, Old Mill, Green Leaf, Harbour, Riverside, Corner, Golden Key, Maple, Silver Star, "
    "Hilltop, North Gate, Little Owl, Red Door, Park Lane, Happy Fox",
)
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
GOODS = pool(
    "item",
    "lamp, jacket, book, chair, backpack, coffee machine, kettle, phone, pair of shoes, winter coat, board game, toaster, "
    "desk, tent, bicycle, guitar, blanket, watch, camera, radio, umbrella, mirror, carpet, set of cups, pillow, scarf",
)
COLOURS = pool("colour", "red, blue, green, black, white, yellow, brown, grey")
MENU = pool(
    "dish",
    "tea, coffee, cake, soup, a sandwich, hot chocolate, apple juice, a salad, pancakes, ice cream, lemonade, a bagel, "
    "a cheese toast, a bowl of rice, an omelette, a muffin",
)
SIDE = pool("other", "milk, water, a cookie, orange juice, bread, a croissant, fruit, a waffle")
PLACES = pool(
    "spot",
    "next to the station, near the church, behind the town hall, opposite the park, beside the river, "
    "in the main street, at the corner of Mill Road, in the old town, close to the bridge",
)


def _hours(row: Row, random: Random) -> Row:
    first, last = random.choice(((0, 4), (0, 5), (1, 5), (1, 6), (0, 6), (2, 6)))
    opens, closes = random.randint(6, 11), random.randint(4, 10)
    closed = [day for number, day in enumerate(WEEK) if not first <= number <= last]
    day = random.choice(WEEK[first : last + 1])
    return {
        "first": WEEK[first],
        "last": WEEK[last],
        "opens": str(opens),
        "closes": str(closes),
        "day": day,
        "closed": random.choice(closed) if closed else "public holidays",
    }


def _order(row: Row, random: Random) -> Row:
    state, news = random.choice(
        (
            ("on its way", "It should arrive in {n} days."),
            ("packed", "It leaves our house tomorrow."),
            ("delivered", "It was delivered {n} days ago."),
            ("waiting for payment", "We send it as soon as you have paid."),
            ("cancelled", "It was cancelled {n} days ago."),
            ("delayed", "It is late and should arrive in {n} days."),
            ("ready for pick-up", "You can pick it up in our shop."),
        )
    )
    return {"number": str(random.randint(100, 9999)), "state": state, "news": news.format(n=random.randint(2, 9))}


def _price(row: Row, random: Random) -> Row:
    price, other = random.sample(range(1, 13), 2)
    return {
        "price": str(price),
        "other_price": str(other),
        "euros": "euro" if price == 1 else "euros",
        "other_euros": "euro" if other == 1 else "euros",
    }


def _visit(row: Row, random: Random) -> Row:
    return {
        "people": random.choice(("two", "three", "four", "five", "six", "eight")),
        "day": random.choice(WEEK),
        "hour": str(random.randint(5, 9)),
        "guest": random.choice(("Anna", "Tom", "Maria", "Ben", "Lena", "Omar", "Sara", "Paul")),
    }


HOURS_FACTS = (
    "The {brand} {shop} is open from {first} to {last}, {opens} am to {closes} pm. It is closed on {closed}.",
    "You help the customers of the {brand} {shop}. Opening hours: {first} to {last}, {opens} am to {closes} pm. Closed on {closed}.",
    "Opening hours of the {brand} {shop}: {first} to {last}, {opens} am to {closes} pm, closed on {closed}.",
)
HOURS_KEY = ("brand", "shop", "opens", "closes")
ORDER_FACTS = (
    "Order {number} is {state}. {news}",
    "Facts: order {number}, {colour} {item}, {state}. {news}",
    "You work for an online shop. Order {number} ({colour} {item}) is {state}. {news}",
)

TOPICS = (
    Topic(
        "hours",
        (NAMES, SHOPS),
        (
            "When are you open?",
            "What are your opening hours?",
            "When does the {shop} open?",
            "When is the {shop} open?",
            "what are the opening hours of the {shop}?",
            "Can you tell me the opening hours?",
            "Until when are you open?",
            "Hello, when is the {brand} {shop} open?",
            "Please tell me when I can come to the {shop}.",
            "opening hours?",
        ),
        ("At what time can I visit the {shop}?", "Could you give me the opening hours of the {brand} {shop}?"),
        (
            "The {brand} {shop} is open from {first} to {last}, {opens} am to {closes} pm.",
            "We are open from {first} to {last}, from {opens} am to {closes} pm. We are closed on {closed}.",
        ),
        derive=_hours,
        facts=HOURS_FACTS,
        key=HOURS_KEY,
        weight=3,
        follow_ups=(
            ("[And are|Are] you open on {closed}?", "No, we are closed on {closed}."),
            ("[And on|What about] {day}?", "Yes, on {day} we are open from {opens} am to {closes} pm."),
            ("When do you close?", "We close at {closes} pm."),
            ("When do you open?", "We open at {opens} am."),
        ),
    ),
    Topic(
        "open on a day",
        (NAMES, SHOPS),
        (
            "Are you open on {day}?",
            "Is the {shop} open on {day}?",
            "Can I come on {day}?",
            "I want to come on {day}. Are you open?",
            "Is the {brand} {shop} open on {day}?",
        ),
        ("Could I visit the {shop} on {day}?", "Will you be open on {day}?"),
        (
            "Yes, on {day} we are open from {opens} am to {closes} pm.",
            "Yes, the {shop} is open on {day} from {opens} am to {closes} pm.",
        ),
        derive=_hours,
        facts=HOURS_FACTS,
        key=HOURS_KEY,
        weight=1.5,
    ),
    Topic(
        "closed on a day",
        (NAMES, SHOPS),
        (
            "Are you open on {closed}?",
            "Is the {shop} open on {closed}?",
            "Can I come on {closed}?",
            "I want to come on {closed}. Are you open?",
        ),
        ("Could I visit the {shop} on {closed}?", "Will you be open on {closed}?"),
        (
            "No, we are closed on {closed}.",
            "I am sorry, the {shop} is closed on {closed}. We are open from {first} to {last}.",
        ),
        derive=_hours,
        facts=HOURS_FACTS,
        key=HOURS_KEY,
        weight=1.5,
    ),
    Topic(
        "hours unknown",
        (NAMES, SHOPS),
        (
            "When is the {brand} {shop} open?",
            "When does the {shop} open?",
            "What are the opening hours of the {shop}?",
            "Is the {brand} {shop} open today?",
            "When does the {brand} {shop} close?",
            "Is the {shop} open on Sunday?",
            "Is the {shop} still open?",
        ),
        ("Do you know the opening hours of the {brand} {shop}?", "At what time does the {shop} open in the morning?"),
        (
            "I do not know the opening hours of the {shop}. Please look at its website or at the sign on the door.",
            "I am sorry, I do not know when the {shop} is open. You could call them and ask.",
        ),
        weight=1.5,
    ),
    Topic(
        "place of a shop",
        (NAMES, SHOPS, PLACES),
        (
            "Where are you?",
            "Where is the {shop}?",
            "How do I find the {shop}?",
            "What is your address?",
            "Where can I find the {brand} {shop}?",
        ),
        ("Where exactly is the {brand} {shop}?", "How do I get to the {shop}?"),
        ("The {brand} {shop} is {spot}.", "You find us {spot}."),
        facts=("The {brand} {shop} is {spot}.", "You help the guests of the {brand} {shop}. It is {spot}."),
        weight=1.5,
    ),
    Topic(
        "order",
        (GOODS, COLOURS),
        (
            "Where is my order {number}?",
            "What is the status of order {number}?",
            "I ordered a {colour} {item}. Where is it? The order number is {number}.",
            "Can you check order {number}?",
            "Has order {number} been sent?",
            "order {number}?",
            "Hello, I am waiting for my {item}, order {number}.",
            "When will my {item} arrive? My order number is {number}.",
        ),
        ("Could you look up order {number} for me?", "I would like to know what happened to order {number}."),
        ("Your order {number} is {state}. {news}", "Order {number} is {state}. {news}"),
        derive=_order,
        facts=ORDER_FACTS,
        key=("item", "colour", "state"),
        weight=3,
        follow_ups=(
            ("[So what|What] is the status?", "It is {state}."),
            ("[Which number was that?|What is my order number?]", "Your order number is {number}."),
        ),
    ),
    Topic(
        "order unknown",
        (GOODS, COLOURS),
        (
            "Where is my order?",
            "Where is my {item}?",
            "I ordered a {colour} {item}. When will it come?",
            "My {colour} {item} did not arrive.",
            "When will my {item} arrive?",
            "I am waiting for my {item}.",
            "Has my {item} been sent?",
            "My {item} is late.",
            "I bought a {colour} {item} last week and it is not here.",
        ),
        ("I have not received my {colour} {item} yet.", "Could you tell me where my {item} is?"),
        (
            "I am sorry to hear that. I cannot see your order of the {item}. Please give me the order number or ask the shop.",
            "I am sorry, I cannot look up your {item}. The shop that sold it can tell you where it is.",
            "I cannot see where your {item} is. Please look at the e-mail from the shop.",
        ),
        weight=2,
    ),
    Topic(
        "broken",
        (GOODS, COLOURS),
        (
            "My {item} is broken.",
            "The {item} arrived broken.",
            "My new {item} does not work.",
            "I want to return the {item}.",
            "The {colour} {item} has the wrong colour.",
            "I want my money back for the {item}.",
            "How do I send back the {colour} {item}?",
        ),
        ("There is something wrong with my {colour} {item}.", "I would like to give the {item} back."),
        (
            "I am sorry about the {item}. Please send it back to the shop with the bill, and ask for a new one or for your money.",
            "I am sorry to hear that. Keep the bill of the {item} and write to the shop. They should help you.",
        ),
        weight=1.5,
    ),
    Topic(
        "price",
        (MENU, SIDE),
        (
            "How much is {dish}?",
            "What does {dish} cost?",
            "What is the price of {dish}?",
            "I would like {dish}. How much is it?",
            "how much do I pay for {dish}?",
        ),
        ("Could you tell me the price of {dish}?", "How many euros do I pay for {dish}?"),
        (
            "That is {price} {euros}: {dish}.",
            "{dish} costs {price} {euros}.",
            "The price of {dish} is {price} {euros}.",
        ),
        derive=_price,
        weight=2,
        follow_ups=(("And {other}?", "{other} costs {other_price} {other_euros}."),),
        key=("dish", "price"),
        facts=(
            "Prices: {dish} {price} {euros}, {other} {other_price} {other_euros}.",
            "Prices: {other} {other_price} {other_euros}, {dish} {price} {euros}.",
            "You work in a cafe. {dish} costs {price} {euros}, {other} costs {other_price} {other_euros}.",
        ),
    ),
    Topic(
        "menu",
        (MENU, SIDE),
        ("What do you have?", "What can I order?", "What do you sell?", "What is on the menu?", "May I see the menu?"),
        ("Which things can I buy here?", "What can I get in your cafe?"),
        (
            "We have {dish} for {price} {euros} and {other} for {other_price} {other_euros}.",
            "You can order {dish} or {other}.",
        ),
        derive=_price,
        facts=("You work in a cafe. The menu: {dish} {price} {euros}, {other} {other_price} {other_euros}.",),
        key=("dish", "other"),
    ),
    Topic(
        "wish for food",
        (MENU, SIDE),
        (
            "I would like {dish}, please.",
            "Can I have {dish}?",
            "I want {dish} and {other}.",
            "{dish}, please.",
            "Could I get {dish} and {other}?",
        ),
        ("May I order {dish} and {other}?", "One order of {dish}, please."),
        ("Sure, {dish}. Would you like {other} with it?", "Of course. One order of {dish}. Anything else?"),
        facts=(
            "You are a waiter in a small cafe.",
            "You work in a cafe and take orders.",
            "You take the orders of the guests.",
        ),
        follow_ups=(
            ("No, thank you. [That is all.|]", "Thank you for your order. Enjoy it!"),
            ("Yes, please.", "Very well, I have noted {other} as well."),
        ),
    ),
    Topic(
        "table",
        (NAMES,),
        (
            "I would like a table for {people} on {day}.",
            "Do you have a table for {people} on {day} at {hour}?",
            "Can I book a table for {people}, {day} at {hour}?",
            "We are {people} people and want to come on {day}.",
        ),
        ("Please keep a table for {people} on {day} at {hour}.", "Is there a free table for {people} on {day}?"),
        (
            "With pleasure. A table for {people} on {day} at {hour} pm. What is your name?",
            "Yes, I can note a table for {people} on {day} at {hour} pm. What is your name, please?",
        ),
        derive=_visit,
        key=("people", "day", "hour"),
        follow_ups=(
            ("{guest}.", "Thank you, {guest}. The table for {people} on {day} is noted."),
            ("My name is {guest}.", "Thank you, {guest}. We look forward to {day}."),
        ),
        facts=(
            "You take table bookings for the {brand} restaurant.",
            "You work for the {brand} cafe. Guests can book a table at {hour} pm.",
        ),
    ),
)
