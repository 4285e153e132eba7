"""What the inbox tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from prometheus_client import Counter, Gauge

from services.inbox.conversations.store import Conversations
from services.inbox.intake.store import Unrouted
from shared.auth import SYSTEM_SCOPE
from shared.clock import Clock

__all__ = [
    "CONVERSATIONS_OPEN", "CONVERSATIONS_UNCOVERED", "MESSAGES", "OLDEST_WAITING_SECONDS",
    "UNROUTED", "WEBHOOKS", "gauges",
]  # fmt: skip

Measure = Callable[[], Awaitable[None]]

MESSAGES = Counter(
    "understudy_inbox_messages",
    "Messages by what became of them: new, duplicate, or unrouted as its page is not known yet",
    ["outcome"],
)
for outcome in ("new", "duplicate", "unrouted"):
    MESSAGES.labels(outcome)  # from zero, so that the very first is seen as a rise
WEBHOOKS = Counter(
    "understudy_inbox_webhooks",
    "Calls of sources by their result: accepted, or the problem's code",
    ["result"],
)
CONVERSATIONS_OPEN = Gauge(
    "understudy_inbox_conversations_open", "Conversations that wait for somebody of the team"
)
CONVERSATIONS_UNCOVERED = Gauge(
    "understudy_inbox_conversations_uncovered", "Open conversations that nobody has"
)
OLDEST_WAITING_SECONDS = Gauge(
    "understudy_inbox_oldest_waiting_seconds",
    "How long the author who has waited longest has waited for an answer",
)
UNROUTED = Gauge(
    "understudy_inbox_unrouted_messages", "Messages put aside until their page is known"
)


def gauges(conversations: Conversations, unrouted: Unrouted, clock: Clock) -> Measure:
    """Sets the gauges from the database."""

    async def measure() -> None:
        loads = await conversations.loads(SYSTEM_SCOPE)
        CONVERSATIONS_OPEN.set(sum(load.count for load in loads))
        CONVERSATIONS_UNCOVERED.set(sum(load.count for load in loads if load.holder is None))
        oldest = await conversations.oldest_waiting(SYSTEM_SCOPE)
        waited = timedelta() if oldest is None else clock() - oldest
        OLDEST_WAITING_SECONDS.set(waited.total_seconds())
        UNROUTED.set(await unrouted.count())

    return measure
