"""The processes behind the web process: Celery workers, trainers and inference servers.

``app``, ``tasks``, ``executor`` and ``sweeper`` are the Celery side: which job is next, heartbeats, the periodic sweep. ``jobs``
carries a claimed job out, ``processes`` starts and watches the trainer, ``trainer`` is that process, ``engine`` is what it runs, and
``inference`` answers with finished models.
"""
