"""How a member is shown on pages: by initials in their colour."""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduler.members.domain import Member

__all__ = ["Face", "face"]


@dataclass(frozen=True, slots=True)
class Face:
    """What an avatar, a cell or a label shows. `present` is as of now."""

    member_id: str
    name: str
    initials: str
    colour: int
    present: bool


def face(member: Member) -> Face:
    return Face(member.id, member.name, member.initials, member.colour, member.present)
