"""Addresses under which calendars subscribe to who is away. Pure.

Whoever knows an address reads what is behind it, without signing in: calendar programs cannot. So
it is long and random, and its owner can have another one at any time, after which it leads nowhere.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Feed", "Whose", "new_feed"]

_RANDOM_BYTES = 24


class Whose(StrEnum):
    """Whose absences: the owner's, or of everybody whom the owner may see."""

    MINE = "mine"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Feed:
    """`id` is the secret in the address. It sees as much as `member_id` does at the time."""

    id: str
    member_id: str
    whose: Whose
    created_at: datetime


def new_feed(member_id: str, whose: Whose, now: datetime) -> Feed:
    return Feed(secrets.token_urlsafe(_RANDOM_BYTES), member_id, whose, now)
