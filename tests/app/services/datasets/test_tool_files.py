"""Files of tools for chat bots and annotations get the task and the columns that they were made for."""

import json

import pytest

from app.services.datasets import datasets
from tests.app import written_files as write

TOPICS = {
    "greet": [f"hello my friend number {n}" for n in range(14)],
    "order": [f"please bring {n} cups of tea" for n in range(15)],
    "leave": [f"see you in {n} days" for n in range(16)],
}
RASA = "nlu:\n" + "".join(
    f"- intent: {name}\n  examples: |\n" + "".join(f"    - {text}\n" for text in texts)
    for name, texts in TOPICS.items()
)
INTENTS = {"intents": [{"tag": name, "patterns": texts, "responses": ["Yes"]} for name, texts in TOPICS.items()]}
PLACES = [f"Anna Berg saw Paris on day {n} ." for n in range(40)]
GLINER = [{"tokenized_text": text.split(), "ner": [[0, 1, "person"], [3, 3, "city"]]} for text in PLACES]
BRAT = {f"{n}.txt": text.encode() for n, text in enumerate(PLACES)} | {
    f"{n}.ann": b"T1\tperson 0 9\tAnna Berg\nT2\tcity 14 19\tParis\n" for n in range(40)
}
KOI8 = "text,label\n" + "".join(
    f"{text} {n},{label}\n"
    for n in range(20)
    for text, label in (("Где мой заказ номер", "доставка"), ("Верните деньги за счёт", "возврат"))
)


@pytest.mark.parametrize(
    ("name", "content", "task", "labels"),
    [
        ("nlu.yml", RASA.encode(), "text-classification", set(TOPICS)),
        ("intents.json", json.dumps(INTENTS).encode(), "text-classification", set(TOPICS)),
        ("texts.json", json.dumps(TOPICS).encode(), "text-classification", set(TOPICS)),
        ("gliner.json", json.dumps(GLINER).encode(), "token-classification", {"person", "city"}),
        ("brat.zip", write.as_zip(BRAT), "token-classification", {"person", "city"}),
        ("koi8.csv", KOI8.encode("koi8-r"), "text-classification", {"доставка", "возврат"}),
    ],
)
def test_file_is_read_for_its_task(owner, tmp_path, name, content, task, labels):
    path = tmp_path / name
    path.write_bytes(content)
    version = datasets.latest_version(datasets.import_file(owner, (path, name)))
    assert version.task_type == task and set(version.labels) == labels
    assert version.rows == version.usable_rows == 40 + 5 * (labels == set(TOPICS))
