"""What people write by themselves: seeded, so that the same platform says the same things."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.local.platform.domain import Kind, Message, Network, Page, Post
from deploy.local.platform.words import (
    ALWAYS,
    FIRST_NAMES,
    FOLLOW_UPS,
    GREETINGS,
    LAST_NAMES,
    SIGN_OFFS,
    TOPICS,
)

__all__ = ["Written", "write"]

_GAP = re.compile(r"\{(\w+)\}")
_FOLLOW_UP_SHARE = 0.3
_KINDS = {
    Network.INSTAGRAM: (Kind.COMMENT, Kind.COMMENT, Kind.DIRECT),
    Network.FACEBOOK: (Kind.COMMENT, Kind.COMMENT, Kind.DIRECT),
    Network.LINKEDIN: (Kind.COMMENT, Kind.COMMENT, Kind.MENTION),
    Network.MASTODON: (Kind.MENTION, Kind.MENTION, Kind.COMMENT),
    Network.BLUESKY: (Kind.MENTION, Kind.COMMENT, Kind.COMMENT),
}


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody writes, before the platform has given it an id and a time."""

    page: Page
    author_name: str
    kind: Kind
    thread: str | None
    text: str


def write(
    seed: int, number: int, page: Page, posts: Sequence[Post], recent: Sequence[Message]
) -> Written:
    """The `number`th message of the platform's life. `recent` may be taken up once more."""
    luck = random.Random(f"{seed}/{number}")
    if recent and luck.random() < _FOLLOW_UP_SHARE:
        before = luck.choice(recent)
        text = _filled(luck.choice(FOLLOW_UPS), {}, luck)
        return Written(page, before.author_name, before.kind, before.thread, text)
    kind = luck.choice(_KINDS[page.network])
    thread = luck.choice(posts).id if posts and kind is Kind.COMMENT else None
    name = f"{luck.choice(FIRST_NAMES)} {luck.choice(LAST_NAMES)}"
    return Written(page, name, kind, thread, _text(page.topic, luck))


def _text(topic: str, luck: random.Random) -> str:
    about = TOPICS[topic]
    sentence = _filled(luck.choice(about.sentences), about.words, luck)
    greeting = luck.choice(GREETINGS)
    if not greeting:
        sentence = sentence[0].upper() + sentence[1:]
    return f"{greeting}{sentence}{luck.choice(SIGN_OFFS)}"


def _filled(sentence: str, words: Mapping[str, Sequence[str]], luck: random.Random) -> str:
    gaps: dict[str, Sequence[str]] = {
        **ALWAYS,
        "order": [f"{luck.choice('ABEHKMRT')}{luck.randrange(10_000, 100_000)}"],
        **words,
    }
    return _GAP.sub(lambda gap: luck.choice(gaps[gap[1]]), sentence)
