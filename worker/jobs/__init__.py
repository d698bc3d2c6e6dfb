"""The handlers of queued jobs by kind, and the processes that some of them start.

``supervisor.execute`` claims one job and passes it to its handler: training, report on data, label review, export to a tracker,
fetch of a base model. ``reviewer``, ``exporter`` and ``speed_probe`` are processes of their own (``python -m``), without a database address.
Called by ``worker.executor`` and by ``studio finetune``.
"""
