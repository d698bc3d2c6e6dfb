"""Pair classification: both texts in one sequence, a head that starts from a linear probe, baselines that read each text alone."""
