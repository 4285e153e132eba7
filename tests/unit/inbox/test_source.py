"""A source's secrets: two of them while one follows the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inbox.sources.domain import MAX_OVERLAP, Source, create, rotate
from services.inbox.sources.errors import InvalidSignature
from services.inbox.sources.signature import new_secret, verify
from tests.unit.inbox.conversing import NOW

DAY = timedelta(days=1)


def source() -> Source:
    return create("s1", page_id="page1", client_id="client1", secret="one", now=NOW)


def test_the_first_secret_is_valid_without_end() -> None:
    assert source().valid_secrets(NOW + 365 * DAY) == ("one",)


def test_after_a_rotation_the_old_secret_is_valid_for_the_overlap() -> None:
    rotated = rotate(source(), "two", NOW, DAY)
    assert rotated.valid_secrets(NOW) == ("two", "one")
    assert rotated.valid_secrets(NOW + DAY) == ("two",)
    assert rotated.version == 2


@given(st.lists(st.timedeltas(timedelta(), 30 * DAY), max_size=6))
def test_never_more_than_two_are_valid_and_never_none(overlaps: list[timedelta]) -> None:
    turned, now = source(), NOW
    for number, overlap in enumerate(overlaps):
        turned = rotate(turned, f"secret {number}", now, overlap)
        assert 1 <= len(turned.valid_secrets(now)) <= 2
        assert len(turned.valid_secrets(now + MAX_OVERLAP)) == 1
        now += timedelta(hours=1)


def test_a_new_secret_is_unlike_the_last() -> None:
    assert new_secret() != new_secret()
    assert new_secret().startswith("whsec_")


@given(body=st.binary(max_size=50), signature=st.text(max_size=50), stamp=st.text(max_size=20))
def test_whatever_comes_without_a_signature_is_refused_in_one_way(
    body: bytes, signature: str, stamp: str
) -> None:
    headers = {"webhook-id": "m", "webhook-timestamp": stamp, "webhook-signature": signature}
    with pytest.raises(InvalidSignature):
        verify([new_secret()], body, headers)
