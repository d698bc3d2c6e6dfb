"""trackio: a run in its local database, on a server of your own or in a Space."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from app.catalog.trackers.base import TrackedRun, Tracker


class Trackio(Tracker):
    """Written by its own library; without a server or a Space nothing leaves this machine."""

    name: ClassVar = "trackio"
    title: ClassVar = "trackio"
    package: ClassVar = "trackio"
    summary: ClassVar = "A run with settings and curves; sent where TRACKIO_SERVER_URL or TRACKIO_SPACE_ID is set for the workers, otherwise a local database."
    after: ClassVar = "Unpack it and run: TRACKIO_DIR=./trackio trackio show"
    environment: ClassVar = ("TRACKIO_SERVER_URL", "TRACKIO_WRITE_TOKEN", "TRACKIO_SPACE_ID", "HF_TOKEN")

    def write(self, run: TrackedRun, folder: Path, environment: Mapping[str, str]) -> str:
        """One run in the project's database."""
        # The library settles on its folder while it is imported.
        os.environ["TRACKIO_DIR"] = str(folder / "trackio")
        import trackio

        server, space = environment.get("TRACKIO_SERVER_URL"), environment.get("TRACKIO_SPACE_ID")
        trackio.init(
            project=_project(run.project),
            name=run.name,
            config=run.settings,
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
            server_url=server,
            space_id=None if server else space,
        )
        last = 0
        for last, metrics in run.by_step():
            trackio.log(metrics, step=last)
        if run.results:
            trackio.log({f"test/{key}": value for key, value in run.results.items()}, step=last)
        trackio.finish()  # type: ignore[no-untyped-call]
        return server or (f"https://huggingface.co/spaces/{space}" if space else "")


def _project(name: str) -> str:
    """The name without what cannot stand in a file's name."""
    return (
        "".join(letter if letter.isalnum() or letter in " ._-" else "-" for letter in name)[:100].strip(" .")
        or "studio"
    )
