"""Commands in this process, on a machine without a data folder, and a good file to give them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Mount
from starlette.types import ASGIApp

from tests.conftest import forget_settings

GOOD = "text,label\n" + "".join(
    f"letter {n} says that the {subject} {ending},{label}\n"
    for n, (subject, ending, label) in enumerate(
        [("card", "is lost", "cards"), ("invoice", "is wrong", "money"), ("parcel", "is late", "parcels")] * 20
    )
)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A file with sixty rows and three labels."""
    path = tmp_path / "letters.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The path of a data folder that does not exist yet."""
    monkeypatch.setenv("STUDIO_DATA_DIR", str(tmp_path / "data"))
    forget_settings()
    yield tmp_path / "data"
    forget_settings()


@pytest.fixture(scope="session")
def application() -> ASGIApp:
    """Routes and pages without the gate, made once: they keep nothing between requests."""
    from app.main import create_api
    from studio_ui.app import mount

    return mount(create_api())


@pytest.fixture(scope="session")
def templates(application: Any) -> list[tuple[str, str]]:
    """(method, path) of every route of the composed application, Gradio's included, as the routers have them."""
    return sorted(set(walk(application.router.routes, "")))


@pytest.fixture(scope="session")
def routes(templates: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same with plain values filled in."""
    return [(method, re.sub(r"\{[^}]*\}", "x", path)) for method, path in templates]


def walk(routes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for route in routes:
        path = prefix + getattr(route, "path", "")
        if isinstance(route, Mount):
            yield from walk(route.routes or [], path)
            yield from (("GET", path + "/x"), ("POST", path + "/x"))
        elif inner := getattr(getattr(route, "original_router", None), "routes", None):
            yield from walk(inner, prefix)
        else:
            for method in getattr(route, "methods", None) or {"GET"}:
                yield method, path
