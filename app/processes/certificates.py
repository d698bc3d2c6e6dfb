"""What other programs' HTTPS addresses are checked against, read once in the life of a process."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The context of every HTTP client of ours, to be passed as its ``verify``.

    Without it each client reads all certificates anew, also for addresses without TLS: tens of milliseconds of the processor,
    which a loop that asks ten times a second takes from what it waits for.
    """
    return httpx.create_ssl_context(trust_env=False)
