"""Experiments: several methods or settings on the same rows with one budget, adaptive search, successive halving and the
comparison of methods. Called by `app.api.experiments`; the sweeper in `worker` calls the experiment scheduler."""
