"""What a view shows, keeps and refuses, in a Blocks of its own."""

import pytest

from studio_ui.components.nodes import action, banner, el, empty_state, facts, is_element, moment, table
from studio_ui.components.view import Content, View

EVIL = "<img src=x onerror=alert(1)>${alert(2)}{{value}}"


def test_view_answers_with_nodes_and_sends_an_unchanged_answer_only_once():
    view = View(lambda user, query: Content(el("p", f"{user} {query['id']}"), again=2.0), render=False)
    first = view.answer("anna", {"id": "7"})
    assert first["nodes"] == ["p", {}, "anna 7"] and first["again"] == 2.0
    assert view.answer("anna", {"id": "7"}, first["digest"]) == {"same": True, "again": 2.0}
    assert view.answer("anna", {"id": "8"}, first["digest"])["nodes"] == ["p", {}, "anna 8"]


def test_failing_view_shows_a_sentence_and_a_log_id_and_not_the_error():
    def describe(user, query):
        raise RuntimeError("secret path /srv/x")

    shown = str(View(describe, render=False).answer("anna", {})["nodes"])
    assert "went wrong on our side" in shown and "secret" not in shown


def test_text_stays_text_and_attributes_that_run_scripts_are_dropped(signed_in):
    page = signed_in().open("/models")
    made = page.evaluate(
        """async (evil) => {
          const address = document.querySelector('link[rel=modulepreload][href*="/view.js"]').href;
          const { build } = await import(address);
          const node = build(["p", { class: "x", onclick: "alert(3)", href: "javascript:alert(4)", src: "https://x/y.png" }, evil], () => {});
          return [node.textContent, node.children.length, node.getAttributeNames()];
        }""",
        EVIL,
    )
    assert made == [EVIL, 0, ["class"]]


def test_update_keeps_focus_open_details_and_elements_that_moved(signed_in):
    page = signed_in().open("/models")
    kept = page.evaluate(
        """async () => {
          const { reconcile } = await import(document.querySelector('link[rel=modulepreload][href*="/view.js"]').href);
          const root = document.body.appendChild(document.createElement("div"));
          const item = (id, text) => ["li", { id }, ["button", { type: "button" }, text]];
          reconcile(root, [["details", {}, ["summary", {}, "more"]], item("a", "A"), item("b", "B")], () => {});
          root.querySelector("details").open = true;
          root.querySelector("#b button").focus();
          reconcile(root, [["details", {}, ["summary", {}, "more"]], item("b", "B2"), item("a", "A"), item("c", "C")], () => {});
          return [root.querySelector("details").open, document.activeElement.textContent, [...root.querySelectorAll("li")].map((li) => li.id)];
        }"""
    )
    assert kept == [True, "B2", ["b", "a", "c"]]


def test_children_are_flattened_and_nothing_is_left_out_silently():
    node = el("ul", [el("li", "a"), None, [el("li", 3)]], cls="x", data_id="7", hidden=False, open=True)
    assert node == ["ul", {"class": "x", "data-id": "7", "open": ""}, ["li", {}, "a"], ["li", {}, "3"]]
    assert is_element(node) and not is_element([node])


@pytest.mark.parametrize("severity", ["good", "info", "warning", "error"])
def test_banner_has_a_word_beside_its_colour(severity):
    node = banner(severity, "Title", "Hint", "code", action("Mend", "mend", 1))
    assert node[1]["role"] == ("alert" if severity == "error" else "status") and "sr-only" in str(node)


def test_common_nodes_have_names_and_headings():
    assert moment(None) == "" and moment(5.0, "clock")[1] == {"data-seconds": 5.0, "data-style": "clock"}
    assert "Upload" in str(empty_state("None", "yet", ("/datasets", "Upload")))
    assert facts([("Rank", "8")])[2] == ["div", {}, ["dt", {}, "Rank"], ["dd", {}, "8"]]
    shown = table("Costs", [("", ""), ("Time", "number")], [["LoRA", "3 s"]], row_ids=["r1"])
    assert shown[1]["aria-label"] == "Costs" and ["th", {"scope": "row"}, "LoRA"] in shown[2][3][2]
