"""What the solver is given and what it gives back, as values that travel between processes. Pure.

What keeps somebody from a shift whatever else they do has been applied: `able` are those who are
qualified, with access, and there. What is left is how the shifts go together, also with those that
people keep: rest, hours, and no two places at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import AwareDatetime, TypeAdapter

from services.scheduler.rota.domain import Rules

__all__ = ["Best", "Found", "Problem", "Slot", "Taker", "found_from", "problem_from", "to_json"]


@dataclass(frozen=True, slots=True)
class Slot:
    """A shift to be given to one of `able`. `row` and `day` (ISO date): shifts of one row on days
    that follow each other go on with the same person where they can. `was`: who has it now.

    `wishes`: of those who would rather (+1) or rather not (-1) have it.
    """

    id: str
    row: str
    day: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    able: tuple[str, ...]
    was: str | None = None
    weekend: bool = False
    wishes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who can have shifts. `fixed`: times of shifts that they keep.

    `ahead` and `weekend_ahead`: minutes, at weekends too, that they had more than their fair share
    in recent months, with what is fixed; negative: fewer. `share`s: what would be fair of the
    slots.
    """

    member_id: str
    time_zone: str
    fixed: tuple[tuple[AwareDatetime, AwareDatetime], ...] = ()
    ahead: int = 0
    weekend_ahead: int = 0
    share: int = 0
    weekend_share: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """The search ends after `seconds`, or when nothing better came up for `patience`."""

    slots: tuple[Slot, ...]
    takers: tuple[Taker, ...]
    rules: Rules
    seconds: float = 12.0
    patience: float = 4.0
    workers: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Best:
    """Who gets which slot, None: nobody. `score`: how far from ideal, in minutes of unfairness;
    lower is better. `proved`: no rota leaves fewer shifts open."""

    given: Mapping[str, str | None]
    score: int
    seconds: float
    proved: bool

    @property
    def open(self) -> int:
        return sum(member_id is None for member_id in self.given.values())


@dataclass(frozen=True, slots=True)
class Found:
    """A line of what the solver tells; the last one is `last`."""

    best: Best
    last: bool = False


_PROBLEM, _FOUND = TypeAdapter(Problem), TypeAdapter(Found)


def to_json(value: Problem | Found) -> bytes:
    """On one line."""
    return _PROBLEM.dump_json(value) if isinstance(value, Problem) else _FOUND.dump_json(value)


def problem_from(text: bytes) -> Problem:
    return _PROBLEM.validate_json(text)


def found_from(text: bytes) -> Found:
    return _FOUND.validate_json(text)
