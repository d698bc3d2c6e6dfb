"""What web process, workers and command line share: settings, database, declarations, file readers, services, and the REST API.

The layers inside are those of `tests/layers.py`; nothing here imports a worker, a page or the command line.
"""
