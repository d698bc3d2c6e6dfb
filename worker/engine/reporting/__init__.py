"""What a run reports besides its results: CPU and GPU use, the frame of every model card, and a report that keeps lists. Called by
the packages above."""
