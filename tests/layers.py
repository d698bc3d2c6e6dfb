"""The layers, sizes and library owners of the tree as data; `tests/architecture.py` checks modules against them."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "worker", "studio_ui", "studio")
BESIDE = ("tests", "benchmarks", "docs", "scripts")
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 60
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

LEVEL_0 = (
    "app.settings",
    "app.errors",
    "app.languages",
    "app.files",
    "app.manifest",
    "app.intervals",
    "app.processes",
    "app.run_report",
    "app.outside_names",
    "app.speakers",
    "app.requester",
)
# Tables by topic, one file each.
TABLES = tuple(sorted(f"app.{path.stem}" for path in (ROOT / "app").glob("models_*.py")))
LEVEL_1 = (
    "app.catalog",
    "app.db",
    "app.models",
    *TABLES,
    "app.storage",
    "app.disk_space",
    "app.readers",
    "app.samples",
    "app.queue",
    "app.job_kinds",
    "app.field_errors",
)
LEVEL_2 = ("app.services",)
# Each package of services may import those before it.
SERVICE_PACKAGES = tuple(
    f"app.services.{name}"
    for name in (
        "remote",
        "accounts",
        "queue",
        "profiling",
        "datasets",
        "estimates",
        "runs",
        "evaluation",
        "experiments",
        "inference",
        "models",
        "operations",
    )
)
# The packages of the engine, likewise; `merging` tells a run as `loop` does and ends it by the same steps.
ENGINE_PACKAGES = tuple(
    f"worker.engine.{name}"
    for name in ("reporting", "runtime", "modeling", "batching", "tasks", "serving", "loop", "merging")
)
BELOW_ENGINE = ("app.catalog", "app.errors", "app.files", "app.manifest", "app.intervals", "app.run_report")
BELOW_DOORS = (*LEVEL_0, *LEVEL_1, *LEVEL_2, "app.failures", "app.logs")

# Room -> rooms it may import, besides itself. The longest matching prefix names a module's room.
ROOMS: dict[str, tuple[str, ...]] = {
    "app": (),
    "app.settings": (),
    "app.errors": ("app.languages",),
    "app.languages": (),
    "app.files": (),
    "app.processes": (),
    "app.outside_names": ("app.errors", "app.languages"),
    "app.speakers": (),
    "app.requester": (),
    "app.manifest": ("app.files", "app.errors", "app.outside_names"),
    "app.intervals": (),
    "app.run_report": ("app.errors", "app.languages"),
    "app.failures": ("app.errors", "app.languages", "app.db", "app.disk_space"),
    "app.disk_space": (*LEVEL_0, "app.storage"),
    "app.logs": ("app.settings",),
    "app.field_errors": ("app.errors", "app.languages"),
    "app.catalog": (*LEVEL_0, "app.catalog.fetched_models"),
    # The only declarations that lie in the data folder.
    "app.catalog.fetched_models": (*LEVEL_0, "app.storage", "app.catalog"),
    # A tuner leaves the studio with every download, so it may import nothing of it.
    "app.catalog.tuners": (),
    "app.db": LEVEL_0,
    "app.models": (
        *LEVEL_0,
        "app.db",
        *TABLES,
    ),
    **dict.fromkeys(TABLES, (*LEVEL_0, "app.db")),
    "app.storage": LEVEL_0,
    "app.readers": LEVEL_0,
    "app.samples": LEVEL_0,
    "app.broker": ("app.files",),
    "app.queue": (*LEVEL_0, "app.db", "app.models", "app.storage"),
    "app.job_kinds": ("app.models", "app.queue"),
    "app.migrate": (*LEVEL_0, "app.db", "app.storage"),
    "app.services": (),
    **{name: (*LEVEL_0, *LEVEL_1, *SERVICE_PACKAGES[:at]) for at, name in enumerate(SERVICE_PACKAGES)},
    "app.gate": BELOW_DOORS,
    "app.api": (*BELOW_DOORS, "app.gate"),
    "app.main": (*BELOW_DOORS, "app.api"),
    "worker": (*BELOW_DOORS, "worker.database_outage", "worker.jobs", "worker.processes"),
    "worker.database_outage": ("app.db",),
    "worker.processes": (*BELOW_DOORS, "worker.processes.sandbox"),
    "worker.jobs": (*BELOW_DOORS, "worker.database_outage", "worker.processes"),
    "worker.inference": (*BELOW_DOORS, "worker.database_outage", "worker.processes", "worker.inference.status"),
    "worker.app": ("app.queue", "app.processes"),
    "worker.engine": (),
    **{name: (*BELOW_ENGINE, *ENGINE_PACKAGES[:at]) for at, name in enumerate(ENGINE_PACKAGES)},
    # The two processes that hold a model know no database, queue or service.
    "worker.processes.spool": (*LEVEL_0, "worker.engine"),
    "worker.processes.sandbox": ("app.processes", "worker.processes.file_fence"),
    "worker.processes.file_fence": (),
    "worker.processes.rank_processes": ("app.processes",),
    "worker.trainer": (
        *LEVEL_0,
        "app.catalog",
        "worker.processes.rank_processes",
        "worker.engine",
        "worker.processes.sandbox",
        "worker.processes.spool",
    ),
    "worker.jobs.speed_probe": (*LEVEL_0, "worker.engine"),
    "worker.jobs.reviewer": (*LEVEL_0, "app.catalog", "worker.engine", "worker.processes.sandbox"),
    "worker.inference.reply_slots": (),
    "worker.inference.status": (),
    "worker.inference.model_pool": (
        *LEVEL_0,
        "app.catalog",
        "worker.engine",
        "worker.inference.checkpoint_restoring",
        "worker.inference.status",
    ),
    "worker.inference.checkpoint_restoring": (*LEVEL_0, "app.catalog", "app.storage", "worker.processes"),
    "worker.inference.server": (
        *LEVEL_0,
        "app.catalog",
        "app.failures",
        "app.logs",
        "app.storage",
        "worker.engine",
        "worker.inference.model_pool",
        "worker.inference.reply_slots",
        "worker.inference.status",
    ),
    "studio_ui": BELOW_DOORS,
    # Composition: the outermost layer puts the doors together, so it may import all of them.
    "studio": (*BELOW_DOORS, "app.migrate", "app.gate", "app.api", "app.main", "worker", "studio_ui"),
}

# Library -> the only rooms that may import it at all.
OWNED_LIBRARIES: dict[str, tuple[str, ...]] = {
    "gradio": ("studio_ui",),
    "babel": ("app.languages",),
    "fastapi": ("app.api", "app.main", "worker.inference.server"),
    "starlette": ("app.api", "app.main", "app.gate", "app.failures", "worker.inference.server", "studio_ui", "studio"),
    "celery": ("app.queue", "worker.app", "worker.tasks", "worker.sweeper"),
    "alembic": ("app.migrate", "studio.doctor"),
    "sqlalchemy": (
        "app.db",
        "app.models",
        *TABLES,
        "app.queue",
        "app.job_kinds",
        "app.services",
        "app.api.health",
        "studio",
    ),
}

# These take seconds to import: at the top of a module only where a model is the module's business.
HEAVY = ("torch", "transformers", "peft", "accelerate", "datasets", "sklearn", "bitsandbytes")
# A tuner is imported only where a model is; it stands alone in a download, so it names its libraries at its top.
HEAVY_ROOMS = (
    "worker.engine",
    "worker.trainer",
    "worker.jobs.reviewer",
    "worker.jobs.hub_rows",
    "worker.jobs.speed_probe",
    "worker.inference.server",
    "worker.inference.model_pool",
    "app.catalog.tuners",
)

# Library -> the room that does without it where nobody has installed it; imported inside functions only.
OPTIONAL_LIBRARIES = {
    "vllm": "worker.engine.serving.vllm",
    **{item: f"app.catalog.trackers.{item}" for item in ("mlflow", "tensorboard", "trackio", "wandb")},
}

# Every module with a function in these rooms has a test file of its own name at its place below `tests/`.
MIRRORED = ("app.services", "app.catalog", "worker")

FORBIDDEN_CALLS = {"eval": "runs text as code", "exec": "runs text as code", "__import__": "hides an import"}
FORBIDDEN_LIBRARIES = {
    "pickle": "runs code on loading",
    "dill": "runs code on loading",
    "joblib": "runs code on loading",
    "cloudpickle": "runs code on loading",
    "marshal": "runs code on loading",
}
