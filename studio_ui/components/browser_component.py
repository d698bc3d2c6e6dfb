"""The base of all components: a `gr.HTML` with a constant template whose content an ES module makes in the browser.

Data reaches the page through ``props`` and ``textContent`` only. A template is never filled with data: Gradio evaluates
filled templates as JavaScript.
"""

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import gradio as gr

from studio_ui.asset_files import address
from studio_ui.session import refusal, user_of

# Answers one call of the module in the browser: the signed-in user's id and the one JSON value that came; any JSON back.
ServerFunction = Callable[[str, Any], Any]

# Run once when Gradio has mounted the component. Events that the module triggers are named in a comment: Gradio knows
# those only that stand here literally. A component that is updated before it is first shown has lost the properties of its
# constructor by then, so they are given once more.
ON_LOAD = """// events: {events}
for (const [name, value] of Object.entries({given})) if (!(name in props)) props[name] = value;
const loading = import({module});
loading
  .then((module) => module.mount({{ element, trigger, props, server, watch }}))
  .finally(() => element.querySelector(".browser-component").removeAttribute("aria-busy"));"""
OWN_OPTIONS = frozenset(inspect.signature(gr.HTML.__init__).parameters)
TEMPLATE = '<div class="browser-component" data-part="{name}" aria-busy="true"></div>'


class BrowserComponent(gr.HTML):
    """One component. Subclasses name their ``module`` and the ``sends``: names of events that it triggers.

    A module exports ``mount({element, trigger, props, server, watch})``, which may return a promise that is kept when the first
    content is there; until then the component is marked ``aria-busy``. Keyword arguments beyond those of `gr.HTML` become
    ``props``. A listener returns `gr.update` with the props that changed. The module reaches a server function by
    ``call(server, "name", data)`` of `studio.js`, which throws refusals as the REST client does.
    """

    module: ClassVar[str] = ""
    sends: ClassVar[tuple[str, ...]] = ()

    def __init__(self, value: Any = None, *, server_functions: Sequence[ServerFunction] = (), **options: Any) -> None:
        events = " ".join(json.dumps(name) for name in self.sends)
        given = {name: option for name, option in options.items() if name not in OWN_OPTIONS}
        super().__init__(
            value=value,
            html_template=TEMPLATE.format(name=type(self).__name__),
            css_template="",
            apply_default_css=False,
            js_on_load=ON_LOAD.format(events=events, module=json.dumps(address(self.module)), given=json.dumps(given)),
            server_functions=[_guarded(function) for function in server_functions] or None,
            **options,
        )

    def __getattr__(self, name: str) -> Any:
        """The event of this name, if the component sends it.

        Gradio takes every quoted word of ``js_on_load`` for an event. Names of properties stand there, too, and as events
        they would get into the configuration, which is copied with all that they hold whenever a page is opened.
        """
        if name not in type(self).sends:
            raise AttributeError(f"{type(self).__name__!r} has no attribute or event {name!r}.")
        return super().__getattr__(name)

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]
        """Gradio's configuration without functions: it is copied for every page that is opened, and a copy of a method copies
        the page that the method is bound to, with all its components."""
        config: dict[str, Any] = super().get_config()
        return {name: value for name, value in config.items() if not callable(value)}

    def api_info(self) -> dict[str, Any]:
        """The JSON schema of the value; any JSON unless a subclass says more."""
        return {}

    def example_payload(self) -> Any:
        """A value that the schema allows."""
        return None


def query_in(data: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters of the page's address, as modules send them with a call."""
    return {str(key): str(value) for key, value in dict(data.get("query") or {}).items()}


def _guarded(function: ServerFunction) -> Callable[..., Any]:
    """The function as Gradio calls it: identity from the gate, refusals as JSON instead of a bare status 500."""

    @functools.wraps(function)
    def answer(data: Any, request: gr.Request) -> dict[str, Any]:
        try:
            return {"value": function(user_of(request), data)}
        except Exception as error:
            shown = refusal(error)
            return {**shown.as_dict(), "status": shown.status}

    # Gradio reads signature and annotations to find the argument that takes the request.
    del answer.__wrapped__
    answer.__annotations__ = {"request": gr.Request}
    return answer
