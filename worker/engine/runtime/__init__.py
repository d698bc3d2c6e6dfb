"""What the process of a run is given: its job, its process group, memory and warm-up. Called by `worker.trainer` and by all engine
packages above."""
