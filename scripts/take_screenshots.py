"""Takes the pictures of the README: starts a studio in a temporary folder, tunes two models on a sample, and photographs pages.

Usage: ``make screenshots`` (a few minutes on two cores).
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gradio_client import Client
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "images"
SAMPLE = ROOT / "app" / "samples" / "clinic_messages.csv"
LINK = re.compile(r"(http://\S+)/sign-in\?token=(\S+)")
METHODS = ("lora", "ia3")
SIZE = {"width": 1280, "height": 860}
SECONDS = 600.0


def main() -> int:
    """Start, tune, photograph, stop."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "STUDIO_DATA_DIR": str(Path(folder) / "data"), "STUDIO_PORT": "0"}
        command = [sys.executable, "-m", "studio.cli", "up"]
        studio = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            address, token = next(found.groups() for line in studio.stdout or () if (found := LINK.search(line)))
            pictures(address, token, *tuned(address, environment))
        finally:
            studio.send_signal(signal.SIGINT)
            studio.wait(60)
    return 0


def tuned(address: str, environment: dict[str, str]) -> tuple[str, list[str]]:
    """Ids of a data set and of two finished runs on it."""
    command = [sys.executable, "-m", "studio.cli", "token"]
    printed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    client = Client(address, headers={"Authorization": f"Bearer {printed.split()[-1]}"}, verbose=False)
    data = client.predict(SAMPLE.name, SAMPLE.read_text("utf-8"), api_name="/upload_data")
    training = json.dumps({"epochs": 2})
    runs = [client.predict(data["id"], method, training=training, api_name="/start_run") for method in METHODS]
    until = time.monotonic() + SECONDS
    for run in runs:
        while client.predict(run["id"], api_name="/read_run")["state"] != "succeeded":
            if time.monotonic() > until:
                raise SystemExit(f"The run {run['id']} has not ended within {SECONDS:.0f} s.")
            time.sleep(1)
    return data["id"], [run["id"] for run in runs]


def pictures(address: str, token: str, data: str, runs: list[str]) -> None:
    """One picture of each page, wide and light; the run's also narrow and dark."""
    pages = {
        "home": "/",
        "data": f"/datasets?id={data}",
        "new-run": f"/new?dataset={data}&step=method",
        "run": f"/run?id={runs[0]}",
        "compare": f"/compare?runs={','.join(runs)}",
    }
    with sync_playwright() as playwright:
        path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        context = browser.new_context(viewport=SIZE, color_scheme="light")
        page = context.new_page()
        page.goto(f"{address}/sign-in?token={token}")
        for name, place in pages.items():
            page.goto(address + place)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=PICTURES / f"{name}.png")
        narrow = browser.new_context(
            viewport={"width": 390, "height": 800}, color_scheme="dark", storage_state=context.storage_state()
        ).new_page()
        narrow.goto(address + pages["run"])
        narrow.wait_for_load_state("networkidle")
        narrow.screenshot(path=PICTURES / "run-narrow-dark.png")
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
