"""How the bundled model `starter-chat` is made: text, tokenizer, training, evaluation; knows nothing of the studio."""
