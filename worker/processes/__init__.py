"""The trainer process seen from both sides: how it is started, confined, watched and ended, and how its reports travel.

The supervisor's side: a prewarmed trainer (``prewarmed``), the watchdog, GPU locks, and the reader of the spool. The trainer's
side: the sandbox, the processes of the other ranks, and the writer of the spool. Called by ``worker.jobs`` and ``worker.trainer``.
"""
