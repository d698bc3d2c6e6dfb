"""Everyday things, animals, jobs, places and what is known about them; tables in plain words."""

from scripts.pretrain_starter_chat.phrases import Topic, table

THINGS = table(
    "thing a kind does where",
    """
kettle | a | a pot with a lid | heats water for tea or coffee | in the kitchen
spoon | a | a small tool with a round end | helps you eat soup and stir drinks | in the kitchen drawer
fork | a | a tool with thin points | helps you pick up food | in the kitchen drawer
knife | a | a tool with a sharp edge | cuts bread, fruit and other food | in the kitchen drawer
cup | a | a small open container | holds tea, coffee or milk | in the kitchen cupboard
plate | a | a flat round dish | holds your food at a meal | in the kitchen cupboard
oven | an | a hot box for cooking | bakes bread and cakes | in the kitchen
fridge | a | a cold box for food | keeps milk and meat fresh | in the kitchen
pan | a | a flat metal dish with a handle | fries eggs and vegetables | in the kitchen
toaster | a | a small machine | makes slices of bread brown and warm | in the kitchen
bottle | a | a tall container with a narrow neck | holds water, juice or oil | in the kitchen or in a bag
chair | a | a seat with a back | gives one person a place to sit | around a table
table | a | a piece of furniture with a flat top | gives you a place to eat or work | in the kitchen or living room
bed | a | a soft piece of furniture | gives you a place to sleep | in the bedroom
sofa | a | a long soft seat | gives two or three people a place to sit | in the living room
lamp | a | a device that gives light | lights up a dark room | on a table or a desk
mirror | a | a smooth piece of glass | shows you your own face | in the bathroom
towel | a | a soft piece of cloth | dries your hands and your body | in the bathroom
soap | a piece of | a mild cleaning product | washes dirt from your hands | in the bathroom
toothbrush | a | a small brush | cleans your teeth | in the bathroom
comb | a | a flat tool with thin teeth | makes your hair tidy | in the bathroom
blanket | a | a large warm cloth | keeps you warm in bed | in the bedroom
pillow | a | a soft bag filled with feathers or foam | holds your head while you sleep | on the bed
clock | a | a device with numbers and hands | shows the time | on the wall
calendar | a | a list of days and months | shows which day it is | on the wall or on a phone
door | a | a flat panel that opens and closes | lets people go in and out of a room | in every room
window | a | an opening with glass | lets light and air into a room | in the wall
key | a | a small piece of metal | opens and closes a lock | in a pocket or a bag
ladder | a | two long bars with steps between them | helps you reach high places | in the garage
hammer | a | a tool with a heavy head | drives nails into wood | in the toolbox
saw | a | a tool with a toothed blade | cuts wood | in the toolbox
bucket | a | an open container with a handle | carries water or sand | in the garage or garden
broom | a | a brush with a long handle | sweeps dust from the floor | in a cupboard
umbrella | an | a round cover on a stick | keeps you dry in the rain | near the front door
coat | a | a long warm piece of clothing | keeps you warm outside | on a hook near the door
hat | a | a piece of clothing for the head | protects you from sun and cold | on a shelf or a hook
glove | a | a piece of clothing for the hand | keeps your fingers warm | in a coat pocket
scarf | a | a long piece of cloth | keeps your neck warm | on a hook near the door
shoe | a | a strong cover for the foot | protects your foot when you walk | near the front door
backpack | a | a bag with two straps | carries books and food on your back | at school or on a trip
wallet | a | a small flat case | holds money and cards | in a pocket or a bag
book | a | a set of printed pages | tells a story or teaches you something | on a shelf or in a library
pen | a | a thin tool with ink | writes on paper | on a desk
pencil | a | a thin stick of wood with a dark core | draws and writes on paper | on a desk
ruler | a | a straight strip with marks | measures how long something is | on a desk
notebook | a | a small book with empty pages | keeps your notes together | on a desk or in a bag
letter | a | a written message on paper | brings news to another person | in a mailbox
stamp | a | a small piece of printed paper | shows that you paid to send a letter | at the post office
map | a | a drawing of a place from above | shows you the way | in a car or on a phone
compass | a | a small device with a needle | shows you where north is | in the bag of a hiker
phone | a | a small electronic device | lets you talk to people far away | in a pocket or a bag
computer | a | an electronic machine | stores information and runs programs | on a desk
camera | a | a device with a lens | takes pictures | in a bag or in a phone
radio | a | a device with a speaker | plays music and news from the air | in the kitchen or in a car
battery | a | a small store of electric power | gives power to toys and lamps | inside many small devices
bicycle | a | a vehicle with two wheels and pedals | takes you around by the power of your legs | in the street or in a garage
car | a | a vehicle with four wheels and a motor | takes a few people along a road | in the street or in a garage
bus | a | a long vehicle with many seats | takes many people through a town | at a bus stop
train | a | a row of wagons on rails | takes many people from town to town | at a station
boat | a | a vehicle that floats | takes people across water | on a river or a lake
plane | a | a vehicle with wings | flies people over land and sea | at an airport
bridge | a | a road in the air | takes people and cars over a river | across rivers and valleys
tent | a | a small house of cloth | gives you a place to sleep outdoors | on a camping site
candle | a | a stick of wax | gives soft light while it burns | on a table
ball | a | a round toy | bounces and rolls in many games | in a garden or a sports hall
kite | a | a light toy on a string | flies in the wind | in a field on a windy day
drum | a | a round instrument | makes a deep sound when you hit it | in a music room
guitar | a | an instrument with six strings | makes music when you pull its strings | in a music room
piano | a | a large instrument with black and white keys | makes music when you press its keys | in a music room or a living room
basket | a | an open container made of thin wood | carries fruit or bread | in the kitchen or at a market
needle | a | a very thin piece of metal with a hole | sews cloth with thread | in a sewing box
scissors | a pair of | a tool with two blades | cuts paper and cloth | on a desk or in a drawer
thermometer | a | a thin device with a scale | measures how warm or cold it is | on a wall or in a bathroom
recipe | a | a list of steps for cooking | tells you how to make a dish | in a cookbook
ticket | a | a small piece of paper | shows that you paid for a trip or a show | in a pocket or on a phone
""",
)

ANIMALS = table(
    "animal a kind lives eats does",
    """
cat | a | a small furry animal | in houses and gardens | fish and meat | catches mice and likes to sleep in the sun
dog | a | a loyal animal with a good nose | in houses with people | meat and bones | guards the house and likes to play
horse | a | a large strong animal with long legs | on farms and in fields | grass and hay | runs fast and can carry people
cow | a | a large farm animal | on farms | grass | gives milk
sheep | a | a farm animal with thick wool | on farms and on hills | grass | gives wool
goat | a | a farm animal with horns | on farms and in the mountains | grass and leaves | climbs very well
pig | a | a round farm animal with a flat nose | on farms | almost everything | likes to roll in the mud
chicken | a | a farm bird | on farms | seeds and worms | lays eggs
duck | a | a bird with flat feet | on ponds and lakes | water plants and bread | swims very well
mouse | a | a very small animal with a long tail | in fields and houses | seeds and cheese | hides in small holes
rabbit | a | a small animal with long ears | in fields and gardens | grass and carrots | jumps and digs holes
fox | a | a wild animal with a red coat | in forests | mice and berries | hunts at night
wolf | a | a wild animal that looks like a dog | in forests | meat | lives in a group and howls at night
bear | a | a big wild animal with thick fur | in forests and mountains | fish, berries and honey | sleeps in winter
lion | a | a big wild cat | in warm dry lands | meat | roars loudly and lives in a group
tiger | a | a big wild cat with stripes | in warm forests | meat | hunts alone and swims well
elephant | an | a very large grey animal with a trunk | in warm lands | grass, leaves and fruit | lifts things with its trunk
giraffe | a | a very tall animal with a long neck | in warm dry lands | leaves from tall trees | sees very far
monkey | a | a clever animal with long arms | in warm forests | fruit and nuts | climbs from tree to tree
zebra | a | a wild animal with black and white stripes | in warm dry lands | grass | runs in large groups
camel | a | a large animal with one or two humps | in the desert | dry plants | walks for days without water
penguin | a | a black and white bird that cannot fly | on cold coasts | fish | swims very fast
owl | an | a bird with large round eyes | in forests and old barns | mice | flies at night without a sound
eagle | an | a big bird with strong wings | in the mountains | fish and small animals | sees very well from the sky
parrot | a | a bird with bright feathers | in warm forests | seeds and fruit | learns to copy words
frog | a | a small green animal with long back legs | near ponds | flies | jumps far and sings in the evening
turtle | a | a slow animal with a hard shell | in water and on land | plants and worms | hides inside its shell
snake | a | a long animal without legs | in grass, sand and forests | mice and eggs | moves without a sound
fish | a | an animal that breathes in water | in rivers, lakes and the sea | plants and small animals | swims with its fins
whale | a | the largest animal in the sea | in the ocean | tiny sea animals | sings under water
dolphin | a | a clever sea animal | in the ocean | fish | jumps out of the water and likes to play
bee | a | a small flying insect | in a hive | nectar from flowers | makes honey
ant | an | a tiny insect | in the ground | seeds and sugar | works hard and carries heavy things
butterfly | a | an insect with colourful wings | in gardens and fields | nectar from flowers | flies from flower to flower
spider | a | a small animal with eight legs | in corners and gardens | flies | builds a web
snail | a | a slow soft animal with a shell | in wet gardens | leaves | carries its house on its back
""",
)

JOBS = table(
    "job a does where",
    """
teacher | a | helps people learn | in a school
doctor | a | helps sick people get well | in a hospital or a practice
nurse | a | looks after sick people | in a hospital
baker | a | makes bread and cakes | in a bakery
cook | a | prepares meals | in a restaurant
farmer | a | grows food and keeps animals | on a farm
gardener | a | looks after plants and flowers | in gardens and parks
driver | a | takes people or goods from place to place | in a car, a bus or a truck
pilot | a | flies a plane | in the air and at airports
sailor | a | works on a ship | at sea
carpenter | a | builds things from wood | in a workshop
painter | a | paints walls or pictures | in houses or in a studio
tailor | a | makes and mends clothes | in a small shop
police officer | a | keeps people safe and helps them | in the streets of a town
firefighter | a | puts out fires and saves people | in a fire station
librarian | a | looks after books and helps readers | in a library
waiter | a | brings food and drinks to guests | in a restaurant or a cafe
singer | a | sings songs for people | on a stage
writer | a | writes books and stories | at a desk
dentist | a | looks after teeth | in a practice
vet | a | helps sick animals get well | in a practice for animals
plumber | a | repairs pipes and taps | in houses
electrician | an | repairs wires and lights | in houses and factories
hairdresser | a | cuts and styles hair | in a salon
postman | a | brings letters and parcels | from house to house
scientist | a | studies how the world works | in a laboratory
""",
)

IDEAS = table(
    "idea meaning",
    """
rain | water that falls from the clouds in drops
snow | frozen water that falls from the clouds as white flakes
wind | moving air
a rainbow | a bow of colours in the sky that appears when the sun shines through rain
a cloud | a group of tiny water drops that float in the sky
the sun | the star that gives light and warmth to the earth
the moon | the round body that travels around the earth and shines at night
a river | a long stream of water that flows to the sea
a mountain | a very high part of the land
a forest | a large area with many trees
a desert | a very dry area with little rain
an island | a piece of land with water on all sides
winter | the coldest season of the year
summer | the warmest season of the year
spring | the season in which plants begin to grow again
autumn | the season in which leaves turn brown and fall
a birthday | the day of the year on which a person was born
a friend | a person whom you like and trust
a family | a group of people who belong together, such as parents and children
a holiday | a time when you do not have to work or go to school
a dream | a story that your mind tells you while you sleep
music | sound that is made in a pleasant order
money | coins, notes and numbers that you use to pay for things
honesty | the habit of telling the truth
patience | the ability to wait calmly
courage | the strength to do something although you are afraid
a promise | words that say that you will surely do something
a neighbour | a person who lives next to you
breakfast | the first meal of the day
lunch | the meal in the middle of the day
dinner | the main meal in the evening
a library | a place where you can read and borrow books
a hospital | a place where sick people get help
a school | a place where people learn
a market | a place where people buy and sell food and other goods
a museum | a place where you can look at art or old things
a bakery | a shop that makes and sells bread
electricity | a kind of power that makes lamps and machines work
ice | water that is frozen and hard
fire | hot bright flames that come from something that burns
a seed | a small grain from which a new plant grows
bread | a food that is made from flour and water and baked in an oven
butter | a soft yellow food that is made from cream
honey | a sweet food that is made by bees
cheese | a food that is made from milk
tea | a hot drink that is made from dried leaves and water
coffee | a hot dark drink that is made from roasted beans and water
soup | a warm liquid meal that you eat with a spoon
""",
)

TOPICS = (
    Topic(
        "thing",
        (THINGS,),
        (
            "What is {a} {thing}?",
            "what is {a} {thing}",
            "Can you explain what {a} {thing} is?",
            "Define {thing}.",
            "Please tell me what {a} {thing} is.",
            "What does the word {thing} mean?",
            "What do you know about {a} {thing}?",
            "I do not know what {a} {thing} is.",
            "Describe {a} {thing}.",
            "Tell me about {a} {thing}.",
            "Give me a short definition of {a} {thing}.",
        ),
        (
            "Could you describe {a} {thing} to me?",
            "[Hi|Hello], what exactly is {a} {thing}?",
            "Explain the word {thing}, please.",
        ),
        (
            "{a} {thing} is {kind}. It {does}.",
            "{a} {thing} is {kind}. It {does}. You usually find it {where}.",
            "{a} {thing} is {kind} that {does}.",
        ),
        follow_ups=(
            ("Where do I find [one|it]?", "You usually find it {where}."),
            ("What is it [good|used] for?", "It {does}."),
            ("What is it [again|exactly]?", "It is {kind}."),
        ),
        weight=3,
    ),
    Topic(
        "thing use",
        (THINGS,),
        (
            "What is {a} {thing} for?",
            "What is {a} {thing} used for?",
            "What does {a} {thing} do?",
            "Why do people need {a} {thing}?",
            "What can I do with {a} {thing}?",
        ),
        ("What is the purpose of {a} {thing}?", "How is {a} {thing} useful?"),
        ("{a} {thing} {does}.", "It {does}.", "People use {a} {thing} because it {does}."),
        follow_ups=(("Where do I find [one|it]?", "You usually find it {where}."),),
        weight=1.5,
    ),
    Topic(
        "thing place",
        (THINGS,),
        (
            "Where do I find {a} {thing}?",
            "Where is {a} {thing} usually kept?",
            "Where should I look for {a} {thing}?",
            "Where can you see {a} {thing}?",
        ),
        ("In which place would I find {a} {thing}?", "Where would I look for {a} {thing}?"),
        ("You usually find {a} {thing} {where}.", "Look {where}. {a} {thing} is usually there."),
        follow_ups=(("[And what|What] does it do?", "It {does}."),),
    ),
    Topic(
        "animal",
        (ANIMALS,),
        (
            "What is {a} {animal}?",
            "Tell me about the {animal}.",
            "Tell me something about {a} {animal}.",
            "Describe {a} {animal}.",
            "What do you know about {animal} life?",
            "Give me a fact about the {animal}.",
            "Can you tell me about {a} {animal}?",
        ),
        ("I want to learn about the {animal}.", "What can you tell me about {a} {animal}?"),
        (
            "{a} {animal} is {kind}. It lives {lives} and eats {eats}.",
            "{a} {animal} is {kind}. It {does}.",
            "The {animal} is {kind}. It lives {lives}. It eats {eats} and {does}.",
        ),
        follow_ups=(
            ("What does it eat?", "It eats {eats}."),
            ("Where does it live?", "It lives {lives}."),
            ("What does it do?", "It {does}."),
            ("Tell me more.", "It lives {lives} and eats {eats}. It also {does}."),
        ),
        weight=2,
    ),
    Topic(
        "animal food",
        (ANIMALS,),
        (
            "What does {a} {animal} eat?",
            "What do I feed {a} {animal}?",
            "what does the {animal} like to eat?",
            "Which food does {a} {animal} eat?",
        ),
        ("What kind of food does {a} {animal} like?", "Do you know what the {animal} eats?"),
        ("{a} {animal} eats {eats}.", "The {animal} eats {eats}."),
        follow_ups=(("Where does it live?", "It lives {lives}."),),
    ),
    Topic(
        "animal home",
        (ANIMALS,),
        (
            "Where does {a} {animal} live?",
            "Where do I find {a} {animal}?",
            "What is the home of the {animal}?",
            "where does the {animal} live?",
        ),
        ("In which place does {a} {animal} live?", "Where can I see {a} {animal} in nature?"),
        ("{a} {animal} lives {lives}.", "The {animal} lives {lives}."),
        follow_ups=(("What does it eat?", "It eats {eats}."),),
    ),
    Topic(
        "job",
        (JOBS,),
        (
            "What does {a} {job} do?",
            "What is {a} {job}?",
            "What is the work of {a} {job}?",
            "Tell me about the job of {a} {job}.",
            "Describe the work of {a} {job}.",
            "My [brother|sister|father|mother] is {a} {job}. What does that mean?",
        ),
        ("What kind of work does {a} {job} do?", "Can you explain what {a} {job} does?"),
        ("{a} {job} {does}.", "{a} {job} {does}. You find {a} {job} {where}.", "{a} {job} is a person who {does}."),
        follow_ups=(("Where does [such a person|a {job}] work?", "{a} {job} works {where}."),),
        weight=1.5,
    ),
    Topic(
        "idea",
        (IDEAS,),
        (
            "What is {idea}?",
            "what is {idea}?",
            "Can you explain {idea}?",
            "What do people mean by {idea}?",
            "Please explain what {idea} is.",
            "Give me a definition of {idea}.",
            "Tell me what {idea} is.",
            "How would you describe {idea}?",
        ),
        ("Could you tell me what {idea} is?", "In simple words, what is {idea}?"),
        ("{idea} is {meaning}.", "In simple words, {idea} is {meaning}."),
        weight=2,
    ),
)
