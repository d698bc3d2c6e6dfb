"""The named endpoints as `gradio_client` calls them, with an API token."""

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from app.services.accounts import accounts
from app.services.runs import runs
from tests.studio_ui.conftest import Studio

ROWS = "text,label\n" + "".join(
    f"message {n} about {'money' if n % 2 else 'mail'},{'bank' if n % 2 else 'post'}\n" for n in range(60)
)


@pytest.fixture(scope="module")
def client(studio: Studio) -> Client:
    return client_of(studio, studio.owner)


def client_of(studio: Studio, user_id: str) -> Client:
    headers = {"Authorization": f"Bearer {accounts.create_token(user_id)}"}
    return Client(studio.address, headers=headers, verbose=False)


def test_program_uploads_data_reads_its_report_and_queues_and_cancels_a_run(client: Client, studio: Studio):
    data = client.predict("messages.csv", ROWS, api_name="/upload_data")
    assert data["usable_rows"] == 60 and set(data["labels"]) == {"bank", "post"}
    assert client.predict(data["id"], api_name="/read_report")["rows"]["total"] == 60
    run = client.predict(data["id"], "lora", training='{"epochs": 1}', name="By program", api_name="/start_run")
    assert runs.get_run(studio.owner, run["id"]).spec["training"]["epochs"] == 1
    assert [found["name"] for found in client.predict("By program", api_name="/list_runs")] == ["By program"]
    assert client.predict(run["id"], api_name="/cancel_run")["state"] == "cancelled"


@pytest.mark.parametrize(
    ("verb", "arguments", "words"),
    [
        ("/read_run", ["nothing"], "There is no run 'nothing' among yours."),
        ("/start_run", ["nothing"], "There is no dataset"),
        ("/upload_data", ["x.csv", "text,label\n"], "rows"),
        ("/upload_data", ["x.csv", "x" * (3 * 1024**2 + 1)], "POST /api/v1/datasets"),
    ],
)
def test_refusal_reaches_the_program_in_words(client: Client, verb: str, arguments: list[str], words: str):
    with pytest.raises(AppError, match=words):
        client.predict(*arguments, api_name=verb)


def test_program_of_another_person_sees_nothing(client: Client, studio: Studio):
    data = client.predict("mine.csv", ROWS, api_name="/upload_data")
    other = client_of(studio, accounts.add_user("Other").id)
    assert other.predict(api_name="/list_data") == []
    with pytest.raises(AppError, match="There is no dataset"):
        other.predict(data["id"], api_name="/read_report")


def test_program_without_a_token_is_refused(studio: Studio):
    with pytest.raises(Exception, match="credentials were not provided"):
        Client(studio.address, verbose=False)


def test_listeners_of_pages_have_no_name(client: Client):
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert "/fetch" not in named and len(named) == 11
