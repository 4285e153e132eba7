"""A member of the team: name and sign, language and zone, role, access to clients. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from shared.auth import Role
from shared.errors import N_, AlreadyExists, NotAllowedNow
from shared.events.scheduler import MemberChanged

__all__ = [
    "COLOURS",
    "EmailTaken",
    "LastLead",
    "Member",
    "MemberEdit",
    "change_member",
    "initials_of",
    "member_changed",
    "rarest_colour",
    "with_presence",
]

COLOURS = range(1, 9)


@dataclass(frozen=True, slots=True)
class Member:
    """`clients` is the access: None means all. `present` is as of `epoch`."""

    id: str
    name: str
    initials: str
    colour: int
    email: str
    language: str
    time_zone: str
    role: Role
    clients: tuple[str, ...] | None
    active: bool = True
    present: bool = True
    epoch: int = 0
    version: int = 1

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


class MemberEdit(TypedDict, total=False):
    name: str
    initials: str
    colour: int
    email: str
    language: str
    time_zone: str
    role: Role
    clients: tuple[str, ...] | None
    active: bool


def change_member(member: Member, **edit: Unpack[MemberEdit]) -> Member:
    return replace(member, **edit, version=member.version + 1)


def with_presence(member: Member, *, present: bool, epoch: int) -> Member:
    """Coming and going is no edit: the version stays, the epoch tells."""
    return replace(member, present=present, epoch=epoch)


def member_changed(member: Member) -> MemberChanged:
    return MemberChanged(
        member_id=member.id,
        name=member.name,
        initials=member.initials,
        colour=member.colour,
        email=member.email,
        language=member.language,
        time_zone=member.time_zone,
        clients=member.clients,
        active=member.active,
        present=member.present,
        epoch=member.epoch,
    )


def initials_of(name: str) -> str:
    """The first letters of the first and the last word: `Jana Hoffmann` -> `JH`."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in chosen).upper()[:3] or "?"


def rarest_colour(uses: Mapping[int, int]) -> int:
    """The colour that fewest members have; the first of several."""
    return min(COLOURS, key=lambda colour: uses.get(colour, 0))


class EmailTaken(AlreadyExists):
    code = "email_taken"
    title = N_("Another member has this e-mail address")
    detail = N_("Every member needs an address of their own.")
    remedy = N_("Use another address, or change the member who has this one.")


class LastLead(NotAllowedNow):
    code = "last_lead"
    title = N_("The team needs a lead")
    detail = N_("{member} is the only active lead; without one nobody could change the team.")
    remedy = N_("Make somebody else a lead first.")
