"""Projects and quotas on the command line: made, shared by the names of people, limited and listed."""

import pytest

from app.services.accounts import accounts, projects
from studio.people import find_user
from tests.studio.processes import run

pytestmark = pytest.mark.usefixtures("data_folder")


def test_a_project_is_made_shared_by_names_and_limited(capsys: pytest.CaptureFixture[str]) -> None:
    find_user("")
    bea = accounts.add_user("bea").id
    assert run("project", "create", "Ward letters") == 0
    assert run("project", "invite", "Ward letters", "bea", "--role", "editor") == 0
    assert "owner (owner), bea (editor)" in capsys.readouterr().out
    assert [(project.name, project.role) for project in projects.list_projects(bea)][1:] == [("Ward letters", "editor")]
    assert run("project", "list", "--user", "bea") == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert run("project", "dismiss", "Ward letters", "bea") == 0
    assert "bea" not in capsys.readouterr().out
    assert run("project", "invite", "Nothing", "bea") != 0
    assert "no project called" in capsys.readouterr().err
    assert run("user", "quota", "bea", "--max-runs", "3") == 0
    assert "0 of 3 runs waiting or working" in capsys.readouterr().out
    assert run("project", "quota", "Ward letters", "--max-gb", "1.5") == 0
    printed = capsys.readouterr().out
    assert "0 of any runs" in printed and "0.00 of 1.5 GB" in printed
