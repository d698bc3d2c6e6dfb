"""Every task type leads to a family that can run it."""

from dataclasses import replace

import pytest
from accelerate import Accelerator

from app.catalog.base_models import STARTER_CHAT
from app.catalog.task_types import TASK_TYPES
from tests.tiny import make_spec
from worker.engine.reporting.list_report import ListReport
from worker.engine.tasks.classification.classification import Classification
from worker.engine.tasks.registry import ENGINES, engine_of, open_family
from worker.engine.tasks.text_to_text.encoder_decoder import EncoderDecoder


@pytest.mark.parametrize("task", TASK_TYPES, ids=lambda task: task.kind)
def test_family_of_every_task_type_is_there_and_complete(task) -> None:
    assert not engine_of(task.kind, STARTER_CHAT).__abstractmethods__


def test_encoder_decoders_have_an_engine_of_their_own() -> None:
    base = replace(STARTER_CHAT, architecture="encoder-decoder")
    assert engine_of("text-to-text", base) is EncoderDecoder


def test_every_engine_serves_a_task_type() -> None:
    assert {name for task in TASK_TYPES for name in (task.kind, task.family)} >= set(ENGINES)


def test_family_is_opened_with_job_and_tokenizer(make_job) -> None:
    job, report = make_job(make_spec()), ListReport()
    family = open_family(job, report, Accelerator(cpu=True))
    assert type(family) is Classification
    assert (family.job, family.report) == (job, report)
    assert family.tokenizer("my")["input_ids"] == [2, 20, 3]
