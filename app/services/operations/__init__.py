"""Keeping an installation healthy: backup and restore, retention of files, invariants over database and files, and the figures
of `/metrics`. Called by `studio backup`, `studio restore`, the sweeper in `worker` and `app.api.measurements`."""
