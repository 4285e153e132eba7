"""The people, pages and clients of the inbox's tests, and identities of those who ask."""

from __future__ import annotations

from shared.auth import Identity, Role, Scope
from shared.clock import utc_now
from shared.events.disciplines import Discipline
from shared.events.envelope import Event
from shared.events.handover import Participant
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.events.scheduler import (
    ActsAs,
    CoverageChanged,
    HandoverCause,
    HandoverStarted,
    Leg,
    MemberChanged,
    Presence,
)

__all__ = ["JANA", "LEAD", "MIRA", "OUTSIDER", "SYSTEM", "TOM", "away", "back", "setting"]

LEAD = Identity("ruth", "Ruth Okafor", Role.LEAD, Scope(None))
JANA = Identity("jana", "Jana Hartmann", Role.MEMBER, Scope(frozenset({"rowa", "auen"})))
TOM = Identity("tom", "Tom Berger", Role.MEMBER, Scope(frozenset({"rowa", "auen"})))
MIRA = Identity("mira", "Mira Adler", Role.MEMBER, Scope(frozenset({"rowa", "auen"})))
OUTSIDER = Identity("otto", "Otto Fremd", Role.MEMBER, Scope(frozenset({"radwerk"})))
SYSTEM = Identity("crm", "CRM", Role.SYSTEM, Scope(None))

_PEOPLE = (LEAD, JANA, TOM, MIRA, OUTSIDER)
_PAGES = {
    "morgenrot": ("rowa", "Rösterei Morgenrot", Platform.INSTAGRAM),
    "auental": ("auen", "Stadtwerke Auental", Platform.FACEBOOK),
    "radwerk": ("radwerk", "Radwerk", Platform.BLUESKY),
}
_CLIENTS = {"rowa": "Rösterei Morgenrot", "auen": "Stadtwerke Auental", "radwerk": "Radwerk"}


def setting() -> list[Event]:
    """Three clients with a page each; Jana owns two, Tom deputises; Otto owns the third."""
    people = [_member(person, present=True, epoch=1) for person in _PEOPLE]
    clients = [
        ClientChanged(client_id=id, name=name, time_zone="Europe/Berlin")
        for id, name in _CLIENTS.items()
    ]
    pages = [
        PageChanged(page_id=id, client_id=client, name=name, platform=platform)
        for id, (client, name, platform) in _PAGES.items()
    ]
    coverage = [
        coverage_of(page, "otto" if page == "radwerk" else "jana", epoch=1) for page in _PAGES
    ]
    return [*people, *clients, *pages, *coverage]


def coverage_of(page: str, acting: str | None, *, epoch: int) -> CoverageChanged:
    owner = "otto" if page == "radwerk" else "jana"
    acts_as = ActsAs.GAP if acting is None else ActsAs.DEPUTY
    return CoverageChanged(
        responsibility_id=f"{page}:community",
        client_id=_PAGES[page][0],
        page_id=page,
        discipline=Discipline.COMMUNITY,
        owner=owner,
        deputies=("tom",),
        acting=acting,
        acts_as=ActsAs.OWNER if acting == owner else acts_as,
        epoch=epoch,
    )


def away(member: str, to: dict[str, str | None], *, epoch: int) -> list[Event]:
    """`member` falls ill: from `epoch` on `to` says who acts for which page."""
    return [_handover(member, to, present=False, epoch=epoch), *_coverage(to, epoch)]


def back(member: str, to: dict[str, str | None], *, epoch: int) -> list[Event]:
    """`member` is here again."""
    return [_handover(member, to, present=True, epoch=epoch), *_coverage(to, epoch)]


def _coverage(to: dict[str, str | None], epoch: int) -> list[CoverageChanged]:
    return [coverage_of(page, member, epoch=epoch) for page, member in to.items()]


def _handover(
    member: str, to: dict[str, str | None], *, present: bool, epoch: int
) -> HandoverStarted:
    return HandoverStarted(
        handover_id=f"handover{epoch}",
        number=f"H-{epoch}",
        epoch=epoch,
        cause=HandoverCause.ABSENCE_ENDED if present else HandoverCause.ABSENCE_STARTED,
        absent_member=None if present else member,
        presence=(Presence(member_id=member, present=present),),
        participants=(Participant.INBOX,),
        legs=tuple(
            Leg(
                responsibility_id=f"{page}:community",
                client_id=_PAGES[page][0],
                page_id=page,
                discipline=Discipline.COMMUNITY,
                to=acting,
            )
            for page, acting in to.items()
        ),
        started_at=utc_now(),
    )


def _member(person: Identity, *, present: bool, epoch: int) -> MemberChanged:
    clients = person.scope.clients
    return MemberChanged(
        member_id=person.member_id,
        name=person.name,
        initials="".join(part[0] for part in person.name.split()),
        colour=1 + _PEOPLE.index(person),
        email=f"{person.member_id}@agency.example",
        language="de",
        time_zone="Europe/Berlin",
        clients=None if clients is None else tuple(sorted(clients)),
        active=True,
        present=present,
        epoch=epoch,
    )
