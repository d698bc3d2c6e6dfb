"""Registers a model that lies in a folder of this machine, or in the cache of another program, as a base model."""

import os
import re
import shutil
from pathlib import Path

from app import disk_space, manifest, storage
from app.catalog import fetched_models
from app.catalog.card import BaseModelCard
from app.db import transaction
from app.errors import Conflict, Rejected
from app.languages import gettext as _
from app.services.accounts.audit_chain import record
from app.services.models import model_fetches, model_hub

# Where such a model says it comes from; a hub has no owner of this name.
OWNER = "local"
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}")


def add(user_id: str, folder: Path, name: str = "") -> BaseModelCard:
    """Check the model in a folder and register it; only files that a fetch would take are used.

    The files are linked where the disk allows it, and copied elsewhere: the folder may be deleted afterwards, but its files must
    not be changed in place.

    Args:
        name: what it is called after ``local/``; the folder's name if empty.

    Raises:
        NotAllowed: the person may not bring models.
        Rejected, Conflict, TooLarge: the folder holds no model that can be used here, or it is registered already.
    """
    model_fetches.check_role(user_id)
    repo = f"{OWNER}/{_checked_name(folder, name)}"
    sizes = {name: path.stat().st_size for name, path in _wanted(folder).items()}
    model_hub.check_files(repo, {path.name for path in folder.rglob("*")}, sizes)
    aside = storage.models_dir() / f".adding-{repo.replace('/', '--')}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        disk_space.check_room(sum(sizes.values()))
        for inside, path in _wanted(folder).items():
            _take(path, aside / inside)
        card = _describe(aside, repo)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    with transaction() as session:
        record(session, user_id, "add", "model", card.name[:36], data={"folder": str(folder)})
    return card


def _describe(aside: Path, repo: str) -> BaseModelCard:
    model_hub.check_config_first(aside)
    # What is in the weights takes the place of a commit.
    weights = sorted(aside.rglob("*.safetensors"))
    content = manifest.sha256_of(weights[0])
    final = storage.model_dir(fetched_models.model_name(repo, content))
    if final.exists():
        raise Conflict(
            "model_exists",
            _("This model is registered already, as {name}.", name=repr(fetched_models.model_name(repo, content))),
            _("Remove it first to register it again."),
        )
    card = model_hub.describe(aside, repo, content, "not stated")
    manifest.write(aside)
    aside.rename(final)
    return card


def _checked_name(folder: Path, name: str) -> str:
    if not folder.is_dir():
        raise Rejected(
            "folder_not_found", _("There is no folder {folder}.", folder=repr(str(folder))), _("Check the path.")
        )
    name = name or folder.resolve().name
    if not NAME.fullmatch(name):
        raise Rejected(
            "model_name",
            _("{name} cannot be the name of a model.", name=repr(name)),
            _("Use letters, digits, dots, hyphens and underscores."),
        )
    return name


def _wanted(folder: Path) -> dict[str, Path]:
    """Name within the folder -> the file itself; a cache of the hub holds links to it."""
    found = {
        path.relative_to(folder).as_posix(): path.resolve() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    return {name: path for name, path in found.items() if model_hub.WANTED.fullmatch(name)}


def _take(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
