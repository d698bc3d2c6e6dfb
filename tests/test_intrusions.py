"""The forty attempts at intrusion I-01 to I-40: for each the tests that see it refused, why it cannot be tried, or what is not tried yet.

A row is checked for what it says: every test that it names exists, and nothing is without a test, a reason or an open rest.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@dataclass(frozen=True)
class Intrusion:
    """One attempt.

    Attributes:
        tests: ``file::test`` below this folder.
        because: why it is not applicable.
        rest: what of it no test tries.
    """

    attempt: str
    tests: tuple[str, ...] = ()
    because: str = ""
    rest: str = ""


TABLE = {
    "I-01": Intrusion(
        "every route, also Gradio's, without signing in",
        (
            "app/gate/test_routes.py::test_only_public_paths_answer_without_sign_in",
            "app/api/test_route_access.py::test_table_names_every_route",
            "studio/test_gradio_routes.py::test_every_route_of_the_installed_gradio_is_in_the_table",
        ),
    ),
    "I-02": Intrusion(
        "odd Host headers and spellings of paths",
        (
            "app/gate/test_routes.py::test_other_spellings_of_public_paths_are_not_public",
            "studio/test_web.py::test_foreign_host_names_are_refused_on_every_route",
            "studio/test_web.py::test_odd_spellings_of_a_path_need_sign_in_too",
        ),
    ),
    "I-03": Intrusion(
        "authentication that fails or answers nothing",
        ("app/gate/test_identity.py::test_only_valid_cookie_or_token_identifies_the_user",),
        rest="an asynchronous stand-in for Gradio's auth: the studio does not use it",
    ),
    "I-04": Intrusion(
        "session hash and event id of somebody else",
        (
            "app/gate/test_gradio_sessions.py::test_sessions_and_events_belong_to_their_first_user",
            "studio/test_gradio_routes.py::test_session_and_event_of_a_person_are_not_there_for_others",
        ),
    ),
    "I-05": Intrusion(
        "downloads of somebody else by id or link",
        (
            "app/api/test_route_access.py::test_everybody_but_the_owner_is_refused",
            "app/api/test_shares.py::test_a_stranger_sees_the_shared_runs_and_only_those",
        ),
    ),
    "I-06": Intrusion(
        "changing or using runs and data of somebody else",
        (
            "app/api/test_route_access.py::test_everybody_but_the_owner_is_refused",
            "app/api/test_queue.py::test_runs_of_another_user_cannot_be_controlled",
            "app/services/inference/test_chat.py::test_classifiers_and_strangers_are_refused",
        ),
    ),
    "I-07": Intrusion(
        "Gradio's file route with system files, caches, addresses",
        ("app/gate/test_routes.py::test_closed_paths_answer_404_to_signed_in_users",),
    ),
    "I-08": Intrusion(
        "Gradio's upload route; our own with odd names and many parts",
        (
            "app/gate/test_routes.py::test_closed_paths_answer_404_to_signed_in_users",
            "app/api/test_uploads.py::test_malformed_multipart_is_refused",
            "app/api/test_uploads.py::test_file_names_are_cleaned_for_display",
        ),
    ),
    "I-09": Intrusion(
        "proxy, component server and hidden functions with forged inputs",
        (
            "studio_ui/test_gradio_rules.py::test_listeners_are_private_unless_they_are_named",
            "studio_ui/test_gradio_rules.py::test_no_state_lies_on_the_server",
            "app/gate/test_routes.py::test_closed_paths_answer_404_to_signed_in_users",
        ),
    ),
    "I-10": Intrusion(
        "a file reference as the input of an event",
        ("app/gate/test_gradio_sessions.py::test_event_with_file_reference_or_invalid_json_is_refused",),
    ),
    "I-11": Intrusion(
        "encoded traversal in paths, queries and bodies",
        (
            "app/test_storage.py::test_name_that_is_no_id_never_becomes_a_path",
            "app/test_outside_names.py::test_name_that_could_lead_elsewhere_is_refused",
            "app/api/test_uploads.py::test_odd_characters_in_requests_are_refused_with_words",
        ),
    ),
    "I-12": Intrusion(
        "archives that write elsewhere, and links in them",
        (
            "app/test_outside_names.py::test_name_that_could_lead_elsewhere_is_refused",
            "app/test_outside_names.py::test_link_that_leads_out_of_the_folder_is_not_followed",
            "app/readers/test_zip.py::test_damaged_archive_is_refused_and_leaves_nothing_unpacked",
        ),
    ),
    "I-13": Intrusion(
        "pickles as adapter, optimizer or data",
        ("test_architecture.py::test_nothing_runs_foreign_code",),
        rest="a canary in each kind of file; the rule forbids every call that would unpickle",
    ),
    "I-14": Intrusion(
        "code in a model: auto_map, trust_remote_code, hostile configurations",
        (
            "app/services/models/test_limited_process.py::test_configuration_that_costs_more_than_any_real_one_ends_in_words",
            "app/services/models/test_file_checks.py::test_header_that_lies_is_refused",
        ),
    ),
    "I-15": Intrusion(
        "escapes from chat templates",
        ("app/catalog/test_chat_templates.py::test_a_template_runs_in_a_sandbox",),
        rest="the whole set of twenty; the sandbox is jinja2's immutable one",
    ),
    "I-16": Intrusion(
        "shell characters and flags in names and settings",
        (
            "test_architecture.py::test_nothing_runs_foreign_code",
            "app/api/test_uploads.py::test_odd_characters_in_requests_are_refused_with_words",
        ),
    ),
    "I-17": Intrusion(
        "addresses that lead into the private network",
        (
            "app/services/remote/test_hub_hosts.py::test_private_addresses_are_refused",
            "app/services/models/test_model_hub.py::test_redirect_into_a_private_network_is_refused",
            "app/services/datasets/test_address_files.py::test_inner_host_is_asked_only_where_it_is_named_with_its_port",
        ),
    ),
    "I-18": Intrusion(
        "markup in every place that shows text",
        (
            "studio_ui/components/test_view.py::test_text_stays_text_and_attributes_that_run_scripts_are_dropped",
            "studio_ui/test_asset_files.py::test_scripts_exist_and_never_write_markup",
            "studio_ui/test_gradio_rules.py::test_text_of_a_person_never_enters_a_template",
        ),
    ),
    "I-19": Intrusion(
        "uploaded HTML or SVG opened by a link",
        ("app/api/test_dataset_rows.py::test_downloads_have_a_file_name_and_escaped_formulas",),
        rest="an HTML file as the upload; every download is an attachment with nosniff",
    ),
    "I-20": Intrusion(
        "a model that is talked into markup or tools",
        ("studio_ui/components/test_view.py::test_text_stays_text_and_attributes_that_run_scripts_are_dropped",),
        rest="a model that says so; replies have no tools and are text",
    ),
    "I-21": Intrusion(
        "changes from other sites",
        (
            "app/gate/test_origin.py::test_cross_site_change_is_refused",
            "studio/test_web.py::test_requests_from_another_site_are_refused_on_every_route",
            "app/gate/test_layer.py::test_websockets_are_closed",
        ),
    ),
    "I-22": Intrusion(
        "a GET that changes something",
        ("app/api/test_read_only_routes.py::test_every_read_only_route_answers_during_a_write_transaction",),
        rest="a comparison of the whole database before and after",
    ),
    "I-23": Intrusion(
        "guessing passwords, also with forged addresses",
        (
            "app/api/test_sign_in.py::test_account_is_closed_for_passwords_after_ten_failures_but_not_for_links",
            "app/api/test_sign_in.py::test_repeated_failed_sign_ins_are_rate_limited_and_links_that_were_given_out_still_work",
            "app/services/accounts/test_passwords.py"
            "::test_unknown_disabled_and_passwordless_people_cost_a_hash_and_look_like_a_wrong_password",
        ),
        rest="the clock: that unknown names cost a hash is tested, the gap in time is not measured",
    ),
    "I-24": Intrusion(
        "planted, reused and doubled cookies; answers of a provider in another browser",
        (
            "app/api/test_sign_in.py::test_password_signs_in_with_a_fresh_cookie_and_ends_the_earlier_session",
            "app/api/test_sign_in.py::test_signing_out_ends_the_session",
            "app/gate/test_identity.py::test_only_valid_cookie_or_token_identifies_the_user",
            "app/api/test_provider_sign_in.py::test_a_code_counts_once_and_only_in_the_browser_that_began",
        ),
    ),
    "I-25": Intrusion(
        "taking over a studio at its first start",
        ("app/services/accounts/test_accounts.py::test_of_many_browsers_with_one_link_exactly_one_gets_in",),
        rest="a second set-up: there is none, the owner is made by the terminal",
    ),
    "I-26": Intrusion(
        "acts beyond one's role, and roles in extra fields",
        (
            "app/api/test_project_roles.py::test_viewers_look_editors_train_and_owners_delete",
            "app/services/accounts/test_people.py::test_role_changes_what_is_allowed",
            "studio_ui/test_permits.py::test_a_viewer_presses_nothing_that_is_refused",
        ),
    ),
    "I-27": Intrusion(
        "secrets in logs, tables, processes and files",
        (
            "app/services/accounts/test_accounts.py::test_no_secret_is_stored_in_the_clear",
            "worker/processes/test_trainer_process.py::test_trainer_inherits_no_secret",
            "app/processes/test_subprocess.py::test_model_environment_holds_no_secret",
            "studio/test_up.py::test_link_signs_in_once_and_stays_out_of_the_log",
        ),
    ),
    "I-28": Intrusion(
        "the operator's token of the hub in somebody's job",
        ("worker/jobs/test_dataset_fetching.py::test_process_gets_no_secret_but_the_token_where_it_may",),
    ),
    "I-29": Intrusion(
        "forged messages in the broker",
        (
            "app/broker/test_message.py::test_everything_else_is_refused",
            "app/broker/test_redis_queue.py::test_worker_passes_over_broken_messages_and_gets_the_good_one",
        ),
    ),
    "I-30": Intrusion(
        "SQL in searches, orders and names",
        ("app/api/test_uploads.py::test_odd_characters_in_requests_are_refused_with_words",),
        rest="patterns that make LIKE slow; statements are SQLAlchemy's, with bound parameters",
    ),
    "I-31": Intrusion(
        "races past a limit",
        (
            "app/services/accounts/test_limits.py::test_limit_of_queued_runs_holds_against_concurrent_submits",
            "app/services/accounts/test_limits.py::test_of_two_imports_at_once_only_one_passes_a_limit",
            "app/services/runs/test_dataset_moves.py::test_of_two_moves_at_once_only_one_passes_a_quota",
        ),
        rest="a role that is taken away in the middle of a download",
    ),
    "I-32": Intrusion(
        "a trainer that reaches for database, network, neighbours",
        (
            "worker/processes/test_sandbox.py::test_trainer_has_no_network_no_secret_and_its_own_folder",
            "worker/processes/test_file_fence.py"
            "::test_neighbours_of_the_data_folder_stay_readable_and_what_lies_in_it_does_not",
        ),
        rest="a fork bomb and a file of a terabyte",
    ),
    "I-33": Intrusion(
        "signed links with another end, id or signature",
        because="there are no signed links: a shared link carries a random token, whose hash is in the database",
        tests=("app/api/test_shares.py::test_revoked_expired_and_made_up_links_are_refused",),
    ),
    "I-34": Intrusion(
        "formulas in exported tables",
        (
            "app/services/datasets/test_csv_lines.py::test_formula_is_escaped",
            "app/api/test_dataset_rows.py::test_downloads_have_a_file_name_and_escaped_formulas",
        ),
        rest="opening one in LibreOffice, which is not among the tools of the tests",
    ),
    "I-35": Intrusion(
        "endless generations and a thousand streams",
        (
            "app/api/test_conversations.py::test_conversation_beyond_the_limits_is_refused",
            "app/api/test_request_limiter.py::test_more_than_may_wait_are_refused_at_once_and_a_slot_given_up_is_free_again",
        ),
    ),
    "I-36": Intrusion(
        "line ends and colours in names that are logged",
        ("app/test_logs.py::test_records_name_job_and_run_and_stay_on_one_line",),
    ),
    "I-37": Intrusion(
        "routes for developers",
        ("app/gate/test_routes.py::test_closed_paths_answer_404_to_signed_in_users",),
        rest="the API's own documentation is for everybody who is signed in, by intent",
    ),
    "I-38": Intrusion(
        "an older library with a known hole",
        because="versions are pinned exactly in constraints.txt; nothing is checked when the studio starts",
    ),
    "I-39": Intrusion(
        "paths and traces in answers to nonsense",
        (
            "app/test_failures.py::test_defect_shows_only_the_id_under_which_its_trace_is_logged",
            "app/gate/test_layer.py::test_unhandled_exception_answers_with_a_log_id_only",
        ),
    ),
    "I-40": Intrusion(
        "dependencies and code with known faults",
        ("test_architecture.py::test_nothing_runs_foreign_code",),
        rest="an audit against an advisory database, which needs the network",
    ),
}


@cache
def _tests_in(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_number_has_its_row() -> None:
    assert list(TABLE) == [f"I-{number:02d}" for number in range(1, 41)]


@pytest.mark.parametrize("number", TABLE)
def test_a_row_says_what_is_true(number: str) -> None:
    row = TABLE[number]
    assert row.tests or row.because
    for named in row.tests:
        file, _, name = named.partition("::")
        assert name in _tests_in(file), named
