"""Fetches the files of a model from the Hugging Face Hub, and refuses models that cannot be used here.

Only safetensors, tokenizer and configuration files of one commit are fetched, never files that could contain code. A fetch
that was stopped resumes where it ended.
"""

import json
import math
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app import disk_space, manifest, storage
from app.catalog import fetched_models, model_facts
from app.catalog.card import BaseModelCard
from app.errors import Conflict, NotFound, Rejected, StudioError, TooLarge
from app.outside_names import path_inside
from app.services.models.file_checks import check_config
from app.services.models.limited_process import check_model_files, convert_tokenizer, read_model_facts
from app.services.remote import hub_hosts
from app.settings import get_settings

WANTED = re.compile(
    r"(.*\.safetensors|model\.safetensors\.index\.json|config\.json|generation_config\.json|tokenizer\.json"
    r"|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json|vocab\.(txt|json)|merges\.txt|chat_template\.jinja"
    r"|tokenizer\.model|spiece\.model|spm\.model|sentencepiece\.bpe\.model"
    r"|modules\.json|1_Pooling/config\.json)"
)
# One of these holds the vocabulary.
TOKENIZERS = frozenset(
    (
        "tokenizer.json",
        "vocab.txt",
        "vocab.json",
        "tokenizer.model",
        "spiece.model",
        "spm.model",
        "sentencepiece.bpe.model",
    )
)
PICKLED = re.compile(r".*\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$")
REPO = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
# Configuration files of real models are far smaller; a larger one is an attack or a mistake.
MAX_TEXT_BYTES, MAX_CONFIG_BYTES = 64 * 1024**2, 1024**2
# Suffix of a file that is not complete.
PART_SUFFIX = ".part"

Progress = Callable[[int, int], None]


class FetchStopped(Exception):
    """A stop was requested; what has been fetched is kept for the next attempt."""


@dataclass(frozen=True)
class Plan:
    """The files to fetch with their sizes in bytes and, where the hub has it, their SHA-256."""

    repo: str
    commit: str
    licence: str
    files: dict[str, int]
    hashes: dict[str, str]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(self.files.values())


def plan(repo: str, revision: str = "main") -> Plan:
    """Ask the hub for the files of a model, and refuse a model that cannot be used here.

    Raises:
        Rejected, NotFound, Conflict, TooLarge: one code for each reason, with what to do.
    """
    from huggingface_hub import HfApi

    if not REPO.fullmatch(repo):
        raise Rejected(
            "hub_id",
            f"{repo!r} is not the id of a model.",
            "Ids look like owner/name, as in HuggingFaceTB/SmolLM2-135M-Instruct.",
        )
    hub_hosts.guard_requests()
    with _translated(repo, revision):
        found = HfApi(endpoint=get_settings().hub_url).model_info(repo, revision=revision, files_metadata=True)
    if found.id != repo:
        raise Rejected(
            "hub_renamed",
            f"The model {repo!r} is now called {found.id!r}.",
            f"Fetch {found.id!r} if that is the one you want.",
        )
    if found.gated:
        # Checked before anything is fetched: metadata of a gated model is public, its files are not.
        _check_access(repo, str(found.sha))
    siblings = found.siblings or []
    files = {file.rfilename: file.size or 0 for file in siblings if WANTED.fullmatch(file.rfilename)}
    for name in files:
        path_inside(storage.models_dir(), name)
    check_files(repo, {file.rfilename for file in siblings}, files)
    hashes = {file.rfilename: file.lfs.sha256 for file in siblings if file.lfs and file.rfilename in files}
    card: Any = found.card_data or {}
    return Plan(repo, str(found.sha), str(card.get("license") or "not stated"), files, hashes)


def fetch(plan: Plan, progress: Progress, should_stop: Callable[[], bool]) -> BaseModelCard:
    """Fetch and verify all files, then rename the complete folder to its final name.

    Args:
        progress: called with (bytes fetched, bytes in all).
        should_stop: called after every chunk.

    Raises:
        FetchStopped: ``should_stop`` returned true.
        StudioError: the hub, the disk or the files themselves.
    """
    name = fetched_models.model_name(plan.repo, plan.commit)
    final = storage.model_dir(name)
    if (final / manifest.NAME).exists():
        return fetched_models.fetched_cards_by_name()[name]
    aside = final.with_name(f".fetching-{final.name}")
    aside.mkdir(parents=True, exist_ok=True)
    disk_space.check_room(plan.bytes)
    # The weights last, so that a model that cannot be used is refused before they are fetched.
    done = 0
    for file, size in sorted(plan.files.items(), key=lambda entry: (is_weights(entry[0]), entry[1])):
        _fetch_file(plan, file, aside, partial(_report, progress, done, plan.bytes), should_stop)
        done += size
        progress(done, plan.bytes)
        if file == "config.json":
            check_config_first(aside)
    _check_hashes(plan, aside)
    shutil.rmtree(aside / ".cache", ignore_errors=True)
    try:
        card = describe(aside, plan.repo, plan.commit, plan.licence)
    except Rejected:
        shutil.rmtree(aside)
        raise
    manifest.write(aside)
    aside.rename(final)
    return card


def describe(folder: Path, repo: str, commit: str, licence: str) -> BaseModelCard:
    """Check the files of a model, put its card beside them, and a ``tokenizer.json`` if it has none.

    Raises:
        Rejected: a file is hostile or damaged, or the model cannot be tuned here.
    """
    check_model_files(folder)
    if not (folder / "tokenizer.json").exists():
        (folder / "tokenizer.json").write_text(convert_tokenizer(folder), encoding="utf-8")
    weights = {
        path.relative_to(folder).as_posix(): manifest.sha256_of(path) for path in sorted(folder.rglob("*.safetensors"))
    }
    return fetched_models.write_card(
        folder, repo=repo, commit=commit, licence=licence, facts=read_model_facts(folder), weights=weights
    )


def is_weights(name: str) -> bool:
    """Whether a file holds weights."""
    return name.endswith(".safetensors")


def forget(name: str) -> None:
    """Delete a fetched model's files."""
    shutil.rmtree(storage.model_dir(name), ignore_errors=True)


def _report(progress: Progress, before: int, total: int, fetched: int) -> None:
    progress(before + fetched, total)


def _fetch_file(
    plan: Plan, file: str, folder: Path, progress: Callable[[int], None], should_stop: Callable[[], bool]
) -> None:
    """One file, into a partial file that is kept when the fetch is stopped; the hub library's own download would start anew."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers, tqdm  # type: ignore[attr-defined]

    class ChunkProgress(tqdm):
        """Reports the bytes of each chunk instead of drawing a bar, and raises when a stop is requested."""

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})  # type: ignore[no-untyped-call]
            self.fetched = int(options.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self.fetched += int(n or 0)
            progress(self.fetched)
            if should_stop():
                raise FetchStopped
            return None

    if should_stop():
        raise FetchStopped
    final = path_inside(folder, file)
    if final.exists():
        return
    part = final.with_name(f"{final.name}{PART_SUFFIX}")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.touch()
    address = hf_hub_url(plan.repo, file, revision=plan.commit, endpoint=get_settings().hub_url)
    headers = build_hf_headers()
    with _translated(plan.repo, plan.commit), part.open("r+b") as out:
        metadata = get_hf_file_metadata(address, headers=headers)
        if urlsplit(metadata.location).netloc != urlsplit(address).netloc:
            # The file is served by another host, which must not get the token.
            headers.pop("authorization", None)
        offset = out.seek(0, os.SEEK_END)
        http_get(
            metadata.location,
            out,
            resume_size=offset,
            headers=headers,
            expected_size=metadata.size,
            tqdm_class=ChunkProgress,
        )
    part.rename(final)


def check_files(repo: str, everything: set[str], files: dict[str, int]) -> None:
    """Refuse a model by the names and sizes of its files.

    Args:
        everything: names of all files that are offered.
        files: those that are used, with their sizes.

    Raises:
        Rejected, TooLarge: weights, configuration or tokenizer are missing, or something is too large.
    """
    weights = [name for name in files if name.endswith(".safetensors")]
    if not weights and any(PICKLED.fullmatch(name) for name in everything):
        raise Rejected(
            "hub_only_pickled",
            f"The model {repo!r} offers its weights only in a format that can carry program code.",
            "Choose a model or a revision with .safetensors files; many models have a converted version.",
        )
    needed = ["config.json"] if "config.json" not in files else []
    if not files.keys() & TOKENIZERS:
        needed.append("a tokenizer")
    if not weights or needed:
        missing = ", ".join(needed) or "weights as .safetensors"
        raise Rejected("hub_incomplete", f"The model {repo!r} lacks {missing}.", "Choose another model.")
    limit = get_settings().max_model_bytes
    if sum(files.values()) > limit:
        raise TooLarge(
            "hub_too_large",
            f"The model {repo!r} has {sum(files.values()) / 1e9:,.1f} GB; at most {limit / 1e9:,.1f} GB are fetched here.",
            "Choose a smaller model, or let an administrator raise STUDIO_MAX_MODEL_BYTES.",
        )
    large = next((name for name, size in files.items() if size > _max_bytes(name)), None)
    if large:
        raise TooLarge(
            "hub_too_large", f"The file {large!r} of {repo!r} is too large for what it is.", "Choose another model."
        )


def _max_bytes(name: str) -> float:
    if name.endswith(".safetensors"):
        return math.inf
    return MAX_CONFIG_BYTES if name.endswith("config.json") and "tokenizer" not in name else MAX_TEXT_BYTES


def _check_access(repo: str, commit: str) -> None:
    from huggingface_hub import HfApi

    with _translated(repo, commit):
        HfApi(endpoint=get_settings().hub_url).auth_check(repo)


def _check_hashes(plan: Plan, folder: Path) -> None:
    for file, size in plan.files.items():
        path = path_inside(folder, file)
        expected = plan.hashes.get(file)
        if path.stat().st_size != size or (expected and manifest.sha256_of(path) != expected):
            shutil.rmtree(folder)
            raise Conflict(
                "hub_damaged", f"The file {file!r} of {plan.repo!r} did not arrive as it was sent.", "Fetch it again."
            )


def check_config_first(folder: Path) -> None:
    """Refuse a model that cannot be used before its weights are fetched."""
    config = _json(folder / "config.json")
    model_facts.check_config(config)
    check_config("config.json", config)
    read_model_facts(folder)


def _json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError):
        raise Rejected("model_file", f"The file {path.name!r} of this model is not JSON.", "Choose another.") from None


class _translated:
    """Translates the errors of the hub library into ours."""

    def __init__(self, repo: str, revision: str) -> None:
        self.repo, self.revision = repo, revision

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is not None and not isinstance(error, StudioError | FetchStopped):
            translation = self._translate(error)
            if translation:
                raise translation from error

    def _translate(self, error: BaseException) -> StudioError | None:
        from huggingface_hub import errors
        from huggingface_hub.errors import HfHubHTTPError

        repo, revision = self.repo, self.revision
        if isinstance(error, errors.GatedRepoError):
            return Conflict(
                "hub_gated",
                f"The owners of {repo!r} give it only to people who have accepted their terms.",
                "Accept them on the model's page, set HF_TOKEN for the studio's worker, and fetch it again.",
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return NotFound(
                "hub_revision", f"The model {repo!r} has no revision {revision!r}.", "Give a branch or a commit."
            )
        if isinstance(error, errors.RepositoryNotFoundError):
            return NotFound(
                "hub_not_found", f"There is no public model {repo!r}.", "Check its id; ids look like owner/name."
            )
        if isinstance(error, HfHubHTTPError):
            status = getattr(error.response, "status_code", "unknown")
            return Conflict(
                "hub_failed", f"The hub answered with status {status}.", "Try again later; what has come is kept."
            )
        if isinstance(error, OSError) or type(error).__module__.startswith("httpx"):
            hub = get_settings().hub_url
            return Conflict(
                "hub_unreachable",
                f"The hub at {hub} cannot be reached.",
                "Check the connection, then resume; what has come is kept.",
            )
        return None
