"""What a change to somebody makes of coverage: who acts instead, and how much at once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, product

from services.scheduler.coverage.domain import Acting, Segment
from services.scheduler.coverage.outlook import Outlook

__all__ = ["Difference", "Load", "counted", "differences", "turns"]


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch in which somebody else would act, or nobody; `acting` is after the change."""

    responsibility_id: str
    starts_at: datetime
    ends_at: datetime
    acting: Acting


@dataclass(frozen=True, slots=True)
class Load:
    """A stretch in which somebody acts for `count` responsibilities at once; `before` the change it
    is so many."""

    member_id: str
    starts_at: datetime
    ends_at: datetime
    count: int
    before: int


def differences(before: Outlook, after: Outlook) -> Iterator[Difference]:
    """Of two outlooks over the same time, for what the later one has."""
    for id, segments in after.timelines.items():
        if segments is before.timelines[id]:
            continue
        for now, then in product(segments, before.timelines[id]):
            start = max(now.starts_at, then.starts_at)
            end = min(now.ends_at, then.ends_at)
            if start < end and now.acting.member != then.acting.member:
                yield Difference(id, start, end, now.acting)


def turns(outlook: Outlook) -> dict[str, list[Segment]]:
    """By member, the stretches in which they act; several at once, one for each responsibility."""
    found: dict[str, list[Segment]] = defaultdict(list)
    for segments in outlook.timelines.values():
        for segment in segments:
            if segment.acting.member is not None:
                found[segment.acting.member].append(segment)
    return found


def counted(member_id: str, before: Iterable[Segment], after: Iterable[Segment]) -> Iterator[Load]:
    """How many of a member's turns overlap, from one change to the next."""
    steps: dict[datetime, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for segments, less, more in ((before, 1, 0), (after, 0, 1)):
        for one in segments:
            for at, sign in ((one.starts_at, 1), (one.ends_at, -1)):
                was, becomes = steps[at]
                steps[at] = (was + sign * less, becomes + sign * more)
    was = becomes = 0
    for at, until in pairwise(sorted(steps)):
        was, becomes = was + steps[at][0], becomes + steps[at][1]
        yield Load(member_id, at, until, becomes, was)
