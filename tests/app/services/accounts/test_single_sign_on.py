"""Accounts of people for whom somebody else vouches, on both databases."""

from concurrent.futures import ThreadPoolExecutor

from app.services.accounts import accounts, people, single_sign_on
from app.services.accounts.identity_claims import ProvidedIdentity


def test_first_sign_ins_at_once_make_one_account(any_database: str, owner: str) -> None:
    ann = ProvidedIdentity("https://id.example", "u-1", "ann", "")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: single_sign_on.sign_in(ann, "a browser")[0].id, range(4)))
    assert len(set(found)) == 1 and len(people.list_people(owner)) == 2
    known = single_sign_on.user_of("https://id.example", "u-1")
    assert known is not None and known.id == found[0] and accounts.home_project(found[0]).home_of == found[0]
    people.change_person(owner, found[0], active=False)
    assert single_sign_on.user_of("https://id.example", "u-1") is None
