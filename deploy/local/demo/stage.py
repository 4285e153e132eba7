"""What the filling works on: the agency's ids so far, by the keys of the data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from deploy.local.demo.api import Api, Caller, Refused, until

__all__ = ["Stage", "calm", "patiently"]

T = TypeVar("T")
_OPEN_HANDOVERS = "/scheduler/api/v1/handovers"


@dataclass
class Stage:
    """`members`, as the scheduler shows them; ids of `clients` and `pages`."""

    api: Api
    now: datetime
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    campaign_id: str = ""

    def as_(self, key: str) -> Caller:
        """As the member with the key."""
        return self.api.as_member(self.members[key])

    def ids(self, keys: Sequence[str]) -> list[str]:
        return [self.members[key]["id"] for key in keys]


async def patiently(work: Callable[[], Awaitable[T]], what: str, *codes: str) -> T:
    """What a service refuses with one of the codes until it has heard of something by event."""

    async def attempt() -> tuple[T] | None:
        try:
            return (await work(),)
        except Refused as refusal:
            if refusal.code not in codes:
                raise
            return None

    [answer] = await until(attempt, what)
    return answer


async def calm(caller: Caller) -> None:
    """No handover is under way: whatever was changed has been settled everywhere."""

    async def none_open() -> bool:
        return not (await caller.get(_OPEN_HANDOVERS, state="open"))["items"]

    await until(none_open, "every handover is complete")
