"""The words the contracts' enum values are shown with: `{{ "copywriting"|word }}`."""

from __future__ import annotations

from collections.abc import Mapping

from shared.errors import N_

__all__ = ["WORDS", "sign"]

WORDS: Mapping[str, str] = {
    # disciplines
    "page_organisation": N_("Page organisation"),
    "content_planning": N_("Content planning"),
    "research": N_("Research"),
    "editorial_plan": N_("Editorial plan"),
    "copywriting": N_("Copywriting"),
    "design": N_("Design"),
    "publishing": N_("Publishing"),
    "client_contact": N_("Client contact"),
    "reporting": N_("Reporting"),
    "community": N_("Community"),
    # content and publications
    "draft": N_("Draft"),
    "in_review": N_("In review"),
    "changes_requested": N_("Changes asked"),
    "approved": N_("Approved"),
    "scheduled": N_("Scheduled"),
    "published": N_("Published"),
    "withdrawn": N_("Withdrawn"),
    "failed": N_("Failed"),
    "overdue": N_("Overdue"),
    "unknown": N_("Unknown outcome"),
    "gap": N_("Gap"),
    # tasks, conversations, deliveries, handovers
    "open": N_("Open"),
    "done": N_("Done"),
    "planned": N_("Planned"),
    "sending": N_("Sending"),
    "sent": N_("Sent"),
    "waiting": N_("Waiting"),
    "acknowledged": N_("Has it"),
    "complete": N_("Complete"),
    "moving": N_("Moving"),
    # who acts
    "owner": N_("owner"),
    "deputy": N_("deputy"),
    "lead": N_("lead"),
    "away": N_("away"),
    # platforms are names
    "instagram": "Instagram",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    # services
    "planner": N_("Planner"),
    "scheduler": N_("Scheduler"),
    "inbox": N_("Inbox"),
    "notifier": N_("Notifier"),
}

# Statuses that share another one's sign; the others have a symbol of their own.
_SHARED_SIGNS: Mapping[str, str] = {
    "acknowledged": "approved",
    "complete": "published",
    "done": "published",
    "moving": "scheduled",
    "planned": "scheduled",
    "sending": "scheduled",
    "sent": "published",
    "waiting": "scheduled",
}


def sign(status: str) -> str:
    """The symbol in icons.svg that stands for a status."""
    return f"status-{_SHARED_SIGNS.get(status, status)}"
