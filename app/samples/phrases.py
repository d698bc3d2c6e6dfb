"""The phrases of the samples: openings, cores by label with ``{slots}``, asides, closings."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """What one sample's sentences are made of; an aside mentions a label's topic as something already settled."""

    openings: tuple[str, ...]
    closings: tuple[str, ...]
    slots: dict[str, tuple[str, ...]]
    cores: dict[str, tuple[str, ...]]
    asides: dict[str, tuple[str, ...]]


SHOP = Phrases(
    openings=("Hello,", "Hi there,", "Good morning.", "Dear team,", "Quick question:", "Hi,", "Hey,", "Good evening."),
    closings=(
        "Thanks in advance.", "Please get back to me soon.", "Many thanks!", "Kind regards", "I look forward to your reply.",
        "Could you help me?", "This is rather urgent.", "Thank you.",
    ),
    slots={
        "item": ("desk lamp", "rain jacket", "coffee grinder", "backpack", "pair of headphones", "office chair",
                 "water bottle", "bicycle light", "winter coat", "board game", "toaster", "yoga mat"),
        "days": ("three days", "a week", "nine days", "almost two weeks", "a month", "ten days"),
        "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"),
        "place": ("Leeds", "Hamburg", "Dublin", "Oslo", "Vienna", "Lyon"),
        "money": ("12 euros", "49 pounds", "30 dollars", "the full price", "a delivery fee", "15 euros"),
        "colour": ("dark green", "grey", "navy blue", "red", "sand"),
        "part": ("zip", "handle", "screen", "left strap", "power button", "lid"),
    },
    cores={
        "delivery": (
            "my {item} was due on {day} and still is not here.",
            "the tracking page has not changed for {days}.",
            "can you tell me where my parcel is? I ordered a {item} {days} ago.",
            "the courier says the parcel was handed over, but nobody at my address has it.",
            "how long does shipping to {place} usually take?",
            "is it possible to send the {item} to a pick-up point in {place}?",
            "only half of my order arrived, the {item} is missing from the box.",
            "I will be away on {day}; can the driver leave the {item} with a neighbour?",
            "my order says shipped for {days} without any movement.",
            "please deliver to my office in {place} instead of my home.",
        ),
        "refund": (
            "I sent the {item} back {days} ago and have not seen my money.",
            "when will {money} be paid back to my card?",
            "you only refunded part of what I paid for the {item}.",
            "I cancelled on {day} but {money} was taken anyway, please return it.",
            "I would like my money back for the {item}.",
            "the refund was announced on {day}, yet nothing reached my account.",
            "do I get {money} back if I return the {item} within {days}?",
            "please pay the refund to another bank account, the old one is closed.",
            "I was promised a refund of {money} on {day}.",
            "why does it take {days} to give me my money back?",
        ),
        "damaged_item": (
            "the {item} arrived with a broken {part}.",
            "there is a deep scratch on my new {item}.",
            "the {part} of the {item} came off after {days}.",
            "my {item} does not work at all, I tried everything in the manual.",
            "I unpacked the {item} on {day} and the {part} was cracked.",
            "the box was crushed and the {item} inside is bent.",
            "after {days} of normal use the {part} has stopped working.",
            "you sent me a faulty {item}, it makes a strange noise.",
            "the {colour} {item} has a stain and a torn {part}.",
            "is a loose {part} covered by the warranty of the {item}?",
        ),
        "billing": (
            "I was charged twice for the {item}.",
            "my invoice from {day} shows {money} that I cannot explain.",
            "could you send me an invoice with my company's name for the {item}?",
            "the payment for my {item} failed although my card is fine.",
            "can I pay for the {item} in three parts?",
            "the tax on my bill for {place} looks wrong.",
            "a voucher of {money} was not taken off the bill.",
            "I need a receipt for the {item} that I bought on {day}.",
            "why does my statement show {money} from your shop?",
            "which cards do you accept for orders from {place}?",
        ),
        "account": (
            "I cannot sign in since {day}, it says the password is wrong.",
            "the link to reset my password never arrives.",
            "please change the e-mail address of my account.",
            "how do I delete my account and everything you know about me?",
            "my account has been locked for {days}.",
            "I have two accounts, can you merge them?",
            "somebody else seems to have used my login on {day}.",
            "I moved to {place}; where do I change my address in the profile?",
            "the app logs me out again and again since {day}.",
            "how can I stop the newsletter? I unsubscribed {days} ago.",
        ),
        "product_question": (
            "does the {item} also come in {colour}?",
            "is the {item} waterproof?",
            "when will the {colour} {item} be back in stock?",
            "how heavy is the {item}, and does it fit into a small bag?",
            "can I replace the {part} of the {item} myself?",
            "what is the difference between the two models of the {item}?",
            "is the {item} suitable for a child of eight?",
            "does the {item} come with a spare {part}?",
            "where is the {item} made, and from which material?",
            "would you recommend the {colour} or the plain {item} for everyday use?",
        ),
    },
    asides={
        "delivery": (
            "the parcel itself came on time.", "delivery to {place} was quick, no complaint there.",
            "the courier rang on {day} and everything was there.", "I do not mind when it is shipped.",
        ),
        "refund": (
            "I do not want my money back.", "the refund of {money} from last time has arrived.",
            "you already paid me back for the {item}, thank you.", "this is not about a refund.",
        ),
        "damaged_item": (
            "the {item} itself works fine, nothing is broken.", "the cracked {part} has been replaced already.",
            "there is not a scratch on the {item}.", "the {part} that came off is on again.",
        ),
        "billing": (
            "the invoice is correct and paid.", "I have the receipt for the {item} already.",
            "the charge of {money} on my statement is explained now.", "the payment went through on {day}.",
        ),
        "account": (
            "my login works again since {day}.", "my password and my profile are fine.",
            "the new e-mail address of my account is right.", "I can sign in without trouble.",
        ),
        "product_question": (
            "I know that the {item} comes in {colour}.", "the page of the {item} answered my other questions.",
            "the {item} is as heavy as described.", "the {colour} {item} is in stock, I have seen that.",
        ),
    },
)  # fmt: skip

CLINIC = Phrases(
    openings=("Hello,", "Good morning,", "Hi,", "Dear doctor,", "Dear practice team,", "Good afternoon.", "Sorry to bother you,"),
    closings=(
        "Thank you very much.", "Please call me back.", "Best wishes", "I can be reached in the afternoon.",
        "Please let me know.", "Many thanks.", "It would help me a lot.",
    ),
    slots={
        "day": ("Monday", "Tuesday morning", "Wednesday", "Thursday", "Friday afternoon", "Saturday morning"),
        "pain": ("a sore throat", "back pain", "a headache", "a rash on the arm", "a bad cough", "a swollen knee",
                 "stomach ache", "an ear ache", "dizzy spells"),
        "since": ("since yesterday", "for three days", "for a week", "since Sunday", "since this morning", "for a month"),
        "medicine": ("blood pressure tablets", "inhaler", "allergy drops", "thyroid tablets", "skin cream", "insulin",
                     "stomach tablets", "iron tablets"),
        "test": ("blood test", "X-ray", "urine sample", "allergy test", "scan", "smear test"),
        "paper": ("sick note", "referral letter", "vaccination record", "certificate for my employer",
                  "letter for the insurance", "form for the school"),
        "place": ("the hospital", "the laboratory", "the specialist", "the eye clinic", "the health insurance"),
    },
    cores={
        "appointment": (
            "I would like an appointment on {day}.",
            "can I move my visit from {day} to another time?",
            "I have to cancel my appointment on {day}.",
            "is there anything free on {day}? It is only a check-up.",
            "do you have an early slot on {day}, before work?",
            "how long do I have to wait for a new patient appointment?",
            "can my visit on {day} be done by phone?",
            "I missed my appointment on {day}, please give me a new one.",
            "which doctor is there on {day}?",
            "please confirm the time of my visit on {day}.",
        ),
        "prescription": (
            "I need a new prescription for my {medicine}.",
            "my {medicine} will run out on {day}.",
            "could you send the prescription for the {medicine} to the pharmacy?",
            "the pharmacy does not have the {medicine}, is there a replacement?",
            "please repeat my usual {medicine}, enough for three months.",
            "I lost the prescription for my {medicine}.",
            "the dose on the prescription of the {medicine} looks wrong.",
            "can I collect the prescription for the {medicine} on {day}?",
            "is the {medicine} free of charge with my insurance?",
            "the prescription for {medicine} has expired, can I have another one?",
        ),
        "symptoms": (
            "I have had {pain} {since}, what should I do?",
            "my daughter has {pain} {since} and a slight fever.",
            "my son complains of {pain} {since}.",
            "{since} my mother has had {pain}, and it is getting worse.",
            "is {pain} {since} a reason to come in?",
            "I feel weak and have {pain} {since}.",
            "my husband woke up with {pain}, should we worry?",
            "{pain} again, the same as in spring; it started {since}.",
            "after taking my {medicine} I got {pain}.",
            "I have {pain} {since}, and painkillers do not help.",
        ),
        "test_results": (
            "are the results of my {test} there yet?",
            "I had a {test} on {day} and have not heard anything.",
            "could somebody explain the result of my {test} to me?",
            "please send the results of the {test} to {place}.",
            "one value of my {test} is marked in red, is that bad?",
            "when do you expect the findings of the {test}?",
            "did {place} send you the report about my {test}?",
            "may I have a copy of my last {test}?",
            "I would like to talk about my {test} before {day}.",
            "the letter about my {test} is hard to understand.",
        ),
        "paperwork": (
            "I need a {paper} from {day} on.",
            "could you post the {paper} to my address?",
            "there is a mistake in my {paper}.",
            "{place} asks for a {paper}, can you fill it in?",
            "how much does a {paper} cost?",
            "I have to hand in a {paper} by {day}.",
            "please extend my {paper} until {day}.",
            "can I pick up the {paper} at the front desk?",
            "I changed my health insurance; which {paper} do you need from me?",
            "who signs the {paper} while the doctor is on holiday?",
        ),
    },
    asides={
        "appointment": (
            "my appointment on {day} is fine as it is.", "I have a visit booked for {day} already.",
            "I do not need an appointment.", "the visit on {day} went well.",
        ),
        "prescription": (
            "I still have enough of my {medicine}.", "I got the {medicine} prescribed again last week.",
            "the pharmacy has my {medicine}, that is settled.", "the prescription was ready on {day}.",
        ),
        "symptoms": (
            "I feel well again.", "the trouble with {pain} is over.",
            "I had {pain} in spring, but that is gone.", "nobody in the family is ill at the moment.",
        ),
        "test_results": (
            "the result of the {test} was fine.", "you explained the {test} to me on {day}.",
            "the report about my {test} has reached {place}.", "I know the result of the {test} already.",
        ),
        "paperwork": (
            "the {paper} came by post on {day}.", "I do not need another {paper}.",
            "{place} has accepted the {paper}.", "the {paper} is filled in and signed.",
        ),
    },
)  # fmt: skip
