"""Shows what a trained folder can do: ``python -m scripts.pretrain_starter_chat.evaluate FOLDER``.

Held-out perplexity, then greedy answers to held-out prompts, none of which training has seen in wording or combination.
"""

import math
from pathlib import Path

import click
import torch
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

from scripts.pretrain_starter_chat.conversations import Message, held_out_prompts
from scripts.pretrain_starter_chat.pretrain import held_out_loss


@torch.no_grad()
def answer(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, messages: list[Message], longest: int = 160
) -> str:
    """The greedy answer to a conversation that ends with the user's turn; at most ``longest`` tokens."""
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    made = model.generate(**prompt, max_new_tokens=longest, do_sample=False)
    return tokenizer.decode(made[0, prompt["input_ids"].shape[1] :], skip_special_tokens=True)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--prompts", default=50, show_default=True, help="Held-out prompts to answer.")
@click.option("--seed", default=4242, show_default=True, help="Draws the prompts.")
def main(folder: Path, prompts: int, seed: int) -> None:
    """Print the held-out perplexity and the answers."""
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = LlamaForCausalLM.from_pretrained(str(folder), dtype=torch.float32).eval()
    loss = held_out_loss(model, tokenizer, 1000)
    model.eval()
    print(f"held-out loss {loss:.4f}, perplexity {math.exp(loss):.3f} on the answers of 1000 conversations")
    exact = 0
    for number, (messages, exchange) in enumerate(held_out_prompts(prompts, seed), 1):
        given = answer(model, tokenizer, messages)
        exact += given == exchange.assistant
        print(f"\n{number}. [{exchange.topic}]")
        for message in messages:
            print(f"   {message['role']}: {message['content']}")
        print(f"   answer: {given}\n   reference: {exchange.assistant}")
    print(f"\n{exact} of {prompts} answers are the reference word for word")


if __name__ == "__main__":
    main()
