"""What the Models page and the catalog route tell of a base model."""

import json
from dataclasses import replace

from app.catalog.base_models import STARTER_CHAT


def test_facts_are_json_and_leave_out_files_and_shapes() -> None:
    facts = json.loads(json.dumps(STARTER_CHAT.as_dict()))
    assert (facts["name"], facts["parameters"], facts["layers"]) == ("starter-chat", 5_868_800, 6)
    assert facts["task_types"] == ["chat", "instruction", "text-to-text", "preference", "continued-pretraining"]
    assert not {"weights_sha256", "linear_shapes", "package", "folder"} & set(facts)


def test_model_without_a_package_was_fetched() -> None:
    assert STARTER_CHAT.as_dict()["fetched"] is False
    assert replace(STARTER_CHAT, package="").as_dict()["fetched"] is True
