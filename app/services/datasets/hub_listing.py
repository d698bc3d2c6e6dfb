"""What a data set of the Hugging Face Hub holds: its Parquet files by configuration and split, at one commit.

Only what the hub lists is looked at: no file of the data set is opened, and no code of it is ever run. Configurations and splits
come from the card's metadata, else from the names of the files, as ``datasets`` reads them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.errors import Conflict, NotFound, Rejected, StudioError
from app.languages import gettext_noop
from app.languages.statements import stated
from app.services.remote import hub_hosts
from app.services.remote.hub_failures import HubFailure, failure_of, status_of
from app.settings import get_settings

DATASET_ID = re.compile(r"([A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9][\w.-]{0,95}")
# Where the hub keeps a Parquet copy of data sets in other formats, as configuration/split/0000.parquet.
CONVERTED = "refs/convert/parquet"
ENDING = ".parquet"
DEFAULT_CONFIG = "default"
MAX_REVISION, MAX_LISTED = 100, 12
# Words by which names of files tell a split; the hub's own tools read the same ones.
SPLIT_WORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
SHARDED = re.compile(r"(?:.*/)?([A-Za-z0-9_.]+?)-\d{5}-of-\d{5}[^/]*\.parquet")
ID_HINT = gettext_noop("Ids look like owner/name, as in stanfordnlp/imdb.")


@dataclass(frozen=True)
class HubRequest:
    """What a person asks for; empty words mean: the only one there is.

    Attributes:
        rows: only the first so many rows of each split; 0: all.
        test_split: a second split, whose rows become the test.
    """

    repo: str
    split: str = ""
    revision: str = "main"
    config: str = ""
    test_split: str = ""
    rows: int = 0


@dataclass(frozen=True)
class HubListing:
    """One commit of a data set.

    Attributes:
        splits: configuration -> split -> paths of its Parquet files.
        default: the configuration that is meant where none is named; empty where one has to be chosen.
        sizes: path -> bytes.
    """

    repo: str
    commit: str
    licence: str
    splits: Mapping[str, Mapping[str, tuple[str, ...]]]
    default: str
    sizes: Mapping[str, int]


@dataclass(frozen=True)
class HubSplit:
    """A chosen split: its files with their sizes in bytes."""

    config: str
    name: str
    files: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(self.files.values())


def clean_request(request: HubRequest) -> HubRequest:
    """The request without blanks and the hub's address before the id.

    Raises:
        Rejected: the id, a name or the number of rows cannot be one.
    """
    repo = request.repo.strip().removeprefix(get_settings().hub_url).removeprefix("https://huggingface.co")
    repo = repo.strip("/").removeprefix("datasets/")
    if not DATASET_ID.fullmatch(repo):
        raise Rejected("hub_id", stated("{repo} is not the id of a data set.", repo=repr(repo[:120])), stated(ID_HINT))
    words = {name: getattr(request, name).strip() for name in ("split", "revision", "config", "test_split")}
    too_long = next((name for name, word in words.items() if len(word) > MAX_REVISION), "")
    if too_long or request.rows < 0:
        raise Rejected(
            "hub_request",
            stated("A name is longer than {limit} characters, or the number of rows is below 0.", limit=MAX_REVISION),
            stated("Give a branch, a tag or a commit, and the names of splits as the data set's page shows them."),
        )
    return HubRequest(repo, **{**words, "revision": words["revision"] or "main"}, rows=request.rows)


def list_dataset(repo: str, revision: str) -> HubListing:
    """Ask the hub for the files of a data set.

    Raises:
        NotFound, Rejected, Conflict: one code for each reason, with what to do.
    """
    from huggingface_hub import HfApi

    hub_hosts.guard_requests()
    api = HfApi(endpoint=get_settings().hub_url)
    with hub_errors(repo, revision):
        found = api.dataset_info(repo, revision=revision, files_metadata=True)
        if found.id != repo:
            raise Rejected(
                "hub_renamed",
                stated("The data set {repo} is now called {name}.", repo=repr(repo), name=repr(found.id)),
                stated("Import {name} if that is the one you want.", name=repr(found.id)),
                details={"repo": found.id},
            )
        if found.gated:
            # Checked before anything is fetched: metadata of a gated data set is public, its files are not.
            api.auth_check(repo, repo_type="dataset")
        files = {file.rfilename: file.size or 0 for file in found.siblings or []}
        sizes = {name: size for name, size in files.items() if name.endswith(ENDING) and not _hidden(name)}
        if not sizes:
            raise _no_parquet(repo, files, _converted(api, repo))
    card: Any = found.card_data or {}
    # The hub's own copies have a layout of their own, whatever the card says about the originals.
    is_copy = revision == CONVERTED
    splits = {} if is_copy else _declared(repo, card, sorted(sizes))
    if not splits and not is_copy and _has_patterns(card):
        raise Rejected(
            "hub_no_match",
            stated("The card of {repo} names files, and none of its Parquet files is among them.", repo=repr(repo)),
            stated("Choose another revision of it, or download the Parquet files and upload them here."),
        )
    splits = splits or _by_names(sorted(sizes))
    default = _default_config(card, splits)
    return HubListing(repo, str(found.sha), str(card.get("license") or ""), splits, default, sizes)


def choose(listing: HubListing, config: str, split: str) -> HubSplit:
    """The files of one split.

    Raises:
        Rejected: there is no such configuration or split, or one has to be chosen; ``details`` list those there are.
    """
    configs = listing.splits
    wanted = config or listing.default
    if wanted not in configs:
        details = {"configs": sorted(configs)[: 10 * MAX_LISTED]}
        message = (
            stated("{repo} has no configuration {config}.", repo=repr(listing.repo), config=repr(config))
            if config
            else stated("{repo} has several configurations, and none is named.", repo=repr(listing.repo))
        )
        hint = stated("Choose one of: {names}.", names=_listed(sorted(configs)))
        raise Rejected("hub_no_config" if config else "hub_which_config", message, hint, details=details)
    found = configs[wanted]
    name = split or (next(iter(found)) if len(found) == 1 else "")
    if name not in found:
        message = (
            stated("{repo} has no split {split}.", repo=repr(listing.repo), split=repr(split))
            if split
            else stated("{repo} has several splits, and none is named.", repo=repr(listing.repo))
        )
        hint = stated("Choose one of: {names}.", names=_listed(list(found)))
        offered = {"splits": list(found)[: 10 * MAX_LISTED], "config": wanted}
        raise Rejected("hub_no_split" if split else "hub_which_split", message, hint, details=offered)
    return HubSplit(wanted, name, {path: listing.sizes[path] for path in found[name]})


@contextmanager
def hub_errors(repo: str, revision: str) -> Iterator[None]:
    """Translate what the hub library raises into words about the data set."""
    try:
        yield
    except StudioError:
        raise
    except Exception as error:
        translation = _translation(error, repo, revision)
        if translation is None:
            raise
        raise translation from error


def _translation(error: BaseException, repo: str, revision: str) -> StudioError | None:
    found = failure_of(error)
    if found is HubFailure.GATED:
        return Conflict(
            "hub_gated",
            stated("The owners of {repo} give it only to people who have accepted their terms.", repo=repr(repo)),
            stated("Accept them on the data set's page; then an administrator, for whom HF_TOKEN serves, imports it."),
        )
    if found is HubFailure.NO_REVISION:
        return NotFound(
            "hub_revision",
            stated("The data set {repo} has no revision {revision}.", repo=repr(repo), revision=repr(revision)),
            stated("Give a branch, a tag or a commit of it; `main` is the newest."),
        )
    if found is HubFailure.NOT_FOUND:
        return NotFound(
            "hub_not_found",
            stated("There is no data set {repo} on the hub, or it is private.", repo=repr(repo)),
            stated(
                "Check its id, which looks like owner/name. A private one is imported by an administrator, for whom HF_TOKEN serves."
            ),
        )
    if found is HubFailure.REFUSED:
        return Conflict(
            "hub_failed",
            stated("The hub answered with status {status}.", status=str(status_of(error) or "?")),
            stated("Try again later."),
        )
    if found is HubFailure.UNREACHABLE:
        return Conflict(
            "hub_unreachable",
            stated("The hub at {hub} cannot be reached from here.", hub=get_settings().hub_url),
            stated("Check the network and try again; or download the Parquet files elsewhere and upload them."),
        )
    return None


def _converted(api: Any, repo: str) -> bool:
    """Whether the hub keeps a Parquet copy."""
    return any(ref.ref == CONVERTED for ref in api.list_repo_refs(repo, repo_type="dataset").converts)


def _no_parquet(repo: str, files: Mapping[str, int], converted: bool) -> StudioError:
    script = f"{repo.rpartition('/')[2]}.py"
    hint = (
        stated("The hub keeps a copy of it as Parquet: import the revision {revision}.", revision=CONVERTED)
        if converted
        else stated("Download its files and upload them here, or ask its owners for Parquet files.")
    )
    details = {"revision": CONVERTED} if converted else {}
    if script in files:
        message = stated(
            "{repo} is made by a program of its own ({script}). The studio runs no code of data sets and reads Parquet files only.",
            repo=repr(repo),
            script=script,
        )
        return Rejected("hub_script", message, hint, details=details)
    endings = sorted({name.rpartition(".")[2] for name in files if "." in name and not _hidden(name)} - {"md"})
    message = stated(
        "{repo} has no Parquet files, and only those are read from the hub; it has: {endings}.",
        repo=repr(repo),
        endings=_listed([f".{ending}" for ending in endings]) or "-",
    )
    return Rejected("hub_no_parquet", message, hint, details=details)


def _declared(repo: str, card: Mapping[str, Any], files: Sequence[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Configurations as the card declares them; empty where it declares none, or none with Parquet files."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for config in _dictionaries(card.get("configs")):
        name = str(config.get("config_name") or DEFAULT_CONFIG)[:MAX_REVISION]
        folder, declared = str(config.get("data_dir") or ""), config.get("data_files")
        if declared is None and folder:
            splits = _in_folder(_matching(repo, ["**"], folder, files), folder)
        else:
            splits = {
                split: matched
                for split, patterns in _patterns(declared)
                if (matched := _matching(repo, patterns, folder, files))
            }
        if splits:
            found[name] = splits
    return found


def _in_folder(files: Sequence[str], folder: str) -> dict[str, tuple[str, ...]]:
    """Splits of a configuration that names its folder only, as the names of the files there tell them."""
    found: dict[str, list[str]] = {}
    for path in files:
        found.setdefault(_split_of(path.removeprefix(f"{_clean_folder(folder)}/")), []).append(path)
    return _in_usual_order(found)


def _clean_folder(folder: str) -> str:
    return "/".join(part for part in folder.split("/") if part not in ("", "."))


def _has_patterns(card: Mapping[str, Any]) -> bool:
    return any(config.get("data_files") or config.get("data_dir") for config in _dictionaries(card.get("configs")))


def _patterns(declared: Any) -> list[tuple[str, list[str]]]:
    """(split, patterns of paths), in the forms that a card may have: a list of splits, a pattern, or several."""
    if isinstance(declared, str):
        return [("train", [declared])]
    entries = declared if isinstance(declared, list) else []
    texts = [entry for entry in entries if isinstance(entry, str)]
    given = [(str(entry.get("split") or "train")[:MAX_REVISION], entry.get("path")) for entry in _dictionaries(entries)]
    several = [(split, path if isinstance(path, list) else [path]) for split, path in given]
    return [
        *([("train", texts)] if texts else []),
        *((split, [str(item) for item in paths]) for split, paths in several),
    ]


def _matching(repo: str, patterns: Sequence[str], folder: str, files: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for pattern in patterns:
        inside = pattern.removeprefix("./")
        if "://" in inside or inside.startswith("/") or ".." in inside.split("/"):
            raise Rejected(
                "hub_outside",
                stated(
                    "The card of {repo} names rows outside of the data set: {pattern}.",
                    repo=repr(repo),
                    pattern=repr(pattern[:120]),
                ),
                stated("Choose another data set, or another revision of it."),
            )
        whole = "/".join(part for part in (_clean_folder(folder), inside) if part)
        expression = _as_expression(whole)
        found.update((path, None) for path in files if expression.fullmatch(path))
    return tuple(found)


def _as_expression(pattern: str) -> re.Pattern[str]:
    """A pattern of paths: ``*``, ``?`` and ``[0-9]`` stay within a folder, ``**`` does not."""
    meanings = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]/]+\])", pattern)
    return re.compile("".join(meanings.get(part) or _literal_or_class(part) for part in parts))


def _literal_or_class(part: str) -> str:
    if not re.fullmatch(r"\[[^\]/]+\]", part):
        return re.escape(part)
    negation = "^" if part.startswith("[!") else ""
    characters = re.sub(r"[\\\[&~|^]", r"\\\g<0>", part[1:-1].removeprefix("!"))
    expression = f"(?!/)[{negation}{characters}]"
    try:
        re.compile(expression)
    except re.error:
        # A range that runs backwards holds no character.
        return "(?!)"
    return expression


def _by_names(files: Sequence[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Configurations and splits as the paths tell them: ``configuration/split/0000.parquet`` of the hub's copies, or one
    configuration whose splits are words in the paths."""
    converted = [re.fullmatch(r"([^/]+)/(?:partial-)?([^/]+)/\d{4}\.parquet", path) for path in files]
    found: dict[str, dict[str, list[str]]] = {}
    for path, match in zip(files, converted, strict=True):
        config, split = match.groups() if all(converted) and match else (DEFAULT_CONFIG, _split_of(path))
        found.setdefault(config, {}).setdefault(split, []).append(path)
    return {config: _in_usual_order(splits) for config, splits in found.items()}


def _in_usual_order(splits: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    usual = list(SPLIT_WORDS)
    return {
        split: tuple(splits[split])
        for split in sorted(splits, key=lambda name: usual.index(name) if name in usual else len(usual))
    }


def _split_of(path: str) -> str:
    if sharded := SHARDED.fullmatch(path):
        return sharded.group(1)
    words = re.split(r"[^a-z]+", path.removesuffix(ENDING).lower())
    return next((split for split, known in SPLIT_WORDS.items() if any(word in known for word in words)), "train")


def _default_config(card: Mapping[str, Any], splits: Mapping[str, Any]) -> str:
    if len(splits) == 1:
        return next(iter(splits))
    marked = [
        str(item.get("config_name")) for item in _dictionaries(card.get("configs")) if item.get("default") is True
    ]
    return next((name for name in (*marked, DEFAULT_CONFIG) if name in splits), "")


def _dictionaries(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MAX_LISTED
    return ", ".join(names[:MAX_LISTED]) + (f" … (+{rest})" if rest > 0 else "")
