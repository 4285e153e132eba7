"""What encrypts reasons: nothing shows, older keys go on reading, a token has one place."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from pydantic import SecretStr, ValidationError

from services.scheduler.absences.domain import Kind, Reason
from services.scheduler.absences.keyring import KeyRing, ReasonUnreadable
from services.scheduler.settings import SchedulerSettings
from tests.support.engines import AUTH_SECRET

OLD, NEW = (base64.urlsafe_b64encode(byte * 32).decode() for byte in (b"o", b"n"))


def test_what_is_encrypted_is_read_again() -> None:
    ring, reason = KeyRing([NEW]), Reason(Kind.SICK, "Grippe, „hohes“ Fieber\n" * 80)

    assert ring.decrypt("a1", ring.encrypt("a1", reason)) == reason


def test_neither_kind_nor_note_shows_not_even_by_its_length() -> None:
    ring = KeyRing([NEW])
    tokens = [ring.encrypt("a1", Reason(kind)).token for kind in Kind]

    assert len({len(token) for token in tokens}) == 1
    assert len(set(tokens)) == len(Kind)
    assert b"canary" not in ring.encrypt("a1", Reason(Kind.SICK, "canary")).token


def test_an_older_key_goes_on_reading_and_the_newest_writes() -> None:
    before = KeyRing([OLD]).encrypt("a1", Reason(Kind.OTHER, "note"))
    ring = KeyRing([NEW, OLD])

    assert ring.decrypt("a1", before) == Reason(Kind.OTHER, "note")
    assert ring.encrypt("a1", Reason(Kind.OTHER)).key == KeyRing([NEW]).newest != before.key


def test_what_another_key_wrote_is_unreadable() -> None:
    encrypted = KeyRing([OLD]).encrypt("a1", Reason(Kind.SICK))
    claimed = replace(encrypted, key=KeyRing([NEW]).newest)

    for each in (encrypted, claimed, replace(claimed, token=b"no token")):
        with pytest.raises(ReasonUnreadable):
            KeyRing([NEW]).decrypt("a1", each)


def test_the_reason_of_another_absence_is_not_taken_for_its_own() -> None:
    ring = KeyRing([NEW])
    with pytest.raises(ReasonUnreadable):
        ring.decrypt("a2", ring.encrypt("a1", Reason(Kind.SICK)))


@pytest.mark.parametrize("keys", ["", "short", f"{NEW},", f"{NEW};{OLD}"])
def test_keys_that_are_none_are_refused_without_being_shown(keys: str) -> None:
    with pytest.raises(ValidationError, match="32 bytes in URL-safe base64") as refused:
        SchedulerSettings(auth_secret=SecretStr(AUTH_SECRET), absence_keys=SecretStr(keys))
    assert NEW not in str(refused.value)
    assert "short" not in str(refused.value)


def test_the_first_of_the_settings_keys_writes() -> None:
    keys = SecretStr(f"{NEW}, {OLD}")
    settings = SchedulerSettings(auth_secret=SecretStr(AUTH_SECRET), absence_keys=keys)

    assert settings.key_ring.newest == KeyRing([NEW]).newest
    assert settings.key_ring.known == KeyRing([NEW, OLD]).known
