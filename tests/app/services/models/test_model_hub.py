"""Fetching a base model from a stand-in hub: which files, which refusals, and resuming after a break."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from app import manifest
from app.catalog.base_models import base_model, base_model_path, base_models
from app.errors import StudioError
from app.services.models import model_hub
from tests.conftest import forget_settings
from tests.standin_hub import COMMIT, Hub, Repo
from tests.tiny_chat import CONTEXT, make_chat_base

TINY = "tests/tiny-chat"
# Larger than the piece that the hub's library writes at a time, 10 MiB.
LARGE = save({"weights": torch.zeros(6, 2**19)})
PICKLES = {"config.json": b"{}", "tokenizer_config.json": b"{}", "pytorch_model.bin": b"cos\nsystem\n"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = make_chat_base(tmp_path_factory.mktemp("hub") / "model")
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def hub(studio_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    own_code = {**files, "config.json": json.dumps({"model_type": "llama", "auto_map": {"AutoModel": "x.X"}}).encode()}
    strange = {**files, "config.json": json.dumps({"model_type": "mamba"}).encode()}
    repos = {
        TINY: Repo({**files, "README.md": b"# Tiny", "run_me.py": b"import os", "pytorch_model.bin": b"cos"}),
        "tests/gated": Repo(files, gated=True),
        "tests/old-name": Repo({}, renamed=TINY),
        "tests/pickled": Repo(PICKLES),
        "tests/huge": Repo(files, pretends={"model.safetensors": 10**12}),
        "tests/lying": Repo({**files, "model.safetensors": files["model.safetensors"]}, pretends={"config.json": 7}),
        "tests/own-code": Repo(own_code),
        "tests/strange": Repo(strange),
        "tests/breaking": Repo({**files, "model-2.safetensors": LARGE}, breaks_after=11 * 2**20),
    }
    with Hub(repos) as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        forget_settings()
        yield served
    forget_settings()


def fetch(repo: str, revision: str = "main", **options: object):
    quiet = {"progress": lambda here, total: None, "should_stop": lambda: False, **options}
    return model_hub.fetch(model_hub.plan(repo, revision), **quiet)  # type: ignore[arg-type]


def test_fetched_model_is_listed_as_a_base_model(hub: Hub, files: dict[str, bytes]) -> None:
    seen: list[tuple[int, int]] = []
    card = fetch(TINY, progress=lambda here, total: seen.append((here, total)))
    assert card.name == f"{TINY}@{COMMIT[:8]}" and card in base_models()
    assert (card.licence, card.context_length, card.layers, card.hidden_size) == ("apache-2.0", CONTEXT, 2, 32)
    assert {"chat", "text-classification", "token-classification"} <= set(card.task_types)
    folder = base_model_path(card.name)
    assert (folder / "model.safetensors").read_bytes() == files["model.safetensors"]
    assert manifest.holds(folder)
    assert not [path.name for path in folder.rglob("*") if path.suffix in (".py", ".bin", ".md")]
    assert [here for here, _ in seen] == sorted(here for here, _ in seen) and seen[-1][0] == seen[-1][1]


def test_card_has_the_sizes_of_the_loaded_model(hub: Hub) -> None:
    from transformers import AutoModelForCausalLM

    card = fetch(TINY)
    model = AutoModelForCausalLM.from_pretrained(base_model_path(card.name))
    assert card.parameters == sum(weights.numel() for weights in model.parameters())
    block = model.model.layers[0]
    assert card.block_parameters == sum(weights.numel() for weights in block.parameters())
    linear = [layer for layer in block.modules() if type(layer).__name__ == "Linear"]
    assert sorted(card.linear_shapes) == sorted((layer.in_features, layer.out_features) for layer in linear)


@pytest.mark.parametrize(
    ("repo", "revision", "code", "words"),
    [
        ("tests/nowhere", "main", "hub_not_found", "tests/nowhere"),
        (TINY, "v9", "hub_revision", "v9"),
        ("tests/gated", "main", "hub_gated", "terms"),
        ("tests/old-name", "main", "hub_renamed", TINY),
        ("tests/pickled", "main", "hub_only_pickled", "program code"),
        ("tests/huge", "main", "hub_too_large", "1,000.0 GB"),
        ("tests/lying", "main", "hub_damaged", "config.json"),
        ("tests/own-code", "main", "needs_own_code", "program code"),
        ("tests/strange", "main", "no_attention", "mamba"),
        ("../../etc", "main", "hub_id", "owner/name"),
        ("just-a-name", "main", "hub_id", "owner/name"),
    ],
)
def test_refusal_names_its_reason(hub: Hub, repo: str, revision: str, code: str, words: str) -> None:
    with pytest.raises(StudioError) as refused:
        fetch(repo, revision)
    assert refused.value.code == code
    assert words in refused.value.message + refused.value.hint and refused.value.hint
    assert [card.name for card in base_models() if card.name.startswith("tests/")] == []


def made(files: dict[str, bytes], name: str, content: bytes) -> dict[str, bytes]:
    return {**files, name: content}


def config_with(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    return made(files, "config.json", json.dumps({**json.loads(files["config.json"]), **changes}).encode())


@pytest.mark.parametrize(
    "name", ["../../../../x.safetensors", "/tmp/studio-canary/x.safetensors", "a/../../x.safetensors"]
)
def test_file_name_that_points_elsewhere_is_refused_before_anything_is_written(
    hub: Hub, files: dict[str, bytes], studio_home: Path, name: str
) -> None:
    hub.repos["tests/hostile"] = Repo(made(files, name, files["model.safetensors"]))
    before = set(studio_home.parent.rglob("*"))
    with pytest.raises(StudioError) as refused:
        fetch("tests/hostile")
    assert refused.value.code == "unsafe_path"
    assert not {path.name for path in set(studio_home.parent.rglob("*")) - before if path.is_file()}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"_attn_implementation_internal": "someone/kernels"}, "forbidden_key"),
        ({"text_config": {"inner": {"trust_remote_code": True}}}, "forbidden_key"),
        ({"_attn_implementation": "someone/kernels"}, "forbidden_key"),
        ({"text_config": {"model_type": "llama\nimport os"}}, "model_file"),
        ({"hidden_size": 10**400}, "config_value"),
        ({"hidden_size": "64"}, "config_value"),
        ({"num_attention_heads": 0}, "config_value"),
        ({"num_hidden_layers": -1}, "config_value"),
        ({"vocab_size": 10**12}, "config_value"),
    ],
)
def test_hostile_configuration_is_refused_before_the_weights_are_fetched(
    hub: Hub, files: dict[str, bytes], change: dict[str, object], code: str
) -> None:
    hub.repos["tests/hostile"] = Repo(config_with(files, **change), redirects="http://127.0.0.1:9/never")
    with pytest.raises(StudioError) as refused:
        fetch("tests/hostile")
    assert refused.value.code == code and refused.value.hint


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("config.json", b'{"a":' * 5000 + b"1" + b"}" * 5000, "model_file"),
        ("config.json", b"[1, 2]", "model_file"),
        ("config.json", b" " * 2 * 1024**2, "hub_too_large"),
        ("tokenizer_config.json", json.dumps({"auto_map": {"AutoTokenizer": ["x.X", None]}}).encode(), "forbidden_key"),
        ("tokenizer.json", b"{", "model_file"),
        ("generation_config.json", json.dumps({"custom_generate": "someone/loop"}).encode(), "forbidden_key"),
        ("model.safetensors", (2**63).to_bytes(8, "little") + b"{}", "safetensors"),
        ("model.safetensors", (2).to_bytes(8, "little") + b"{}extra", "safetensors"),
        (
            "model.safetensors.index.json",
            json.dumps({"weight_map": {"w": "../../../secret.safetensors"}}).encode(),
            "unsafe_path",
        ),
    ],
)
def test_hostile_file_ends_in_one_message_and_leaves_no_model(
    hub: Hub, files: dict[str, bytes], name: str, content: bytes, code: str
) -> None:
    hub.repos["tests/hostile"] = Repo(made(files, name, content))
    with pytest.raises(StudioError) as refused:
        fetch("tests/hostile")
    assert refused.value.code == code and refused.value.hint
    assert [card.name for card in base_models() if card.name.startswith("tests/")] == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9", "localhost:9", "[::1]:9", "10.0.0.7", "169.254.169.254", "[::ffff:10.0.0.7]"]
)
def test_redirect_into_a_private_network_is_refused(hub: Hub, files: dict[str, bytes], host: str) -> None:
    hub.repos["tests/inward"] = Repo(files, redirects=f"http://{host}/model.safetensors")
    with pytest.raises(StudioError) as refused:
        fetch("tests/inward")
    assert refused.value.code == "hub_inward" and "STUDIO_HUB_INNER_HOSTS" in refused.value.hint


def test_mirror_that_an_administrator_names_may_be_inside(
    hub: Hub, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Hub({TINY: Repo(files)}) as mirror:
        hub.repos["tests/inward"] = Repo(files, redirects=f"{mirror.url}/{TINY}/resolve/{COMMIT}/model.safetensors")
        monkeypatch.setenv("STUDIO_HUB_INNER_HOSTS", "mirror.example, 127.0.0.1")
        forget_settings()
        assert fetch("tests/inward").hub_id == "tests/inward"


def test_broken_download_resumes_where_it_broke(hub: Hub, files: dict[str, bytes]) -> None:
    card = fetch("tests/breaking")
    assert (base_model_path(card.name) / "model-2.safetensors").read_bytes() == LARGE
    assert hub.ranges == ["bytes=10485760-"]


def test_stopped_fetch_keeps_complete_files(hub: Hub) -> None:
    here: list[int] = []
    with pytest.raises(model_hub.FetchStopped):
        fetch(TINY, progress=lambda done, total: here.append(done), should_stop=lambda: bool(here) and here[-1] > 5_000)
    assert base_models()[-1].name != f"{TINY}@{COMMIT[:8]}"
    assert fetch(TINY) == base_model(f"{TINY}@{COMMIT[:8]}")


def test_fetch_stopped_inside_a_file_resumes_there(hub: Hub) -> None:
    hub.repos["tests/breaking"].breaks_after = 0
    here: list[int] = []
    with pytest.raises(model_hub.FetchStopped):
        fetch(
            "tests/breaking",
            progress=lambda done, total: here.append(done),
            should_stop=lambda: here[-1:] > [11 * 2**20],
        )
    asked = len(hub.ranges)
    card = fetch("tests/breaking")
    assert (base_model_path(card.name) / "model-2.safetensors").read_bytes() == LARGE
    assert hub.ranges[asked:] == ["bytes=10485760-"]


def test_changed_file_of_a_fetched_model_is_refused(hub: Hub) -> None:
    card = fetch(TINY)
    base_model_path.cache_clear()
    (base_model_path(card.name) / "config.json").write_text("{}")
    base_model_path.cache_clear()
    with pytest.raises(StudioError, match="has changed"):
        base_model_path(card.name)


def test_unreachable_hub_is_named(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    forget_settings()
    with pytest.raises(StudioError) as refused:
        fetch(TINY)
    assert refused.value.code == "hub_unreachable" and "127.0.0.1:9" in refused.value.message
    forget_settings()
