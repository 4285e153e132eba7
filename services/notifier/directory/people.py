"""What the notifier knows of others: people, who acts for what, and the names of things."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Member", "Responsibility"]


@dataclass(frozen=True, slots=True)
class Member:
    """`clients` None means all. `present` is as of `epoch`."""

    id: str
    name: str
    initials: str
    colour: int
    email: str
    language: str
    time_zone: str
    clients: frozenset[str] | None
    active: bool
    present: bool
    epoch: int

    def may_see(self, client_id: str | None) -> bool:
        return self.clients is None or client_id in self.clients

    def left_after(self, epoch: int) -> bool:
        """Whether the member went away after that epoch, and is away still."""
        return self.epoch > epoch and not self.present


@dataclass(frozen=True, slots=True)
class Responsibility:
    """A responsibility as a reader knows it; names fall back to ids not heard of yet."""

    id: str
    discipline: str
    client_id: str | None
    place: str
    platform: str | None
