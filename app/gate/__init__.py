"""The door in front of everything the web process serves; ``Gate`` wraps the composed application."""

from app.gate.layer import Gate

__all__ = ["Gate"]
