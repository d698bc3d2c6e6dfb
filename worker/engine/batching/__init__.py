"""Rows on their way into a model: reading the training rows of a dataset version, cached tokens, batches by token budget, packing.
Called by `tasks` and `loop`."""
