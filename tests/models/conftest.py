"""The hub that tiny models of every type are fetched from, where they are tuned, and the table that is printed at the end."""

from collections.abc import Iterator

import pytest
import torch
from accelerate.state import AcceleratorState

from tests.forked_libraries import LibraryProcess
from tests.models.matrix import Bench, Line
from worker.engine.loop import inference_time
from worker.engine.tasks.generation import generation, samples
from worker.engine.tasks.text_to_text import prompts, rewriting

LINES: list[Line] = []
# What a run does beside learning, as often as one look needs.
FEWER = (
    (generation, "ANSWERED_ROWS", 4),
    (generation, "SAMPLED_ROWS", 1),
    (rewriting, "ANSWERED_SOURCES", 4),
    (rewriting, "CHECKED_SOURCES", 4),
    (prompts, "MOST_TOKENS", 16),
    (inference_time, "REPEATS", 2),
)
HEADS = ["type", "tasks", "trained", "reopened", "refused or failed, and why"]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("matrix")
    with LibraryProcess(tmp_path_factory.mktemp("libraries")) as libraries:
        yield Bench(folder, libraries)


@pytest.fixture(autouse=True)
def fresh_process_state(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As the engine's tests have it: a run has a process of its own, and answers of untrained models seldom end."""
    AcceleratorState._reset_state(reset_partial_state=True)
    monkeypatch.setattr(samples, "MAX_TOKENS", 12)
    for module, name, value in FEWER:
        monkeypatch.setattr(module, name, value)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix."""
    if not LINES:
        return
    terminalreporter.write_sep("=", "model types")
    for cells in (HEADS, ["---"] * len(HEADS), *(line.cells() for line in LINES)):
        terminalreporter.write_line("| " + " | ".join(cells) + " |")
