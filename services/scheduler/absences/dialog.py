"""What the forms offer that report sick or ask for leave."""

from __future__ import annotations

from dataclasses import dataclass

from services.scheduler.absences.domain import Kind
from services.scheduler.desk import Desk
from services.scheduler.members.view import Face, face
from shared.auth import Identity, Permission
from shared.ids import new_id

__all__ = ["Dialog", "read_dialog"]


@dataclass(frozen=True, slots=True)
class Dialog:
    """`people`: who may be reported, nobody or only oneself or everybody. `key`: sent twice, the
    form is taken once."""

    people: tuple[Face, ...]
    own: bool
    key: str
    kinds: tuple[Kind, ...] = tuple(Kind)


async def read_dialog(desk: Desk, who: Identity) -> Dialog:
    if who.may(Permission.ABSENCE_REPORT_ANY):
        found = [one for one in await desk.members.all(who.scope) if one.active]
        return Dialog(tuple(map(face, found)), own=False, key=new_id())
    oneself = await desk.members.get(who.member_id)
    may = who.may(Permission.ABSENCE_REPORT_OWN) and oneself is not None
    return Dialog((face(oneself),) if oneself and may else (), own=True, key=new_id())
