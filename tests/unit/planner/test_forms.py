"""Typed times, and what a form says when it was not taken."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.planner.content.routes import ContentBody
from services.planner.plan.forms import Form, local_text, parsed, zoned_text
from services.planner.tasks.routes import TaskPatch
from shared.errors import InvalidRequest

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("2026-11-25T09:00", "2026-11-25T09:00:00+01:00"),
        ("2026-07-25T09:00", "2026-07-25T09:00:00+02:00"),
        ("2026-07-25T09:00Z", "2026-07-25T09:00:00+00:00"),
        ("2026-07-25T09:00-03:00", "2026-07-25T09:00:00-03:00"),
        ("", None),
        ("tomorrow", "tomorrow"),
    ],
)
def test_a_typed_time_is_the_readers(typed: str, meant: str | None) -> None:
    assert zoned_text(typed, BERLIN) == meant


@pytest.mark.parametrize(
    "saved",
    [
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),  # the second 02:30 of that night
        datetime(2026, 11, 25, 8, 0, 59, 999_000, tzinfo=UTC),
    ],
)
def test_a_time_left_as_shown_is_the_saved_one(saved: datetime) -> None:
    shown = local_text(saved, BERLIN)
    assert zoned_text(shown, BERLIN, saved) == saved.isoformat()
    assert zoned_text("2026-12-01T09:00", BERLIN, saved) == "2026-12-01T09:00:00+01:00"
    assert zoned_text("", BERLIN, saved) is None


@pytest.mark.parametrize(
    "at",
    [
        "0001-01-01T00:00:00+14:00",
        "1999-12-31T23:59:59Z",
        "2101-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        zoned_text("0001-01-01T00:00", BERLIN),
        zoned_text("9999-12-31T23:59", ZoneInfo("America/New_York")),
    ],
)
def test_times_out_of_this_world_are_refused(at: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(TaskPatch, {"due_at": at})
    assert [error.pointer for error in refused.value.errors] == ["/due_at"]


@pytest.mark.parametrize("at", ["2000-01-01T00:00:00+14:00", "2100-12-31T23:59:59-12:00"])
def test_times_of_this_world_are_taken(at: str) -> None:
    assert parsed(TaskPatch, {"due_at": at}).due_at == datetime.fromisoformat(at)


def test_a_time_is_shown_as_it_would_be_typed() -> None:
    assert local_text(datetime(2026, 11, 25, 8, 0, tzinfo=UTC), BERLIN) == "2026-11-25T09:00"
    assert local_text(None, BERLIN) == ""


def test_wrong_fields_are_named_as_in_the_api() -> None:
    variants = [{"page_id": "p1", "publish_at": "tomorrow"}]
    with pytest.raises(InvalidRequest) as refused:
        parsed(ContentBody, {"client_id": "c1", "title": " ", "variants": variants})
    assert [error.pointer for error in refused.value.errors] == [
        "/title",
        "/variants/0/publish_at",
    ]


def test_lines_are_kept_with_lf() -> None:
    assert Form({"text": ["one\r\ntwo"]}).text("text") == "one\ntwo"


@pytest.mark.parametrize("version", ["", "-1", "1.5", "x", "9" * 19])
def test_a_form_without_its_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequest):
        _ = Form({"version": [version]}).version
