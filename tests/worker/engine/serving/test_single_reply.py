"""One reply through transformers' own loop, in a thread that lets others have the device between tokens."""

import threading

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.studio.processes import wait_until
from tests.tiny_chat import make_chat_base
from tests.worker.engine.serving.decoding import alone
from worker.engine.serving.fair_lock import FairLock
from worker.engine.serving.sampler import SamplingParameters
from worker.engine.serving.single_reply import GenerationRequest, SingleReply

IDS = [4, 2, 6, 1]
SAMPLED = SamplingParameters(max_tokens=20, temperature=1.2, top_p=0.9, seed=3)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    made = AutoModelForCausalLM.from_pretrained(make_chat_base(tmp_path_factory.mktemp("chat")), dtype=torch.float32)
    made.generation_config.eos_token_id = None
    return made.eval()


def request(model: torch.nn.Module, sampling: SamplingParameters) -> GenerationRequest:
    return GenerationRequest(model, torch.tensor([IDS]), sampling, sampling.max_tokens, 0)


@pytest.mark.parametrize(
    "sampling", [SamplingParameters(max_tokens=20, temperature=0), SAMPLED], ids=["greedy", "sampled"]
)
def test_tokens_are_those_of_generate_and_each_is_reported(
    model: torch.nn.Module, sampling: SamplingParameters
) -> None:
    counted: list[int] = []
    reply = SingleReply(request(model, sampling), counted.append, FairLock())
    reply.start()
    assert list(reply.tokens()) == counted == alone(model, IDS, sampling)


def test_seed_repeats_the_reply_while_others_draw_random_numbers(model: torch.nn.Module) -> None:
    lock, stop = FairLock(), threading.Event()

    def draw() -> None:
        while not stop.is_set():
            with lock:
                torch.rand(7)

    other = threading.Thread(target=draw)
    other.start()
    reply = SingleReply(request(model, SAMPLED), lambda _: None, lock)
    reply.start()
    tokens = list(reply.tokens())
    stop.set()
    other.join()
    assert tokens == alone(model, IDS, SAMPLED)


def test_device_is_free_for_others_after_each_token_and_at_the_end(model: torch.nn.Module) -> None:
    lock = FairLock()
    lock.acquire()
    reply = SingleReply(request(model, SAMPLED), lambda _: None, lock)
    reply.start()
    wait_until(lambda: bool(lock._waiting), "the reply waits for the device")
    turns = 0
    # Every release lets the reply write one token, and it gives the device back before the next.
    while reply._thread.is_alive() and turns < 100:
        lock.release()
        lock.acquire()
        turns += 1
    lock.release()
    reply._thread.join(10)
    assert SAMPLED.max_tokens <= turns and not lock.locked()


def test_cancelled_reply_ends_after_the_current_token(model: torch.nn.Module) -> None:
    lock, first = FairLock(), threading.Event()
    counted: list[int] = []

    def tell(token: int) -> None:
        counted.append(token)
        first.set()

    reply = SingleReply(request(model, SamplingParameters(200, 1.0, seed=1)), tell, lock)
    reply.start()
    assert first.wait(10)
    reply.cancel()
    assert 1 <= len(counted) < 200 and not lock.locked()


def test_error_of_the_model_reaches_the_reader_and_frees_the_device(model: torch.nn.Module) -> None:
    lock = FairLock()
    outside = GenerationRequest(model, torch.tensor([[10**6]]), SAMPLED, 5, 0)
    reply = SingleReply(outside, lambda _: None, lock)
    reply.start()
    with pytest.raises(IndexError):
        list(reply.tokens())
    reply._thread.join(10)
    assert not lock.locked()
