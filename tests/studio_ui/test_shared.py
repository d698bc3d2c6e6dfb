"""The page behind a read-only link: no sign-in, no menu, no scripts but our own."""

import re

from studio_ui.shared import PATH
from tests.app.wire import ask


def test_page_needs_no_sign_in_and_has_no_menu(web):
    answer = ask(web, "GET", PATH, headers={"accept": "text/html"})
    text = answer.body.decode()
    assert answer.status == 200 and "Shared comparison" in text
    assert "<nav" not in text and "sign-out" not in text and "gradio" not in text.lower()


def test_only_scripts_with_the_nonce_of_this_answer_run(web):
    answers = [ask(web, "GET", PATH, headers={"accept": "text/html"}) for _ in range(2)]
    nonces = [re.search("'nonce-([^']+)'", answer.headers["content-security-policy"])[1] for answer in answers]
    assert len(set(nonces)) == 2
    for nonce, answer in zip(nonces, answers, strict=True):
        assert f'<script nonce="{nonce}">' in answer.body.decode()
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_every_address_in_the_page_is_public(web):
    text = ask(web, "GET", PATH, headers={"accept": "text/html"}).body.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert len(addresses) > 10
    for address in addresses:
        assert ask(web, "GET", address).status == 200, address
