"""What the inbox tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

__all__ = [
    "CONVERSATIONS_OPEN", "CONVERSATIONS_UNCOVERED", "MESSAGES", "OLDEST_WAITING_SECONDS",
    "UNROUTED", "WEBHOOKS",
]

MESSAGES = Counter(
    "understudy_inbox_messages",
    "Messages by what became of them: new, duplicate, or unrouted as its page is not known yet",
    ["outcome"],
)
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
