"""Tune an encoder with LoRA to sort texts, as a script with transformers and peft alone does it: fp32, rows padded to one length.

What ``benchmarks.whole_job`` compares the studio with. Usage: ``python plain_script.py job.json``, where ``job.json`` names the
model's folder, CSV files, settings and the folder for the result; prints ``{"accuracy", "loss"}`` of the test rows.
"""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, TaskType, get_peft_model
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, TensorDataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

# More passes over few rows only overfit.
MAX_EPOCHS = 30


def main(job: dict[str, Any]) -> None:
    """Train for the epochs or the seconds of the job, check after each epoch, keep the best adapter, test it."""
    began = time.monotonic()
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    train, validation, test = (read(job, name, tokenizer) for name in ("train", "validation", "test"))
    model: Any = AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=len(job["labels"]))
    model = get_peft_model(
        model,
        LoraConfig(
            task_type=TaskType.SEQ_CLS,
            r=job["rank"],
            lora_alpha=job["alpha"],
            lora_dropout=job["dropout"],
            target_modules=["query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense"],
        ),
    )
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=job["learning_rate"], weight_decay=job["weight_decay"])
    schedule: Any
    if "seconds" in job:
        # The rate falls to zero when the time is used up, after as many epochs as fit.
        schedule = LambdaLR(optimizer, lambda step: min(1, step / 20) * max(0.0, 1 - _share(job, began)))
    else:
        steps = round(job["epochs"] * -(-len(train) // job["batch_size"]))
        schedule = get_linear_schedule_with_warmup(optimizer, round(job["warmup_steps"]), steps)
    best, epoch = float("inf"), 0
    while epoch == 0 or (_share(job, began) < 1 and epoch < round(job.get("epochs", MAX_EPOCHS))):
        epoch += 1
        model.train()
        for ids, mask, labels in DataLoader(train, batch_size=job["batch_size"], shuffle=True):
            loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trainable, job["max_grad_norm"])
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            if _share(job, began) >= 1:
                break
        scores = evaluate(model, validation, job["batch_size"])
        if scores["loss"] < best:
            best = scores["loss"]
            model.save_pretrained(job["out"])
    model.load_adapter(job["out"], adapter_name="best")
    model.set_adapter("best")
    print(json.dumps(evaluate(model, test, job["batch_size"])))


def _share(job: dict[str, Any], began: float) -> float:
    """How much of the time is used up; nothing where it does not count."""
    return (time.monotonic() - began) / job["seconds"] if "seconds" in job else 0.0


def read(job: dict[str, Any], name: str, tokenizer: Any) -> TensorDataset:
    """Rows of one CSV file, every row padded to the longest text that is allowed."""
    with (Path(job["data"]) / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    made = tokenizer(
        [row["text"] for row in rows],
        padding=job["padding"],
        truncation=True,
        max_length=job["max_length"],
        return_tensors="pt",
    )
    labels = torch.tensor([job["labels"].index(row["label"]) for row in rows])
    return TensorDataset(made["input_ids"], made["attention_mask"], labels)


@torch.no_grad()
def evaluate(model: Any, rows: TensorDataset, batch_size: int) -> dict[str, float]:
    """Share of right labels, and mean cross-entropy in nats."""
    model.eval()
    right, loss = 0, 0.0
    for ids, mask, labels in DataLoader(rows, batch_size=batch_size):
        logits = model(input_ids=ids, attention_mask=mask).logits
        right += int((logits.argmax(-1) == labels).sum())
        loss += float(torch.nn.functional.cross_entropy(logits, labels, reduction="sum"))
    return {"accuracy": right / len(rows), "loss": loss / len(rows)}


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
