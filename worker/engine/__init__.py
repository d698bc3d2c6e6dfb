"""The training engine: from rows and a base model to a tested adapter, in packages, each of which may import those before
it: reporting, runtime, modeling, batching, tasks, serving, loop, merging.

Called by the processes that hold a model (`worker.trainer`, `worker.inference.server`, `worker.jobs.reviewer`); it imports no database, queue or
service.
"""

from worker.engine import bitsandbytes_import as bitsandbytes_import
