"""Jobs that fetch data from another machine and make a dataset of it: a process with the network, then one that checks the rows."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app import storage
from app.processes.subprocess import inherited
from app.services.datasets import remote_imports
from app.services.queue.jobs import Claim
from app.settings import get_settings
from worker.jobs import checking, subprocess_job
from worker.jobs.subprocess_job import SubprocessJob

CRASHED = (
    "fetch_crashed",
    "Fetching the data ended without a result (exit code {code}).",
    "Try again; with very large rows it may have run out of memory.",
)
# The way to the network of this machine, and the limits and permissions of fetches.
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *(
        "STUDIO_MAX_ROWS",
        "STUDIO_MAX_UPLOAD_BYTES",
        "STUDIO_HUB_INNER_HOSTS",
        "STUDIO_FETCH_HOSTS",
        "STUDIO_FETCH_SECONDS",
    ),
)


def run(claim: Claim, leaving: Callable[[], bool]) -> None:
    """Do the job to its end, in the foreground; ``leaving`` tells whether this worker is stopping."""
    if not remote_imports.is_fetched(claim):
        with tempfile.TemporaryDirectory(dir=storage.uploads_dir(), prefix="fetch-") as name:
            folder = Path(name)
            environment = _environment(folder, with_token=remote_imports.prepare(claim, folder))
            stage = partial(_stage, folder)
            job = SubprocessJob("worker.jobs.dataset_fetcher", stage, CRASHED, environment)
            subprocess_job.run(claim, leaving, folder, job)
        if not remote_imports.is_fetched(claim):
            return
    checking.run(claim, leaving)
    remote_imports.discard_if_stopped(claim)


def _stage(folder: Path, claim: Claim, result: dict[str, object]) -> None:
    remote_imports.stage(claim, folder, result)


def _environment(folder: Path, with_token: bool) -> dict[str, str]:
    """What the process gets beside what every process with a model gets; its own caches end with the folder."""
    from huggingface_hub import get_token

    token = get_token() if with_token else None
    return {
        **inherited(NETWORK),
        "HF_ENDPOINT": get_settings().hub_url,
        "HF_HUB_OFFLINE": "0",
        "HF_HOME": str(folder / "cache"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # Libraries that `datasets` would load to offer rows in their form.
        **dict.fromkeys(("USE_TORCH", "USE_TF", "USE_JAX"), "0"),
        **({"HF_TOKEN": token} if token else {"HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}),
    }
