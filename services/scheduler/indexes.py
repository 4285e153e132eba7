"""What the scheduler's queries ask for, by collection."""

from __future__ import annotations

from shared.service import Service

__all__ = ["declare_indexes"]


def declare_indexes(service: Service) -> None:
    service.index("members", [("email_key", 1)], unique=True)
    service.index("members", [("name", 1), ("_id", 1)])
    service.index("qualifications", [("member_id", 1)])
    # Which are from before there were reminders: in time none, and asked every second.
    service.index("qualifications", [("reminded", 1)])
    # Whom does it concern if a member comes or goes.
    service.index("responsibilities", [("owner", 1)])
    service.index("responsibilities", [("deputies", 1)])
    service.index("responsibilities", [("client_id", 1), ("_id", 1)])
    service.index("leads", [("members", 1)])
    service.index("page_accounts", [("client_id", 1)])
    service.index("page_accounts", [("members", 1)])
    # Who is away now, and within a stretch of time.
    service.index("absences", [("member_id", 1), ("starts_at", 1)])
    service.index("absences", [("starts_at", 1), ("_id", 1)])
    service.index("absence_mails", [("until", 1)], expireAfterSeconds=0)
    service.index("absence_replies", [("retry_at", 1)])
    service.index("leave", [("member_id", 1), ("starts_at", 1)])
    service.index("leave", [("state", 1), ("ends_at", 1)])
    service.index("calendar_feeds", [("member_id", 1), ("whose", 1)], unique=True)
    # What is to be encrypted with another key.
    service.index("absences", [("reason.key", 1)])
    service.index("leave", [("reason.key", 1)])
    service.index("rota_groups", [("name", 1), ("_id", 1)])
    service.index("rota_groups", [("pages", 1)])
    # The rota of some weeks, of a group, of a member.
    service.index("rota_shifts", [("starts_at", 1), ("_id", 1)])
    service.index("rota_shifts", [("group_id", 1), ("starts_at", 1)])
    service.index("rota_shifts", [("member_id", 1), ("starts_at", 1)])
    service.index("rota_wishes", [("member_id", 1)])
    for of_swap in ("giver", "taker", "shift_id", "in_return", "until"):
        service.index("rota_swaps", [(of_swap, 1)], partialFilterExpression={"state": "offered"})
    service.index("rota_runs", [("asked_at", -1), ("_id", -1)])
    service.index("rota_runs", [("state", 1), ("asked_at", 1)])
    service.index("coverage", [("acting", 1)])
    service.index("handovers", [("epoch", -1), ("_id", -1)])
    service.index("handovers", [("absent_member", 1), ("epoch", 1)])
    service.index("handovers", [("state", 1)], partialFilterExpression={"state": "open"})
    service.index("handovers", [("committed_at", 1), ("started_at", 1)])
    service.index("receipt_parts", [("handover_id", 1), ("_id", 1)])
    service.index("receipt_parts", [("moves.item_id", 1), ("moves.move_no", 1)])
    service.index("pages", [("client_id", 1)])
    for archivable in ("clients", "pages"):
        service.index(archivable, [("archived", 1)], partialFilterExpression={"archived": True})
    service.index("publications", [("content_id", 1)])
    service.index("publications", [("publish_at", 1), ("_id", 1)])
