"""A skill as it is typed into a form."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from services.scheduler.desk import Desk
from services.scheduler.moments import Shown, shown_end, without_day
from shared.errors import InvalidRequest
from shared.events.disciplines import Discipline
from shared.web.forms import Form

__all__ = ["skill_changed", "skill_typed"]


def skill_typed(typed: Form) -> dict[str, Any]:
    """As the API takes it. Raises `InvalidRequest`."""
    until = Shown.typed(typed, "valid_until")
    if errors := without_day(until, "/valid_until"):
        raise InvalidRequest(errors=errors)
    return {
        "level": typed.text("level"),
        "valid_until": until.text,
        "evidence": typed.text("evidence"),
    }


async def skill_changed(
    desk: Desk, member_id: str, discipline: Discipline, typed: Form
) -> dict[str, Any]:
    """The same; what was left as it was shown stays as it is, to the millisecond."""
    sent = skill_typed(typed)
    before = await desk.qualifications.get(member_id, discipline)
    member = await desk.members.get(member_id)
    if before is not None and before.valid_until is not None and member is not None:
        shown = shown_end(before.valid_until, ZoneInfo(member.time_zone))
        if sent["valid_until"] == shown.day:
            sent["valid_until"] = before.valid_until.isoformat()
    return sent
