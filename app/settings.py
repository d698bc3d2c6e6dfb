"""Every environment value the studio reads, typed and explained; nothing else reads the environment."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Values come from ``STUDIO_*``; the description of each field is its documentation."""

    model_config = SettingsConfigDict(env_prefix="STUDIO_", extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder that holds the database, uploads, runs and adapters.")
    host: str = Field("127.0.0.1", description="Address the web server binds; loopback unless you decide otherwise.")
    port: int = Field(7860, ge=0, le=65535, description="Port of the web server.")
    public_url: str = Field("", description="Address people type, if it differs from host and port (behind a proxy).")
    trusted_proxies: str = Field(
        "",
        description="Addresses of proxies in front of the studio, separated by commas, that say truly in X-Forwarded-For who "
        "asks; empty: nobody is believed.",
    )
    database_url: str = Field("", description="SQLAlchemy address; empty means SQLite in the data folder.")
    broker_url: str = Field("", description="Celery broker; empty means a private folder inside the data folder.")
    inference_url: str = Field("http://127.0.0.1:7861", description="Where the inference server listens.")
    inference_host: str = Field("", description="Address the inference server binds; empty means the host of its URL.")
    inference_secret: str = Field(
        "", description="Shared secret between web and inference server; `studio up` makes one."
    )
    device: str = Field(
        "",
        description="Name of what this process computes on; processes that name the same one make room for training. "
        "Empty: the first GPU it sees, or the processor, which is shared.",
    )
    least_devices: int = Field(
        1,
        ge=1,
        description="This worker takes only runs that ask for at least so many devices; for a worker that sees GPUs "
        "which have workers of their own.",
    )
    inference_idle_seconds: float = Field(
        900.0, ge=0, description="The inference server frees its memory after so long without a question; 0: never."
    )
    inference_batch: int = Field(
        8,
        ge=1,
        le=64,
        description="Most answers of one base model that are computed in one step; 1: each by itself, bit for bit as plain "
        "transformers says it.",
    )
    inference_vllm: bool = Field(
        False,
        description="Let vLLM answer for the models and LoRA adapters it serves, where it is installed beside a GPU. It "
        "keeps one base model in memory at a time.",
    )
    inference_vllm_memory: float = Field(
        0.8,
        gt=0,
        lt=1,
        description="Share of the GPU's memory that vLLM takes; the rest is for what it does not serve.",
    )
    mcp: bool = Field(
        False, description="Offer the studio's verbs as MCP tools at /gradio_api/mcp/, to be called with an API token."
    )
    max_upload_bytes: int = Field(2 * 1024**3, gt=0, description="Largest accepted upload, in bytes.")
    max_rows: int = Field(2_000_000, gt=0, description="Most rows accepted in one dataset.")
    trainer_module: str = Field("worker.trainer", description="Python module that is started as the training process.")
    measure_speed: bool = Field(
        True, description="An idle worker measures once, for some seconds, how fast its machine learns, for estimates."
    )
    threads: int = Field(0, ge=0, description="CPU threads for training; 0 lets torch decide.")
    lease_seconds: float = Field(
        45.0, gt=0, description="How long a worker's claim on a job lasts without a heartbeat."
    )
    sweep_seconds: float = Field(15.0, gt=0, description="How often the sweeper looks for lost jobs.")
    max_attempts: int = Field(3, ge=1, description="How often a job is tried before it counts as failed.")
    poll_seconds: float = Field(
        2.0, gt=0, description="How often an idle worker looks for jobs by itself; messages only make it faster."
    )
    outage_seconds: float = Field(
        600.0, gt=0, description="A training goes on for so long without its database, then saves and ends."
    )
    stall_seconds: float = Field(
        300.0, gt=0, description="A trainer that reports nothing for so long is ended and the run tried again."
    )
    max_run_hours: float = Field(0.0, ge=0, description="Longest time one run may take, all tries together; 0: any.")
    light_jobs: int = Field(
        2,
        ge=1,
        le=16,
        description="Label reviews, exports, downloads and reports that one light worker does at once; one report more "
        "always has a place of its own.",
    )
    max_queued_per_user: int = Field(200, ge=1, description="Most runs one person may have waiting or running.")
    max_active_per_user: int = Field(0, ge=0, description="Most runs of one person that work at once; 0: any.")
    max_hours_per_user_per_week: float = Field(
        0.0, ge=0, description="Most hours of training that one person may use in seven days; 0: any."
    )
    max_bytes_per_user: int = Field(
        0, ge=0, description="Most bytes on disk that one person's data, checkpoints and downloads may take; 0: any."
    )
    trainer_memory_bytes: int = Field(0, ge=0, description="Address space a training process may use; 0: any.")
    free_disk_bytes: int = Field(
        512 * 1024**2,
        ge=0,
        description="Space that uploads, fetches and training leave free on the disk, so that reading, signing in and "
        "deleting always work.",
    )
    hub_url: str = Field(
        "https://huggingface.co",
        validation_alias=AliasChoices("HF_ENDPOINT", "STUDIO_HUB_URL"),
        description="Where base models are fetched from.",
    )
    hub_inner_hosts: str = Field(
        "",
        description="Hosts in a private network from which a fetch may get files, separated by commas; the hub itself is "
        "always one, any other is refused.",
    )
    fetch_hosts: str = Field(
        "",
        description="Hosts from which people may fetch data files by their https address, separated by commas; `*`: every public "
        "one; an inner one is named as https://host:port or http://host:port. Empty: none.",
    )
    fetch_seconds: float = Field(900.0, gt=0, description="Longest time in which a file at an address has to arrive.")
    omp_num_threads: str = Field(
        "",
        validation_alias="OMP_NUM_THREADS",
        description="Processor threads of a trainer where `STUDIO_THREADS` is not set, as OpenMP reads it.",
    )
    cuda_visible_devices: str | None = Field(
        None,
        validation_alias="CUDA_VISIBLE_DEVICES",
        description="GPUs that this process may use, as CUDA reads it; not set: all.",
    )
    max_model_bytes: int = Field(40 * 1024**3, gt=0, description="Largest base model that is fetched, in bytes.")
    log_format: Literal["text", "json"] = Field("text", description="Lines of the logs: for people or for programs.")
    keep_attempt_days: float = Field(
        7.0, ge=0, description="Days after a run's end when the files of overtaken tries and old checkpoints go."
    )
    keep_checkpoint_days: float = Field(
        0.0, ge=0, description="Days after a successful run's end when its checkpoints are deleted; 0: never."
    )
    keep_answer_days: float = Field(
        0.0,
        ge=0,
        description="Days after a run's end when its answers on test rows are deleted, with the texts; 0: never.",
    )
    keep_conversation_days: float = Field(
        0.0, ge=0, description="Days after the last message when a conversation is deleted; 0: never."
    )
    oidc_issuer: str = Field(
        "", description="Issuer of the OpenID Connect provider by which people sign in, to the letter; empty: none."
    )
    oidc_client_id: str = Field("", description="The studio's client id at the provider.")
    oidc_client_secret: str = Field("", description="Its secret; empty for a public client, which PKCE protects alone.")
    oidc_title: str = Field("", description="What the button on the sign-in page says; empty: Single sign-on.")
    oidc_scopes: str = Field(
        "openid email profile",
        description="What the provider is asked for, separated by spaces; many need `groups`, too.",
    )
    oidc_domains: str = Field(
        "", description="Domains of verified mail addresses that may sign in, separated by commas; empty: any."
    )
    oidc_groups_claim: str = Field(
        "groups",
        description="Claim of the identity token that lists a person's groups; where it is absent, roles stay.",
    )
    oidc_admin_groups: str = Field(
        "",
        description="Groups whose members are administrators, separated by commas; everybody else becomes a member at each "
        "sign-in. Empty: roles are given in the studio. The owner's role never changes.",
    )
    oidc_member_groups: str = Field(
        "", description="Groups that may sign in besides those of administrators, separated by commas; empty: any."
    )
    oidc_create_accounts: bool = Field(
        True, description="Whoever the provider or the proxy vouches for gets an account at the first sign-in."
    )
    oidc_link_by_email: bool = Field(
        False,
        description="An existing account whose name is the verified mail address of a person becomes theirs at the first "
        "sign-in; only for providers that let nobody choose their address.",
    )
    sign_in_header: str = Field(
        "", description="Header in which a proxy names who is signed in, such as X-Forwarded-User; empty: none."
    )
    sign_in_header_proxies: str = Field(
        "",
        description="Addresses or networks of the proxies that are believed in it, separated by commas; from anywhere else a "
        "request with the header is refused.",
    )
    session_idle_hours: float = Field(12.0, gt=0, description="A browser session ends after this long without use.")
    session_max_days: float = Field(7.0, gt=0, description="A browser session ends after this long in any case.")
    log_level: str = Field("INFO", description="Least severe message written to the logs.")

    @property
    def resolved_data_dir(self) -> Path:
        """The data folder as an absolute path."""
        return self.data_dir.expanduser().resolve()

    @property
    def resolved_database_url(self) -> str:
        """The given database, or the SQLite file of the data folder."""
        return self.database_url or f"sqlite:///{self.resolved_data_dir / 'studio.db'}"

    @property
    def address(self) -> str:
        """The address a person opens in the browser."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


@lru_cache
def get_settings() -> Settings:
    """The settings of this process, read once; tests clear the cache with ``get_settings.cache_clear()``."""
    return Settings()
