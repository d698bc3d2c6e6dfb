"""The deployment files: the compose file against the Compose specification's schema and against the studio itself.

The schema (compose-spec, Apache-2.0) comes with the development package ``check-jsonschema``. No container engine is
needed; the commands run as plain processes elsewhere in the tests.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from app.services.queue import inference_servers
from app.settings import Settings
from tests.layers import PACKAGES

ROOT = Path(__file__).parent.parent
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "light-worker", "beat", "inference")
INTERPOLATION = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:?[-?+])?")
REQUIRED = re.compile(r"\$\{[A-Z_]+:\?[^}]*\}")
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY")


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads((files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json").read_text("utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def test_the_compose_file_follows_the_specification(validator):
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []


def test_the_schema_notices_a_wrong_file(validator):
    wrong = json.loads(json.dumps(COMPOSE))
    wrong["services"]["web"]["healthchek"] = {}
    wrong["services"]["worker"]["deploy"]["resources"]["reservations"]["devices"][0].pop("capabilities")
    assert len(list(validator.iter_errors(wrong))) == 2


def test_every_process_of_the_studio_is_a_service():
    assert set(SERVICES) == {*OURS, "postgres", "redis"}


@pytest.mark.parametrize("name", OURS)
def test_each_command_is_one_of_the_command_line(name):
    word, *options = SERVICES[name]["command"]
    command = import_module("studio.cli").studio.commands[word]
    assert [word, *options] == {"light-worker": ["worker", "--queue", "light"]}.get(name, [name])
    command.make_context(word, options)


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_long_running_service_has_a_health_check(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_migrations_run_once_and_before_everything_that_reads_the_tables():
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in ("web", "worker", "light-worker", "beat"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_no_secret_has_a_default_or_stands_in_the_files():
    """Each is taken from the environment in the form that refuses to start when it is empty."""
    found = INTERPOLATION.findall(COMPOSE_TEXT)
    # A public client of a sign-in provider has no secret.
    optional = {"STUDIO_OIDC_CLIENT_SECRET"}
    assert {operator for name, operator in found if name in optional} == {":-"}
    secrets = {name for name, _ in found if SECRET.search(name)} - optional
    assert secrets == {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "STUDIO_INFERENCE_SECRET"}
    assert {operator for name, operator in found if name in secrets} == {":?"}
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if SECRET.search(name) and name not in optional:
                assert REQUIRED.fullmatch(value), name
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        assert line.startswith("#") or not SECRET.search(name) or not value


def test_the_example_names_every_value_that_compose_asks_for():
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    named = {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}
    assert named == {name for name, _ in INTERPOLATION.findall(COMPOSE_TEXT)}


def test_every_setting_exists():
    known = {"STUDIO_" + field.upper() for field in Settings.model_fields}
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    used = set(re.findall(r"STUDIO_[A-Z_]+", COMPOSE_TEXT + dockerfile))
    assert used and used <= known


def test_the_web_service_gets_every_setting_of_single_sign_on_with_its_default():
    given = SERVICES["web"]["environment"]
    for name, field in Settings.model_fields.items():
        if name.startswith(("oidc_", "sign_in_header")):
            default = str(field.default).lower() if isinstance(field.default, bool) else field.default
            variable = "STUDIO_" + name.upper()
            assert given[variable] == f"${{{variable}:-{default}}}"


def test_persistent_data_lies_in_named_volumes():
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    assert {mount.partition(":")[0] for mount in mounts} == set(COMPOSE["volumes"])


def test_only_the_web_service_is_reachable_and_only_from_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert list(published) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in published["web"])
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_only_the_service_that_fetches_models_and_the_pages_reach_the_internet():
    outward = {name for name, service in SERVICES.items() if set(service["networks"]) - {"inside"}}
    assert outward == {"web", "light-worker"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_containers_have_few_rights(name):
    service = SERVICES[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and not service.get("privileged")
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", ["worker", "inference"])
def test_what_computes_asks_for_a_gpu(name):
    (device,) = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    assert SERVICES[name]["build"]["target"] == "worker"


def test_light_jobs_find_torch_and_no_gpu():
    assert SERVICES["light-worker"]["build"]["target"] == "worker" and "deploy" not in SERVICES["light-worker"]


def test_the_web_process_finds_the_inference_server_by_its_registration():
    assert "STUDIO_INFERENCE_URL" not in SERVICES["web"]["environment"]
    assert SERVICES["inference"]["environment"]["STUDIO_INFERENCE_URL"] == "http://inference:7861"


def test_health_check_of_web_fails_without_a_server():
    test = SERVICES["web"]["healthcheck"]["test"]
    script = re.sub(r"http://[\w.]+:\d+/", "http://127.0.0.1:9/", test[3])
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert test[:3] == ["CMD", "python", "-c"] and "URLError" in done.stderr


def test_the_health_check_of_inference_asks_whether_this_host_has_registered(studio_home):
    script = SERVICES["inference"]["healthcheck"]["test"][3]

    def code() -> int:
        return subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT, capture_output=True).returncode

    assert code() == 1
    inference_servers.register(f"{socket.gethostname()}:1", "http://inference:7861", "")
    assert code() == 0


def test_the_health_check_of_worker_and_beat_asks_database_and_broker(studio_home):
    script = SERVICES["worker"]["healthcheck"]["test"][3]
    assert SERVICES["beat"]["healthcheck"]["test"][3] == SERVICES["light-worker"]["healthcheck"]["test"][3] == script
    settings = {
        "good": {},
        "no broker": {"STUDIO_BROKER_URL": "redis://127.0.0.1:1/0"},
        "no database": {"STUDIO_DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/x"},
    }
    codes = {}
    for case, values in settings.items():
        environment = {**os.environ, **values}
        done = subprocess.run(
            [sys.executable, "-c", script], check=False, cwd=ROOT, env=environment, capture_output=True
        )
        codes[case] = done.returncode
    assert codes == {"good": 0, "no broker": 1, "no database": 1}


def test_health_checks_written_for_a_shell_parse():
    scripts = [
        service["healthcheck"]["test"][1]
        for service in SERVICES.values()
        if "healthcheck" in service and service["healthcheck"]["test"][0] == "CMD-SHELL"
    ]
    for script in (*scripts, SERVICES["redis"]["command"][2]):
        subprocess.run([shutil.which("sh") or "/bin/sh", "-n", "-c", script.replace("$$", "$")], check=True)


def test_the_web_image_installs_no_torch_and_no_image_runs_as_root():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stages = {
        part.split()[2]: part for part in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:] if part.split()[1] == "AS"
    }
    assert set(stages) == {"base", "web", "worker"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    heavy = {"torch", "transformers", "peft", "accelerate", "bitsandbytes"}
    assert heavy.isdisjoint(re.split(r"[=\[]", name)[0] for name in project["dependencies"])
    assert "['worker']" not in stages["base"] + stages["web"] and "['worker']" in stages["worker"]
    for name in ("web", "worker"):
        assert "\nUSER studio\n" in stages[name]


def test_every_package_is_in_the_images():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    shown = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for package in (*PACKAGES, "migrations"):
        assert text.count(f"COPY {package} ./{package}") == 2 and package in shown


def test_every_pinned_group_has_its_pins():
    """What pyproject.toml asks for is pinned, so that every installation gets the versions that were tried together."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(name for group in project["optional-dependencies"].values() for name in group)]
    pins = {
        line.partition("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()
    }
    assert {re.split(r"[=\[]", name)[0].lower().replace("_", "-") for name in asked} <= pins
