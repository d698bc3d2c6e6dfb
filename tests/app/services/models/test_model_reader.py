"""What the process that reads a model's facts prints."""

import json
from pathlib import Path

from app.services.models.model_reader import look


def test_facts_are_json(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "electra", "num_hidden_layers": 2}))
    found = json.loads(json.dumps(look(tmp_path)))
    assert (found["architecture"], found["block_order"]) == ("encoder", [0, 0])
