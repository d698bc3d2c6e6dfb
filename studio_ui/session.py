"""Who triggered an event, and how the refusals of services reach the page.

Every listener of a page is registered with :func:`listen`, so that none is a public endpoint, none waits behind another
person's event, and every exception becomes a message that the person can act on.
"""

import asyncio
import contextvars
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import gradio as gr
from gradio.context import LocalContext

from app import requester
from app.db import Commits, counted_commits
from app.errors import NotSignedIn, StudioError
from app.failures import calm_error
from app.languages import SOURCE, current_language, gettext_noop, in_language, translated
from app.languages import gettext as _
from app.services.accounts import denials
from studio_ui.static_texts import filled

REFUSED = gettext_noop("This did not work")
SECONDS_SHOWN = 12.0


def scope_of(request: Any) -> MutableMapping[str, Any]:
    """The ASGI scope of the request that triggered an event."""
    scope: MutableMapping[str, Any] = getattr(request, "request", request).scope
    return scope


def user_of(request: Any) -> str:
    """The signed-in user's id, as the gate has put it into the request.

    ``request`` is a :class:`gradio.Request` in listeners and a Starlette request in server functions.

    Raises:
        NotSignedIn: the request did not pass the gate as a signed-in person.
    """
    user = scope_of(request).get("state", {}).get("user_id")
    if not user:
        raise NotSignedIn(
            "not_signed_in", _("You are signed out."), _("Open the sign-in link again, then reload this page.")
        )
    return str(user)


def language_of_event() -> str:
    """The language of the person who triggered the present event; events that wait in Gradio's queue run outside of their
    request."""
    request = LocalContext.request.get(None)
    if request is None:
        return current_language()
    return str(scope_of(request).get("state", {}).get("language", SOURCE))


def query_of(request: Any) -> Mapping[str, str]:
    """The query parameters of the page on which the event was triggered; browsers append them to every call."""
    return dict(request.query_params)


class PresentEvent(NamedTuple):
    """Language and person of an event; queued events run outside of their request, later values of a stream in other tasks."""

    language: str
    asked: requester.Requester

    @classmethod
    def read(cls) -> "PresentEvent":
        """Of the event that is being answered."""
        request = LocalContext.request.get(None)
        if request is None:
            return cls(current_language(), requester.current())
        scope = scope_of(request)
        client = scope.get("client")
        user_id = scope.get("state", {}).get("user_id")
        return cls(language_of_event(), requester.Requester(str(client[0]) if client else "", user_id))

    @contextmanager
    def entered(self, commits: Commits | None = None) -> Iterator[None]:
        """Work for the event within the block; what is committed is counted."""
        with counted_commits(commits), in_language(self.language), requester.asked_from(*self.asked):
            yield


def refusal(error: Exception) -> StudioError:
    """The error as people may see it: refusals as they are, anything else as a sentence with a log id.

    Denials are noted in the audit trail.
    """
    shown = error if isinstance(error, StudioError) else calm_error(error)
    if denials.is_denial(shown):
        _note_denial(shown)
    shown.message, shown.hint = translated(shown.message), translated(shown.hint)
    return shown


def _note_denial(error: StudioError) -> None:
    """Write to the database in another thread where this one runs an event loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        denials.note(error)
    else:
        loop.run_in_executor(None, contextvars.copy_context().run, denials.note, error)


def error_toast(error: Exception) -> gr.Error:
    """The error as a toast, to be raised."""
    if isinstance(error, gr.Error):
        return error
    shown = refusal(error)
    return gr.Error(
        f"{shown.message} {shown.hint}".strip(), title=_(REFUSED), duration=SECONDS_SHOWN, print_exception=False
    )


def handled(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``fn`` with its exceptions turned into toasts; works for functions, coroutines and async generators.

    Queued events run outside of their request, so what they commit is counted here.
    """
    if inspect.isasyncgenfunction(fn):
        return _handled_stream(fn)
    if inspect.iscoroutinefunction(fn):
        return _handled_coroutine(fn)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with PresentEvent.read().entered():
            try:
                return filled(fn(*args, **kwargs))
            except Exception as error:
                raise error_toast(error) from None

    return call


def _handled_stream(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    async def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        event, commits = PresentEvent.read(), Commits()
        values = fn(*args, **kwargs)
        try:
            while True:
                # Each value may be asked for by another task, which has a language and a count of its own.
                with event.entered(commits):
                    try:
                        value = filled(await anext(values))
                    except StopAsyncIteration:
                        return
                    except Exception as error:
                        raise error_toast(error) from None
                yield value
        finally:
            await values.aclose()

    return stream


def _handled_coroutine(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    async def wait(*args: Any, **kwargs: Any) -> Any:
        with PresentEvent.read().entered():
            try:
                return filled(await fn(*args, **kwargs))
            except Exception as error:
                raise error_toast(error) from None

    return wait


def listen(
    event: Callable[..., Any],
    fn: Callable[..., Any] | None,
    inputs: Any = None,
    outputs: Any = None,
    *,
    queued: bool = True,
    **options: Any,
) -> Any:
    """Register a private listener; returns Gradio's dependency, for ``then`` and ``cancels``.

    Args:
        event: a bound event such as ``button.click`` or ``dependency.then``.
        fn: the listener, or ``None`` for one that runs in the browser alone (``js=``).
        queued: Gradio shows toasts (errors, `gr.Success`) of queued events only. False saves a request where no toast can be shown,
            e.g. while somebody types.
        options: passed on to Gradio, e.g. ``js``, ``trigger_mode``, ``cancels``, ``validator``.
    """
    options = {"show_progress": "hidden", **options}
    return event(
        handled(fn) if fn else None,
        inputs,
        outputs,
        queue=queued,
        api_visibility="private",
        concurrency_limit=None,
        **options,
    )
