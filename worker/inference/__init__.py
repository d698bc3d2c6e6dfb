"""The inference server: loaded models behind HTTP, and the supervisor that starts and stops it with demand.

``studio inference`` runs ``supervisor``, which holds no model. Its child ``server`` (``python -m worker.inference.server``) holds the
``model_pool`` and streams replies to the web process; ``reply_slots`` bounds how many are computed at once.
"""
