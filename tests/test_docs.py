"""The documentation is complete and true: the reference is fresh, everything is named, every link leads somewhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from docs import generate

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WRITTEN = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
TOPS = "app|worker|studio|studio_ui|tests|benchmarks|migrations|scripts|docs"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def names() -> list[str]:
    """Everything that a person can meet under a name, in the form the reference writes it."""
    from app.catalog.base_models import BASE_MODELS
    from app.catalog.methods import METHODS
    from app.catalog.task_types import TASK_TYPES
    from app.catalog.training import TrainingSettings
    from app.readers import EXTENSIONS
    from app.settings import Settings
    from studio.cli import studio
    from studio_ui.pages import PAGES

    targets = re.findall(r"^([a-z][a-z0-9_-]*):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return [
        *(f"`make {target}`" for target in targets),
        *(f"`studio {command}" for command in studio.commands),
        *(
            f"`{field.validation_alias if isinstance(field.validation_alias, str) else f'STUDIO_{name.upper()}'}`"
            for name, field in Settings.model_fields.items()
        ),
        *(f"`{page.path}`" for page in PAGES),
        *(f"`{task_type.kind}`" for task_type in TASK_TYPES),
        *(f"`{base_model.name}`" for base_model in BASE_MODELS),
        *(f"`{method.model_fields['kind'].default}`" for method in METHODS),
        *(f"`{field}`" for method in METHODS for field in method.model_fields if field != "kind"),
        *(f"`{field}`" for field in TrainingSettings.model_fields),
        *(f"`.{extension}`" for extension in EXTENSIONS),
    ]


def test_the_reference_is_what_the_code_says_now():
    """Run ``python docs/generate.py`` after changing a declaration."""
    assert generate.reference() == WRITTEN


def test_everything_with_a_name_is_in_the_reference():
    assert [name for name in names() if name not in WRITTEN] == []


def test_every_route_of_the_contract_is_in_the_reference():
    """The names that outside programs rely on, written out by hand on purpose."""
    for route in (
        "GET /healthz",
        "GET /readyz",
        "GET /metrics",
        "GET /api/v1/catalog",
        "POST /api/v1/datasets",
        "POST /api/v1/estimates",
        "POST /api/v1/runs",
        "GET /api/v1/runs/{run_id}/metrics",
        "POST /api/v1/runs/{run_id}/cancel",
        "GET /api/v1/runs/{run_id}/adapter",
        "GET /api/v1/compare",
        "POST /api/v1/runs/{run_id}/predict",
    ):
        assert f"`{route}`" in WRITTEN, route


def test_every_setting_and_command_has_words():
    for section in ("settings", "training_settings", "pages", "make_targets", "routes"):
        for row in getattr(generate, section)().splitlines():
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", row)][1:-1]
            assert not row.startswith("|") or cells[-1], row


def test_the_readme_names_the_two_commands_and_the_map():
    for word in ("make run", "make test", "docs/images/home.png", "docs/images/run.png", "```mermaid"):
        assert word in README
    for room in ("app/catalog/", "app/services/", "app/api/", "app/gate/", "worker/engine/", "studio_ui/", "studio/"):
        assert f"`{room}`" in README, room


def test_map_has_a_line_for_every_package_and_only_for_what_exists():
    rooms = re.findall(r"^\| `([\w./-]+)` \|", README, re.MULTILINE)
    assert [room for room in rooms if not (ROOT / room).exists()] == []
    packages = {
        f"{path.parent.relative_to(ROOT)}/"
        for top in ("app", "worker", "studio", "studio_ui")
        for path in (ROOT / top).rglob("__init__.py")
        if len(path.relative_to(ROOT).parts) <= 4
    }
    # A family of tasks, a kind of method, a page: described by the package above.
    below = re.compile(r"app/catalog/\w+/|app/services/\w+/\w+/|worker/engine/\w+/\w+/|studio_ui/\w+/|app/")
    assert sorted(name for name in packages - set(rooms) if not below.fullmatch(name)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_named_path_exists(page):
    """Paths of modules and folders, dotted names of modules, and ``python -m`` programs."""
    text = page.read_text(encoding="utf-8")
    paths = set(re.findall(rf"`((?:{TOPS})/[\w./-]*)`", text)) | set(re.findall(rf"(?:{TOPS})/[\w./-]+\.py\b", text))
    dotted = set(re.findall(rf"`((?:{TOPS})(?:\.\w+)+)`", text)) | set(re.findall(rf"-m ((?:{TOPS})\.[\w.]+)", text))
    missing = [name for name in paths if not (ROOT / name).exists()]
    missing += [name for name in dotted if not is_importable_name(name)]
    assert missing == []


def is_importable_name(dotted: str) -> bool:
    """Whether a module of this name exists, or a module whose text defines the last part."""
    path = ROOT / dotted.replace(".", "/")
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    parent = path.parent.with_suffix(".py")
    parent = parent if parent.exists() else path.parent / "__init__.py"
    return parent.exists() and re.search(rf"\b{path.name}\b", parent.read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        if place.startswith(("http://", "https://")):
            continue
        found = (page.parent / place) if place else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


@pytest.mark.parametrize("note", DECISIONS, ids=lambda path: path.name)
def test_a_decision_has_its_three_parts_and_is_listed(note):
    text = note.read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert text.startswith(f"# {note.name[:4]} ")
    assert f"({note.name})" in (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs" / "decisions" / "0007-dependencies.md").read_text(encoding="utf-8")
    wanted = [
        *project["dependencies"],
        *(name for group in project["optional-dependencies"].values() for name in group),
    ]
    missing = [
        name
        for name in (re.split(r"[=<>]", item)[0] for item in wanted)
        if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text)
    ]
    assert missing == []


def anchors(page: Path) -> set[str]:
    """The anchors that a Markdown page's headings make."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_project_files_agree_about_licence_and_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0" and "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", changelog, re.MULTILINE)
    assert versions[0] == ("Unreleased", "") and versions[1][0] == project["version"] and versions[1][1]
    kinds = set(re.findall(r"^### (.+)$", changelog, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_every_package_ships_its_types():
    for package in ("app", "worker", "studio", "studio_ui"):
        assert (ROOT / package / "py.typed").exists()


def test_pre_commit_runs_what_make_check_runs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"][0]["hooks"]
    programs = {hook["entry"].split()[0].rpartition("/")[2] for hook in hooks}
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe and programs == set(re.findall(r"\$\(BIN\)/(\w+)", recipe[1]))
