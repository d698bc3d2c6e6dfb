"""The training engine: from rows and a base model to a tested adapter. Knows no database, no queue and no person."""

from worker.engine import uncompiled as uncompiled
