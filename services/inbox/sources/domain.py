"""A source and the rotation of its secrets. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["MAX_OVERLAP", "Secret", "Source", "create", "rotate"]

MAX_OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Secret:
    """`value` as Standard Webhooks writes it: `whsec_` and base64. `expires_at` None: in force."""

    value: str
    created_at: datetime
    expires_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Source:
    """The signed webhook of one page. It has one secret in force, and while a rotation is under
    way the one before it."""

    id: str
    page_id: str
    client_id: str
    secrets: tuple[Secret, ...]
    created_at: datetime
    version: int

    def valid_secrets(self, now: datetime) -> tuple[str, ...]:
        """At most two, the newest first."""
        return tuple(secret.value for secret in self.secrets if secret.valid(now))


def create(id: str, *, page_id: str, client_id: str, secret: str, now: datetime) -> Source:
    return Source(id, page_id, client_id, (Secret(secret, now),), created_at=now, version=1)


def rotate(source: Source, secret: str, now: datetime, overlap: timedelta) -> Source:
    """`secret` is in force from now on; the one before it is good for `overlap` more, so that the
    sender can change over without losing a message. Any older one ends here."""
    before = replace(source.secrets[0], expires_at=now + min(overlap, MAX_OVERLAP))
    return replace(source, secrets=(Secret(secret, now), before), version=source.version + 1)
