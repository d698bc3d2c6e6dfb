"""The layers, sizes and manners of the code, over every module; and the checker itself on bad examples."""

import ast
import importlib
import importlib.metadata
import re
import sys
import tomllib
from functools import cache

import pytest

from app.catalog.methods import METHODS
from tests import architecture, layers
from tests.architecture import Source
from tests.layers import PACKAGES
from tests.methods import choice


# Read by the tests that look at them, not when tests are collected.
def ours() -> list[Source]:
    return architecture.sources(*PACKAGES)


def beside() -> list[Source]:
    return architecture.sources(*layers.BESIDE)


@cache
def modules() -> frozenset[str]:
    return frozenset(source.name for source in ours())


def all_faults(check, found):
    return [fault for source in found for fault in check(source)]


def test_every_import_goes_down_the_layers():
    assert [fault for source in ours() for fault in architecture.layer_faults(source, modules())] == []


def test_every_library_stays_in_its_rooms():
    assert all_faults(architecture.library_faults, ours()) == []


def test_every_library_is_declared_in_the_group_that_its_process_installs():
    """The web image holds the base group only: a library that arrives by another's grace would be missing there."""
    groups = tomllib.loads((layers.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = distributions(groups["dependencies"]) | {"pydantic_core", "kombu"}  # inseparable from pydantic and celery
    full = base | distributions(groups["optional-dependencies"]["worker"])
    faults = []
    for source in ours():
        holds_a_model = any(source.name.startswith(room) for room in layers.HEAVY_ROOMS)
        for item in architecture.imports(source):
            library = item.target.split(".")[0]
            known = library in sys.stdlib_module_names or library in PACKAGES or item.for_types
            # What is imported inside a function of the catalog runs in the trainer.
            allowed = full if holds_a_model or (source.name.startswith("app.catalog.") and not item.at_load) else base
            optional = not item.at_load and source.name == layers.OPTIONAL_LIBRARIES.get(library)
            if not known and not optional and library not in allowed:
                faults.append(f"{source.name}:{item.line} imports {library}, which its process does not install")
    assert faults == []


def distributions(requirements: list[str]) -> set[str]:
    """Import names of the packages that the requirements name."""
    wanted = {re.split(r"[=<>\[]", requirement)[0].lower().replace("_", "-") for requirement in requirements}
    return {
        module
        for module, owners in importlib.metadata.packages_distributions().items()
        if wanted & {owner.lower().replace("_", "-") for owner in owners}
    }


def test_no_imports_go_in_circles():
    assert architecture.cycles(ours()) == []


def test_class_names_are_unique_over_the_tree():
    places = {}
    for source in ours():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(source.name)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def test_every_package_says_in_a_paragraph_what_happens_there():
    packages = [source for source in ours() if (layers.ROOT / source.name.replace(".", "/")).is_dir()]
    assert [source.name for source in packages if not ast.get_docstring(source.tree)] == []


def test_files_and_functions_stay_small():
    assert all_faults(architecture.size_faults, ours() + beside()) == []


def test_every_module_says_what_it_is_for():
    assert all_faults(architecture.manner_faults, ours() + beside()) == []


def test_every_module_with_functions_has_a_test_file_of_its_own_name():
    """A tuning method of the menu is one of many declarations alike; ``tests/methods`` tests all that are in the table."""
    in_table = {method.__module__ for method in METHODS}
    sources = [source for source in ours() if source.name not in in_table]
    assert architecture.unmirrored(sources, frozenset(source.name for source in beside())) == []


def test_tests_of_the_table_of_methods_leave_no_method_out():
    """What lets a method do without a test file of its own name."""
    kinds = {method.model_fields["kind"].default for method in METHODS}
    assert {pair.values[0] for pair in choice.pairs()} == set(choice.KINDS) == kinds


def test_the_environment_is_read_by_the_settings_and_passed_on_by_the_processes_only():
    readers = ("app.settings", "app.processes")
    sources = [source for source in ours() if not source.name.startswith(readers)]
    assert all_faults(architecture.environment_faults, sources) == []


def test_nothing_runs_foreign_code():
    assert all_faults(architecture.danger_faults, ours()) == []


def test_tests_wait_for_things_not_for_the_clock():
    tests = [source for source in beside() if source.name.split(".")[-1].startswith(("test_", "conftest"))]
    assert all_faults(architecture.sleep_faults, tests) == []


def test_every_declaration_of_a_catalog_folder_is_in_its_tuple():
    """A method or task type that is a file but not in the menu would be dead code."""
    from app.catalog.methods import DERIVED
    from app.catalog.methods.base import Method
    from app.catalog.task_types import TASK_TYPES
    from app.catalog.task_types.base import TaskType

    for base, declared in ((Method, METHODS + DERIVED), (TaskType, [type(task_type) for task_type in TASK_TYPES])):
        for name in modules():
            if name.startswith(base.__module__.removesuffix("base")):
                importlib.import_module(name)
        written = {
            descendant
            for descendant in descendants(base)
            if descendant.__module__ != base.__module__ and not is_family(descendant)
        }
        assert {item for item in written if item.__module__ in modules()} == set(declared)


def is_family(declared: type) -> bool:
    """Whether this is what several entries share, which has no kind of its own, instead of an entry of a menu."""
    fields = getattr(declared, "model_fields", None)
    return fields["kind"].is_required() if fields else not hasattr(declared, "kind")


def descendants(parent: type) -> set[type]:
    return {child for subclass in parent.__subclasses__() for child in (subclass, *descendants(subclass))}


def test_the_rules_cover_real_rooms():
    """A rule about a room that is gone would hold for nothing."""
    rooms = {room for room in layers.ROOMS if not any(n == room or n.startswith(room + ".") for n in modules())}
    assert rooms == set()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.services.runs.runs", "from studio_ui.app import mount"),
        ("app.services.runs.runs", "def f():\n    from worker.jobs import supervisor"),
        ("app.catalog.spec", "from app.storage import data_dir"),
        ("app.catalog.spec", "from app import storage"),
        ("app.errors", "import app.settings"),
        ("app.readers.csv", "from app.catalog.task_types import TASK_TYPES"),
        ("app.api.runs", "import studio_ui.forms"),
        ("studio_ui.app", "from app.main import create_api"),
        ("worker.engine.loop.train", "from app.services import runs"),
        ("worker.engine.loop.train", "from app.db import transaction"),
        ("worker.tasks", "from app.api import runs"),
        ("worker.tasks", "from . import spare"),
        ("worker.trainer", "from app.db import transaction"),
    ],
)
def test_the_checker_notices_a_wrong_layer(name, text):
    assert architecture.layer_faults(Source.of(name, text), modules())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "app.services.runs.runs",
            "from app.catalog import spec\nfrom app import storage\nfrom app.services.queue import jobs",
        ),
        (
            "worker.engine.loop.train",
            "from app import manifest\nfrom worker.engine.tasks.classification.data import rows",
        ),
        ("studio.web", "from studio_ui.app import mount\nfrom app.main import create_api"),
    ],
)
def test_the_checker_lets_right_layers_pass(name, text):
    assert architecture.layer_faults(Source.of(name, text), modules()) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("app.api.runs", "import gradio as gr"),
        ("app.services.runs.runs", "from fastapi import HTTPException"),
        ("app.services.queue.jobs", "from celery import Celery"),
        ("app.catalog.methods.lora", "import torch"),
        ("worker.jobs.supervisor", "from peft import LoraConfig"),
        ("studio.doctor", "class A:\n    import transformers"),
    ],
)
def test_the_checker_notices_a_misplaced_library(name, text):
    assert architecture.library_faults(Source.of(name, text))


def test_heavy_libraries_may_be_imported_inside_functions_and_for_types():
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch\ndef f():\n    import peft\n"
    assert architecture.library_faults(Source.of("app.catalog.methods.lora", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "eval(words)",
        "exec(words)",
        "import pickle",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "AutoModel.from_pretrained(x, trust_remote_code=True)",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run(words, shell=True)",
    ],
)
def test_the_checker_notices_danger(text):
    assert len(architecture.danger_faults(Source.of("app.storage", text))) == 1


def test_the_checker_lets_safe_loading_pass():
    text = "torch.load(path, weights_only=True)\nmodel.eval()\nAutoModel.from_pretrained(x, trust_remote_code=False)"
    assert architecture.danger_faults(Source.of("worker.engine.tasks.classification.model", text)) == []


@pytest.mark.parametrize(
    "text", ["os.environ['A']", "os.environ.get('A')", "x = {**os.environ}", "os.getenv('A')", "os.environ.pop('A')"]
)
def test_the_checker_notices_a_reader_of_the_environment(text):
    assert len(architecture.environment_faults(Source.of("app.storage", text))) == 1


def test_setting_a_variable_for_a_library_is_no_reading_of_the_environment():
    text = "os.environ['A'] = 'b'\nos.environ.setdefault('A', 'b')\nos.environ.update(A='b')"
    assert architecture.environment_faults(Source.of("app.storage", text)) == []


def test_the_checker_notices_sizes_manners_and_sleep():
    long = "def f():\n" + "    x = 1\n" * 60
    assert len(architecture.size_faults(Source.of("app.a", long))) == 1
    assert len(architecture.size_faults(Source.of("app.a", "x = 1\n" * 400))) == 1
    assert len(architecture.manner_faults(Source.of("app.utils", "x = 1"))) == 2
    assert len(architecture.sleep_faults(Source.of("tests.a", "import time\ntime.sleep(1)"))) == 1


def test_the_checker_notices_a_module_without_tests():
    behaves, data, method, elsewhere = (
        Source.of("worker.engine.loop.a", "def f():\n    return 1"),
        Source.of("worker.engine.loop.b", "X = 1"),
        Source.of("app.catalog.c", "class A:\n    async def f(self): ..."),
        Source.of("studio.d", "def f():\n    return 1"),
    )
    found = [behaves, data, method, elsewhere]
    wrong = frozenset({"tests.worker.engine.loop.test_b", "tests.worker.test_a", "tests.app.test_c"})
    assert architecture.unmirrored(found, wrong) == [behaves.name, method.name]
    assert (
        architecture.unmirrored(found, frozenset({"tests.worker.engine.loop.test_a", "tests.app.catalog.test_c"})) == []
    )


def test_the_checker_notices_a_circle():
    one, two = Source.of("app.a", "import app.b"), Source.of("app.b", "from app import a")
    assert architecture.cycles([one, two]) == [["app.a", "app.b", "app.a"]]
    lazy = Source.of("app.b", "def f():\n    from app import a")
    assert architecture.cycles([one, lazy]) == [["app.a", "app.b", "app.a"]]
    for_types = Source.of("app.b", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app import a")
    assert architecture.cycles([one, for_types]) == []
