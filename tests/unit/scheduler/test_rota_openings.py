"""What has fallen open is told once, and again when it falls open again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.scheduler.rota.domain import Group, Shift
from services.scheduler.rota.openings import Opening, compare, open_shifts_changed, opened
from services.scheduler.rota.telling import rota_shift
from shared.events.rota import OpenShift

START = datetime(2026, 12, 7, 16, tzinfo=UTC)
GROUP = Group("g1", "Evenings", ("p1",), ("c1",), "Europe/Berlin", ())


def shift(id: str, member_id: str | None) -> Shift:
    ends_at = START + timedelta(hours=5)
    return Shift(id, "g1", "late", "Late", "2026-12-07", START, ends_at, member_id)


FIRST, SECOND = shift("s1", "mira"), shift("s2", "mira")
TOLD = Opening("s1", "mira", "o1")


def test_what_is_told_already_is_neither_new_nor_over() -> None:
    assert compare([], []) == ([], [])
    assert compare([FIRST, SECOND], []) == ([FIRST, SECOND], [])
    assert compare([FIRST, SECOND], [TOLD]) == ([SECOND], [])
    assert compare([SECOND], [TOLD]) == ([SECOND], [TOLD])


def test_another_holder_who_cannot_be_there_is_another_opening() -> None:
    of_tom = replace(FIRST, member_id="tom")
    assert compare([of_tom], [TOLD]) == ([of_tom], [TOLD])


def test_all_of_one_member_at_once_is_one_cause() -> None:
    of_tom = shift("s3", "tom")
    openings = opened([FIRST, SECOND, of_tom], {"mira": "o1", "tom": "o2"})
    new = [OpenShift(shift=rota_shift(one, GROUP), able=(), leads=()) for one in (FIRST, SECOND)]
    event = open_shifts_changed("mira", new, openings)
    assert (event.opening_id, event.open) == ("o1", {"s1": "o1", "s2": "o1"})
    closed = open_shifts_changed("mira", [], openings[1:])
    assert (closed.opening_id, closed.new, closed.open) == (None, (), {"s2": "o1"})
