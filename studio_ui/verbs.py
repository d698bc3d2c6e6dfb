"""The named endpoints for `gradio_client` and, where it is switched on, for MCP clients: the main job from data to prediction.

Each is a function of plain values; its docstring is what clients see. Identity comes from the gate (an API token in the
``Authorization`` header), so ownership and limits are those of the REST API.
"""

import functools
import inspect
import json
from collections.abc import Callable
from typing import Any

import gradio as gr
from anyio import to_thread
from gradio.events import api
from starlette.requests import Request

from app import storage
from app.catalog.base_models import recommended_base_model
from app.errors import Rejected
from app.models import new_id
from app.services.datasets import datasets
from app.services.datasets.versions import report_of
from app.services.evaluation import comparison
from app.services.inference import chat as chat_service
from app.services.inference import inference_client, prediction
from app.services.runs import recommendation, run_table, runs
from app.settings import get_settings
from studio_ui.session import handled, scope_of, user_of

MAX_TEXT_BYTES = 3 * 1024**2
MAX_LISTED = 100
MCP_PATH = "/gradio_api/mcp"


def upload_data(name: str, text: str, request: gr.Request) -> dict[str, Any]:
    """Store labelled data as a new data set and check every row.

    Args:
        name: File name with its ending, which says the format: .csv, .tsv, .jsonl, .json or .txt.
        text: The whole content of the file as text, up to 3 MiB. Send larger files to POST /api/v1/datasets.

    Returns:
        The data set with its id, columns, labels and the report of its rows; or {"question": ...} with readings to choose
        from, if the file can be learned from in more than one way: nothing is stored then, and the file is sent to
        POST /api/v1/datasets with the answer that is meant.
    """
    content = text.encode()
    if len(content) > MAX_TEXT_BYTES:
        size = f"{len(content) / 1024**2:.1f} MiB"
        raise Rejected(
            "too_large", f"The text has {size}; 3 MiB is the most here.", "Send it to POST /api/v1/datasets."
        )
    path = storage.uploads_dir() / new_id()
    path.write_bytes(content)
    try:
        dataset = datasets.import_file(user_of(request), (path, name))
    except Rejected as error:
        if "question" not in error.details:
            raise
        return {"question": error.details["question"]}
    finally:
        path.unlink(missing_ok=True)
    return {**datasets.as_dict(dataset), "report": report_of(datasets.latest_version(dataset))}


def list_data(request: gr.Request) -> list[dict[str, Any]]:
    """List your data sets, newest first."""
    return [datasets.as_dict(dataset) for dataset in datasets.list_datasets(user_of(request))]


def read_report(dataset_id: str, request: gr.Request) -> dict[str, Any]:
    """Read the report of a data set: rows that can be used, labels, and every problem with its rows.

    Args:
        dataset_id: The id of the data set.
    """
    return report_of(datasets.latest_version(datasets.get_dataset(user_of(request), dataset_id)))


def start_run(
    dataset_id: str,
    request: gr.Request,
    method: str = "",
    base_model: str = "",
    training: str = "{}",
    name: str = "",
) -> dict[str, Any]:
    """Queue a fine-tuning run on the newest version of a data set; what is left empty is recommended for the data.

    Args:
        dataset_id: The id of the data set.
        method: The tuning method, such as lora; empty for the recommended one.
        base_model: The base model; empty for the recommended one.
        training: Training settings that differ from their defaults, as a JSON object such as {"epochs": 2}.
        name: A name for the run; empty for one made of data and method.
    """
    user_id = user_of(request)
    task = datasets.latest_version(datasets.get_dataset(user_id, dataset_id)).task_type
    suggested = recommended_base_model(task)
    model = base_model or (suggested.name if suggested else "")
    chosen: dict[str, Any] = {"kind": method}
    if not method:
        first = recommendation.recommend_method(user_id, dataset_id, model, task_type=task)["ranked"][0]
        chosen = {"kind": first["kind"], **first["settings"]}
    wanted = runs.RunRequest(dataset_id, model, task, chosen, training=_json_object(training, "training"), name=name)
    return runs.as_dict(runs.submit(user_id, wanted))


def list_runs(request: gr.Request, words: str = "", state: str = "", limit: int = 20) -> list[dict[str, Any]]:
    """List your runs, newest first.

    Args:
        words: Only runs whose name, model, method, note or tags contain these words.
        state: Only runs in this state: queued, running, succeeded, failed or cancelled.
        limit: At most so many runs, 1 to 100.
    """
    chosen = run_table.RunFilter(words=words, states=[state] if state else [])
    page = run_table.page(user_of(request), chosen, limit=min(max(int(limit), 1), MAX_LISTED))
    return page.as_dict()["runs"]  # type: ignore[no-any-return]


def read_run(run_id: str, request: gr.Request) -> dict[str, Any]:
    """Read one run: its state, progress, settings and, when it has ended, its results.

    Args:
        run_id: The id of the run.
    """
    return runs.as_dict(runs.get_run(user_of(request), run_id))


def cancel_run(run_id: str, request: gr.Request) -> dict[str, Any]:
    """Stop a run; its last checkpoint is kept.

    Args:
        run_id: The id of the run.
    """
    runs.request_cancel(user_of(request), run_id)
    return read_run(run_id, request)


def compare_runs(run_ids: list[str], request: gr.Request) -> dict[str, Any]:
    """Compare 1 to 10 runs with the base model: metrics with intervals, differing settings, verdicts.

    Args:
        run_ids: The ids of the runs.
    """
    return comparison.compare(user_of(request), run_ids).as_dict()


def predict(run_id: str, texts: list[str], request: gr.Request) -> list[dict[str, Any]]:
    """Let a tuned model answer texts: labels with probabilities, or marked words.

    Args:
        run_id: The id of a finished run.
        texts: The texts, up to 100.
    """
    return prediction.predict(user_of(request), run_id, texts)


async def chat(
    model: str, message: str, request: gr.Request, system: str = "", max_tokens: int = 256, temperature: float = 0.7
) -> str:
    """Ask a chat model one question and read its whole reply.

    Args:
        model: The id of a finished run of a chat task, <run id>@<step> for a checkpoint, or base:<name> for a base model.
        message: What to ask.
        system: A system prompt; empty for none.
        max_tokens: The longest reply in tokens.
        temperature: 0 for the likeliest words, more for variety.
    """
    user_id = user_of(request)
    target = chat_service.find_chat_target(user_id, model)
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": message})
    sampling = chat_service.SamplingSettings(max_tokens=int(max_tokens), temperature=float(temperature))
    pieces = chat_service.stream_reply(inference_client.wake(), target, messages, sampling, user_id)
    try:
        return "".join([piece["text"] async for piece in pieces if "text" in piece])
    finally:
        await pieces.aclose()


def download_link(run_id: str, request: gr.Request) -> str:
    """The address of a finished run's adapter as a zip; open it with the same token.

    Args:
        run_id: The id of the run.
    """
    run = runs.get_run(user_of(request), run_id)
    return f"{get_settings().address}/api/v1/runs/{run.id}/adapter"


VERBS: tuple[Callable[..., Any], ...] = (
    upload_data,
    list_data,
    read_report,
    start_run,
    list_runs,
    read_run,
    cancel_run,
    compare_runs,
    predict,
    chat,
    download_link,
)


def add_verbs() -> None:
    """Add an endpoint for each verb to the current Blocks."""
    for verb in VERBS:
        # Queued calls of MCP clients would go through a client of Gradio's own, which has no token.
        api(_as_json(handled(verb)), api_name=verb.__name__, concurrency_limit=None, queue=False)


def _as_json(verb: Callable[..., Any]) -> Callable[..., Any]:
    """The verb with its answer as JSON text where an MCP client asks, which would get Python's ``str()`` of it otherwise."""

    @functools.wraps(verb)
    async def call(*args: Any, **kwargs: Any) -> Any:
        if inspect.iscoroutinefunction(verb):
            answer = await verb(*args, **kwargs)
        else:
            answer = await to_thread.run_sync(functools.partial(verb, *args, **kwargs))
        # MCP calls hand over Starlette's request, others Gradio's.
        request = next(value for value in args if isinstance(value, gr.Request | Request))
        return json.dumps(answer, default=str) if MCP_PATH in scope_of(request)["path"] else answer

    return call


def _json_object(text: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Rejected("json", f"`{name}` is not a JSON object: {text[:80]!r}.", 'Write for example {"epochs": 2}.')
    return value
