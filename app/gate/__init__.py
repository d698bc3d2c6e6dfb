"""Authentication, host and origin checks, body limits and security headers in front of everything that the web process serves.

``Gate`` wraps the composed application; `studio.web` puts it there."""

from app.gate.layer import Gate

__all__ = ["Gate"]
