"""Encryption of why somebody is away: a copy of the database tells neither kind nor note.

A reason is stored as a Fernet token (https://github.com/fernet/spec: AES-128 in CBC mode with
HMAC-SHA256), filled up to one of a few lengths, since the length of an empty note would tell the
kind. The absence's id is in it, so that a token stored with another absence is not read as its own.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken

from services.scheduler.absences.domain import Kind, Reason
from shared.errors import N_, TemporarilyUnavailable

__all__ = ["Encrypted", "KeyRing", "ReasonUnreadable"]

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Encrypted:
    """`key` is the fingerprint of the key that reads `token`."""

    token: bytes
    key: str


class KeyRing:
    """The keys of `ABSENCE_KEYS`, the newest first: it encrypts, each of them reads."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Raises `ValueError` if there is none, or one is no Fernet key."""
        if not keys:
            raise ValueError("no key")
        self._keys = {_fingerprint(key): Fernet(_checked(key)) for key in keys}
        self.newest = _fingerprint(keys[0])

    @property
    def known(self) -> frozenset[str]:
        """The fingerprints of all keys."""
        return frozenset(self._keys)

    def encrypt(self, absence_id: str, reason: Reason) -> Encrypted:
        text = json.dumps({"id": absence_id, "kind": reason.kind.value, "note": reason.note})
        plain = text.encode()
        filled = plain.ljust(-(-len(plain) // _BLOCK) * _BLOCK)  # blanks after JSON mean nothing
        return Encrypted(self._keys[self.newest].encrypt(filled), self.newest)

    def decrypt(self, absence_id: str, encrypted: Encrypted) -> Reason:
        """Raises `ReasonUnreadable` if the key is not here, or the token belongs elsewhere."""
        key = self._keys.get(encrypted.key)
        if key is None:
            raise ReasonUnreadable
        try:
            found = json.loads(key.decrypt(encrypted.token))
        except InvalidToken:
            raise ReasonUnreadable from None
        if found["id"] != absence_id:
            raise ReasonUnreadable
        return Reason(Kind(found["kind"]), found["note"])


def _fingerprint(key: str) -> str:
    """Names a key without giving it away."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _checked(key: str) -> str:
    """Fernet itself overlooks what stands behind a key."""
    base64.b64decode(key, altchars=b"-_", validate=True)
    return key


class ReasonUnreadable(TemporarilyUnavailable):
    code = "reason_unreadable"
    title = N_("Why somebody is away cannot be read")
    detail = N_("It is encrypted with a key that the scheduler does not have.")
    remedy = N_("Whoever looks after the system adds the missing key to ABSENCE_KEYS.")
