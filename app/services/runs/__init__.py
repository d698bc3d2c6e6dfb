"""Runs from submission to files: submit, cancel, resume, metrics, checkpoints, predictions, adapters, exports to trackers, the
table of runs and the queue page. Called by the run routes of `app.api`, by the supervisor in `worker` and by `studio finetune`."""
