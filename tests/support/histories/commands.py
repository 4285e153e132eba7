"""What may happen to a team. Times are quarters of an hour from the command's own now."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from shared.events.disciplines import Discipline

__all__ = [
    "CLIENTS",
    "DISCIPLINES",
    "MEMBERS",
    "PAGE",
    "PLACES",
    "Access",
    "Accounts",
    "Assign",
    "Cancel",
    "Change",
    "Claim",
    "Command",
    "Create",
    "End",
    "Lead",
    "Membership",
    "Place",
    "Qualify",
    "Report",
    "Sweep",
    "Touch",
    "Wait",
    "Withdraw",
    "histories",
]

MEMBERS = ("anna", "ben", "cem", "dora")
CLIENTS = ("roast", "tea")
PAGE = "insta"
DISCIPLINES = (Discipline.COPYWRITING, Discipline.COMMUNITY)


@dataclass(frozen=True, slots=True)
class Place:
    """A responsibility, by what it is for. The page is of the client `roast`."""

    client: str
    page: str | None
    discipline: Discipline

    @property
    def id(self) -> str:
        return f"{self.page or self.client}:{self.discipline}"


PLACES = (
    Place("roast", None, Discipline.COPYWRITING),
    Place("roast", None, Discipline.COMMUNITY),
    Place("roast", PAGE, Discipline.COMMUNITY),
    Place("tea", None, Discipline.COPYWRITING),
)


@dataclass(frozen=True, slots=True)
class Report:
    """`starts` None is now, `ends` None until further notice."""

    member: str
    starts: int | None
    ends: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """`nth` counts the absences reported so far, and begins again after the last."""

    nth: int
    starts: int
    ends: int | None


@dataclass(frozen=True, slots=True)
class End:
    nth: int
    ago: int


@dataclass(frozen=True, slots=True)
class Cancel:
    nth: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Whatever falls due meanwhile is done at the end: the ticker may have been away."""

    quarters: int


@dataclass(frozen=True, slots=True)
class Qualify:
    """New or renewed; `until` None: without end."""

    member: str
    discipline: Discipline
    until: int | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    member: str
    discipline: Discipline


@dataclass(frozen=True, slots=True)
class Access:
    """`clients` None: to all."""

    member: str
    clients: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Membership:
    """Leaves for good, or is back in the team."""

    member: str
    active: bool


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who has an account on the page; None: it is not checked any more."""

    members: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Assign:
    """Owner, then deputies; nobody: the page follows its client."""

    place: Place
    people: tuple[str, ...]
    open_work: bool


@dataclass(frozen=True, slots=True)
class Lead:
    client: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Create:
    """An item, which goes to whoever acts."""

    place: Place


@dataclass(frozen=True, slots=True)
class Touch:
    """Whoever holds the item works on it."""

    nth: int


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody who is here takes an item for themself."""

    nth: int
    member: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Handovers catch up, but perhaps not with everything, before the next command comes."""

    steps: int


Absences = Report | Change | End | Cancel | Wait
Ability = Qualify | Withdraw | Access | Membership | Accounts
Assigning = Assign | Lead
Work = Create | Touch | Claim | Sweep
Command = Absences | Ability | Assigning | Work

_members = st.sampled_from(MEMBERS)
_disciplines = st.sampled_from(DISCIPLINES)
_some = st.lists(_members, unique=True, max_size=3).map(tuple)
_nth = st.integers(0, 5)
_starts = st.integers(-40, 40)
_ends = st.none() | st.integers(-4, 80)
_short = st.builds(Report, _members, st.none(), st.just(4))

_absences: st.SearchStrategy[Command] = st.one_of(
    _short,
    st.builds(Report, _members, st.none() | _starts, _ends),
    st.builds(Report, _members, st.none(), st.none()),
    st.builds(Change, _nth, _starts, _ends),
    st.builds(End, _nth, st.sampled_from((0, 0, 1, 9))),
    st.builds(Cancel, _nth),
    st.builds(Wait, st.integers(1, 40)),
)
_ability: st.SearchStrategy[Command] = st.one_of(
    st.builds(Qualify, _members, _disciplines, st.none() | st.integers(-4, 40)),
    st.builds(Withdraw, _members, _disciplines),
    st.builds(Access, _members, st.sampled_from((None, ("roast",), ("tea",)))),
    st.builds(Membership, _members, st.booleans()),
    st.builds(Accounts, st.none() | _some),
)
_assigning: st.SearchStrategy[Command] = st.one_of(
    st.builds(Assign, st.sampled_from(PLACES), _some, st.booleans()),
    st.builds(Lead, st.sampled_from(CLIENTS), _some),
)
_work: st.SearchStrategy[Command] = st.one_of(
    st.builds(Create, st.sampled_from(PLACES)),
    st.builds(Touch, _nth),
    st.builds(Claim, _nth, _members),
    st.builds(Sweep, st.integers(1, 3)),
)


def histories(*, longest: int) -> st.SearchStrategy[list[Command]]:
    """Absences and work come up more often than the rest."""
    commands = st.one_of(_absences, _absences, _work, _work, _ability, _assigning)
    # Left to themselves, lists are short: of seven commands hardly any meets another.
    lengths = st.integers(1, longest)
    return lengths.flatmap(lambda length: st.lists(commands, min_size=length, max_size=length))
