"""What stands under which heading, at the edges of days, weeks and clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.plan.grouping import DueGroup, group_of

BERLIN = ZoneInfo("Europe/Berlin")
ORDER = list(DueGroup)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("due", "now", "expected"),
    [
        ("2026-11-24T10:57", "2026-11-24T10:58", DueGroup.OVERDUE),
        ("2026-11-24T10:58", "2026-11-24T10:58", DueGroup.TODAY),
        ("2026-11-24T23:59", "2026-11-24T10:58", DueGroup.TODAY),
        ("2026-11-25T00:00", "2026-11-24T23:59", DueGroup.THIS_WEEK),
        ("2026-11-29T23:59", "2026-11-24T10:58", DueGroup.THIS_WEEK),
        ("2026-11-30T00:00", "2026-11-24T10:58", DueGroup.LATER),
        # Sunday is the last day of its week, also when the clocks change on it.
        ("2026-10-25T23:30", "2026-10-25T00:30", DueGroup.TODAY),
        ("2026-10-26T00:30", "2026-10-25T23:30", DueGroup.LATER),
    ],
)
def test_open_tasks(due: str, now: str, expected: DueGroup) -> None:
    assert group_of(at(due), at(now), BERLIN, is_open=True) is expected


def test_what_is_closed_is_never_overdue() -> None:
    now = at("2026-11-24T10:58")
    assert group_of(at("2026-11-24T09:00"), now, BERLIN, is_open=False) is DueGroup.TODAY
    assert group_of(at("2026-11-23T09:00"), now, BERLIN, is_open=False) is DueGroup.EARLIER


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (hypothesis wants the limits without a zone)
    st.lists(st.timedeltas(timedelta(days=-20), timedelta(days=20)), min_size=2, max_size=20),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.booleans(),
)
def test_in_due_order_each_group_comes_once(
    now: datetime, offsets: list[timedelta], zone: str, is_open: bool
) -> None:
    groups = [
        group_of(now + offset, now, ZoneInfo(zone), is_open=is_open) for offset in sorted(offsets)
    ]
    assert groups == sorted(groups, key=ORDER.index)
