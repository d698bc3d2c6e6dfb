"""Where data comes from on the Data page: a file of the person's, the Hugging Face Hub, an address."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.languages import gettext as _
from app.languages import gettext_noop
from app.services.datasets import address_files, remote_imports
from app.services.datasets.hub_listing import HubRequest
from studio_ui.components.accordion import Accordion
from studio_ui.components.upload import DataUpload
from studio_ui.components.view import View
from studio_ui.session import user_of

HUB_WORDS = gettext_noop(
    "One split of a data set, by its id. Only Parquet files are read and no code of a data set is ever run; the id, the revision "
    "and the licence stay with the data and go onto the model card."
)
ADDRESS_WORDS = gettext_noop("One file, of any kind that can be uploaded. Its address and SHA-256 stay with the data.")


class DataSources:
    """Tabs for the ways in which data arrives; the last one only where an administrator allows addresses."""

    def __init__(self) -> None:
        with gr.Tabs(elem_id="data-sources", elem_classes="data-card", overflow_behavior="wrap") as self.tabs:
            with gr.Tab(_("Upload a file"), id="upload", elem_id="source-upload"):
                self.upload = DataUpload(elem_id="data-upload", min_height=230)
            with gr.Tab(_("From the Hugging Face Hub"), id="hub", elem_id="source-hub"):
                self._build_hub()
            addresses = bool(address_files.allowed_hosts())
            with gr.Tab(_("From an address"), id="address", elem_id="source-address", visible=addresses):
                gr.Markdown(_(ADDRESS_WORDS))
                self.address = gr.Textbox(
                    label=_("Address of the file"), placeholder="https://…", max_lines=1, elem_id="address-url"
                )
                self.fetch = gr.Button(_("Import"), variant="primary", elem_id="address-start")
                self.address_notice = View(lines=0, elem_id="address-notice")

    def _build_hub(self) -> None:
        gr.Markdown(_(HUB_WORDS))
        with gr.Row(equal_height=True):
            self.repo = gr.Textbox(
                label=_("Data set on the Hub"), placeholder=_("owner/name"), max_lines=1, scale=3, elem_id="hub-repo"
            )
            self.split = gr.Textbox(label=_("Split"), placeholder=_("the only one"), max_lines=1, elem_id="hub-split")
        with Accordion(_("Revision, configuration, test split, fewer rows"), open=False, elem_id="hub-more"):
            with gr.Row(equal_height=True):
                self.revision = gr.Textbox(
                    "main", label=_("Branch, tag or commit"), max_lines=1, elem_id="hub-revision"
                )
                self.config = gr.Textbox(
                    label=_("Configuration"), placeholder=_("the usual one"), max_lines=1, elem_id="hub-config"
                )
                self.test_split = gr.Textbox(
                    label=_("Split for the test"),
                    placeholder=_("none: rows are kept aside"),
                    max_lines=1,
                    elem_id="hub-test-split",
                )
                self.rows = gr.Number(
                    label=_("Only the first rows (0: all)"), precision=0, minimum=0, elem_id="hub-rows"
                )
        self.start = gr.Button(_("Import"), variant="primary", elem_id="hub-start")
        self.hub_notice = View(lines=0, elem_id="hub-notice")

    @property
    def hub_fields(self) -> list[Any]:
        """In the order of :func:`import_from_hub`."""
        return [self.repo, self.split, self.revision, self.config, self.test_split, self.rows]


def import_from_hub(
    repo: str, split: str, revision: str, config: str, test_split: str, rows: Any, request: gr.Request
) -> dict[str, Any]:
    """Queue the import of a split; returns its check."""
    asked = HubRequest(repo, split, revision, config, test_split, int(rows or 0))
    return remote_imports.import_from_hub(user_of(request), asked)


def import_from_address(address: str, request: gr.Request) -> dict[str, Any]:
    """Queue the import of a file at an address; returns its check."""
    return remote_imports.import_from_address(user_of(request), address)


def import_otherwise(user_id: str, source: Mapping[str, Any]) -> dict[str, Any]:
    """Queue an import once more with what was chosen after a refusal; returns its check."""
    asked = {name: source[name] for name in HubRequest.__dataclass_fields__}
    return remote_imports.import_from_hub(user_id, HubRequest(**asked))
