"""What there is on the platform."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Delivery", "Kind", "Message", "Network", "Page", "Post", "author_id"]

_SPELLED_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i"})


class Network(StrEnum):
    INSTAGRAM = "instagram"
    FACEBOOK = "facebook"
    LINKEDIN = "linkedin"
    MASTODON = "mastodon"
    BLUESKY = "bluesky"

    @property
    def label(self) -> str:
        return "LinkedIn" if self is Network.LINKEDIN else self.capitalize()


class Kind(StrEnum):
    COMMENT = "comment"
    DIRECT = "direct"
    MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Page:
    """`topic` chooses what people write about there. Without a webhook its messages wait."""

    id: str
    network: Network
    name: str
    handle: str
    topic: str
    webhook_url: str | None = None
    webhook_secret: str | None = None

    @property
    def connected(self) -> bool:
        return self.webhook_url is not None


@dataclass(frozen=True, slots=True)
class Post:
    """What the page has published; comments belong to it."""

    id: str
    page_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """`thread` is the post a comment belongs to; direct messages of an author are one thread."""

    id: str
    page_id: str
    author_id: str
    author_name: str
    kind: Kind
    thread: str | None
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to its page's webhook. `copies`: how often it is still to arrive."""

    id: int
    message: Message
    webhook_url: str
    webhook_secret: str
    copies: int
    attempts: int


def author_id(network: Network, name: str) -> str:
    """One person has one account on each network: `instagram/katrin-lohse`."""
    spelled_out = name.lower().translate(_SPELLED_OUT)
    plain = unicodedata.normalize("NFKD", spelled_out).encode("ascii", "ignore").decode()
    return f"{network}/{re.sub(r'[^a-z0-9._]+', '-', plain).strip('-') or 'somebody'}"
