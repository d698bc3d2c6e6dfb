"""Entry of the Celery worker and of beat: ``celery -A worker.app worker`` / ``celery -A worker.app beat``."""

from app.queue import celery_app

app = celery_app()
app.conf.imports = ("worker.tasks",)
app.conf.beat_scheduler = "worker.sweeper:SweepScheduler"
