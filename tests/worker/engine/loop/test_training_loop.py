"""Our loop against transformers' Trainer: the same rows in the same order with the same settings lose the same."""

from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader
from transformers import Trainer, TrainingArguments

from tests.tiny import LABELS, make_spec
from tests.worker.engine.loop.test_train import without_dropout
from worker.engine.batching.batches import collate, plan_epoch
from worker.engine.loop.schedule import Schedule, make_optimizer
from worker.engine.loop.train import train
from worker.engine.modeling.tokenizer import load_tokenizer
from worker.engine.reporting.list_report import ListReport
from worker.engine.runtime.training_job import TrainingJob
from worker.engine.tasks.classification.data import encode, read_examples
from worker.engine.tasks.classification.model import PooledClassifier, load_encoder, make_head


class WithLoss(torch.nn.Module):
    """What Trainer expects: a model that returns its own loss."""

    def __init__(self, inner: PooledClassifier) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor) -> dict:
        logits = self.inner(input_ids, attention_mask)
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


def oracle_losses(job: TrainingJob, folder: Path) -> list[tuple[float, float, float]]:
    """Loss, learning rate and gradient norm of every step by transformers' Trainer."""
    spec = job.spec
    examples = read_examples(job.rows, job.splits, spec.columns)["train"]
    numbers = {label: number for number, label in enumerate(LABELS)}
    tokenizer = load_tokenizer(job.base_folder)
    data = encode(examples, lambda example: numbers[example.label], tokenizer, spec.training.max_length, ListReport())
    torch.manual_seed(spec.training.seed)
    model = PooledClassifier(load_encoder(job.base_folder, job.base), make_head(32, len(LABELS)), job.base)
    torch.manual_seed(spec.training.seed)
    model.encoder = spec.method.apply(model.encoder)
    schedule = Schedule(spec.training, len(data.tokens), spec.training.learning_rate or 0.0)
    batches = []
    for epoch in range(2):
        for update in plan_epoch(data.lengths, seed=spec.training.seed, epoch=epoch, batch_size=8):
            rows = [row for piece in update for row in piece]
            ids, mask = collate(data.tokens, rows, tokenizer.pad_token_id)
            wanted = torch.tensor([data.labels[row] for row in rows])
            batches.append({"input_ids": ids, "attention_mask": mask, "labels": wanted})

    class Ordered(Trainer):
        def get_train_dataloader(self) -> DataLoader:
            return DataLoader(batches, batch_size=None, shuffle=False)

    optimizer = make_optimizer(model, spec.training)
    for group in optimizer.param_groups:
        group["lr"] = 1.0
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda done: schedule.learning_rate(done + 1))
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=schedule.total,
        logging_steps=1,
        max_grad_norm=spec.training.max_grad_norm,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
        seed=spec.training.seed,
    )
    trainer = Ordered(WithLoss(model), arguments, train_dataset=batches, optimizers=(optimizer, scheduler))
    trainer.train()
    steps = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    return [(entry["loss"], entry["learning_rate"], entry["grad_norm"]) for entry in steps]


@pytest.mark.parametrize("method", [{"kind": "lora", "rank": 4, "dropout": 0}, {"kind": "full"}], ids=["lora", "full"])
def test_the_loss_curve_is_that_of_transformers_trainer(make_job, tmp_path: Path, method: dict) -> None:
    spec = make_spec(method, learning_rate=5e-3, head_start="random")
    job, report = without_dropout(make_job(spec)), ListReport()
    train(job, report)
    oracle = oracle_losses(job, tmp_path / "oracle")
    assert len(oracle) == 12
    # fp32 on both sides; what differs is the order of additions. Trainer rounds what it logs.
    assert [value for _, value in report.curve("train/loss")] == pytest.approx([entry[0] for entry in oracle], abs=2e-4)
    assert [value for _, value in report.curve("train/grad_norm")] == pytest.approx([e[2] for e in oracle], rel=2e-3)
