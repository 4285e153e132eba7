"""Notifications as somebody may see them, with the names of what they speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.notifier.briefs.domain import Notification, for_eyes
from services.notifier.delivery.store import Deliveries, Told
from services.notifier.directory.people import Member, Responsibility
from services.notifier.directory.store import Directory
from services.notifier.leave.domain import LeaveRequest
from services.notifier.rota.domain import Opening, OpenNow, OpenShifts, SwapOffer
from shared.auth import Identity
from shared.errors import NotFound
from shared.events.notifier import DeliveryState

__all__ = ["Desk", "Names", "Reading"]


@dataclass(frozen=True, slots=True)
class Names:
    """Of everybody and everything that is spoken of. `leave` and `swaps`: each request and each
    offer as it is now; `open_shifts`: by who has them, what is open now."""

    people: Mapping[str, Member]
    responsibilities: Mapping[str, Responsibility]
    leave: Mapping[str, LeaveRequest]
    swaps: Mapping[str, SwapOffer]
    open_shifts: Mapping[str, OpenNow]

    def is_past(self, about: LeaveRequest | SwapOffer) -> bool:
        """Something else has been done with it since."""
        newest: LeaveRequest | SwapOffer | None
        match about:
            case LeaveRequest(leave_id=id):
                newest = self.leave.get(id)
            case SwapOffer(swap_id=id):
                newest = self.swaps.get(id)
        return newest is not None and newest.version > about.version

    def still_open(self, told: Notification, now: datetime) -> OpenShifts | None:
        """What is left of the open shifts that somebody was told of; None: nothing."""
        opening, content = told.about, told.content
        assert isinstance(opening, Opening)  # noqa: S101 - asked of open shifts alone
        assert isinstance(content, OpenShifts)  # noqa: S101
        left = content.still_open(opening, self.open_shifts.get(opening.holder), now)
        return left if left.open else None


@dataclass(frozen=True, slots=True)
class Reading:
    """`next_cursor` None: this was the last page."""

    told: Sequence[Told]
    names: Names
    next_cursor: str | None = None


class Desk:
    """Where readers ask. What is outside their scope does not exist for them."""

    def __init__(self, deliveries: Deliveries, directory: Directory) -> None:
        self.deliveries = deliveries
        self._directory = directory

    async def one(self, reader: Identity, notification_id: str) -> Told:
        """Raises `NotFound`."""
        told = await self.deliveries.one(reader, notification_id)
        if told is None:
            raise NotFound
        return (await self._for(reader, [told])).told[0]

    async def page(
        self,
        reader: Identity,
        *,
        own: bool,
        state: DeliveryState | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Reading:
        """The latest first."""
        told, next_cursor = await self.deliveries.page(
            reader, own=own, state=state, cursor=cursor, limit=limit
        )
        return replace(await self._for(reader, told), next_cursor=next_cursor)

    async def for_a_person(self, reader: Identity) -> Reading:
        """Deliveries that do not go on without a decision, the oldest first."""
        return await self._for(reader, await self.deliveries.for_a_person(reader))

    async def names(self, notifications: Iterable[Notification]) -> Names:
        notifications = list(notifications)
        people = {id for each in notifications for id in (each.member_id, *each.people)}
        ids = {id for each in notifications for id in each.responsibilities}
        about = [each.about for each in notifications]
        requests = {each.leave_id for each in about if isinstance(each, LeaveRequest)}
        offers = {each.swap_id for each in about if isinstance(each, SwapOffer)}
        holders = {each.holder for each in about if isinstance(each, Opening)}
        return Names(
            await self._directory.members(people),
            await self._directory.responsibilities(ids),
            await self._directory.leave(requests),
            await self._directory.swaps(offers),
            await self._directory.open_shifts(holders),
        )

    async def _for(self, reader: Identity, told: Sequence[Told]) -> Reading:
        names = await self.names(each.notification for each in told)

        def may_see(responsibility: str) -> bool:
            return reader.scope.allows(names.responsibilities[responsibility].client_id)

        seen = [
            replace(each, notification=for_eyes(each.notification, may_see, reader.scope.allows))
            for each in told
        ]
        return Reading(seen, names)
