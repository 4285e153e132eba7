"""Who gets a conversation, decided from the handover protocol's rows.

Each decision takes a writer's slot of the rows it is made from, in the transaction of the
assignment; so it cannot fall on somebody who is being handed over from at the same time.
"""

from __future__ import annotations

from shared.events.disciplines import Discipline
from shared.handover.rows import HTTP_SLOT, Rows
from shared.handover.rule import Holding, destination
from shared.outbox import Transaction

__all__ = ["Router"]


class Router:
    """For one transaction: each row is asked, and its slot taken, once."""

    def __init__(self, tx: Transaction, rows: Rows, slot: int = HTTP_SLOT) -> None:
        self._tx = tx
        self._rows = rows
        self._slot = slot
        self._responsibilities: dict[tuple[str, str], str] = {}
        self._acting: dict[str, str | None] = {}
        self._present: dict[str, bool | None] = {}

    async def responsibility(self, client_id: str, page_id: str) -> str:
        """The one that a new conversation of the page belongs to."""
        page = (client_id, page_id)
        if page not in self._responsibilities:
            self._responsibilities[page] = await self._rows.responsibility(
                self._tx, client_id, page_id, Discipline.COMMUNITY, self._slot
            )
        return self._responsibilities[page]

    async def acting(self, client_id: str, responsibility_id: str) -> str | None:
        """Who acts for the responsibility; None in a gap."""
        if responsibility_id not in self._acting:
            self._acting[responsibility_id] = await self._rows.acting(
                self._tx, responsibility_id, self._slot, client_id=client_id
            )
        return self._acting[responsibility_id]

    async def present(self, member_id: str) -> bool | None:
        """Whether the member is here; None for somebody unknown."""
        if member_id not in self._present:
            self._present[member_id] = await self._rows.present(self._tx, member_id, self._slot)
        return self._present[member_id]

    async def new(self, client_id: str, responsibility_id: str) -> Holding:
        """For a conversation that nobody has had yet."""
        acting = await self.acting(client_id, responsibility_id)
        return Holding(acting, home=None, touched=False)

    async def again(self, client_id: str, responsibility_id: str, last: Holding) -> Holding:
        """For a conversation that was done: by the rule of the handover, so it stays with its
        holder if that is right today. With anybody else it is at home."""
        acting = await self.acting(client_id, responsibility_id)
        asked = {member for member in (last.holder, last.home, acting) if member is not None}
        present = {member for member in sorted(asked) if await self.present(member)}
        moved = destination(last, present=present.__contains__, acting=acting)
        return last if moved is None else Holding(moved.holder, home=None, touched=False)
