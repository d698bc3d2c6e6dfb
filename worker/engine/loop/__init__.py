"""The training loop: `train.py` tells a run from top to bottom; around it stand batches, packing, optimiser and schedule,
checkpoints, data parallelism, learning-rate search, the hidden-state cache and what is written at the end."""
