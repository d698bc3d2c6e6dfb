"""Entry of the Celery worker and of beat: ``celery -A worker.app worker`` / ``celery -A worker.app beat``."""

from app.processes.secrecy import hide_memory
from app.queue import celery_app

hide_memory()
app = celery_app()
app.conf.imports = ("worker.tasks",)
app.conf.beat_scheduler = "worker.sweeper:SweepScheduler"
