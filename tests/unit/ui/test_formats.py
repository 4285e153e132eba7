from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import shared.ui
from shared.ui import formats
from shared.ui.i18n import load_translations
from shared.ui.viewer import Viewer, rendering_for

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
TRANSLATIONS = load_translations([Path(shared.ui.__file__).parent / "locale"])


@pytest.fixture
def english() -> Iterator[None]:
    berlin = ZoneInfo("Europe/Berlin")
    with rendering_for(Viewer("en", berlin, NOW, TRANSLATIONS["en"])):
        yield


@pytest.fixture
def german() -> Iterator[None]:
    berlin = ZoneInfo("Europe/Berlin")
    with rendering_for(Viewer("de", berlin, NOW, TRANSLATIONS["de"])):
        yield


@pytest.mark.usefixtures("english")
def test_instants_are_shown_in_the_viewers_zone() -> None:
    assert formats.clock(NOW) == "10:42"
    assert formats.clock_seconds(NOW) == "10:42:07"
    assert formats.moment(NOW) == "Tue 24 Nov, 10:42"
    assert formats.absolute(NOW) == "Tue 24 Nov 2026, 10:42:07 CET"
    assert formats.zone(NOW) == "Europe/Berlin (CET)"
    assert formats.absolute(datetime(2026, 7, 1, 22, 30, tzinfo=UTC)).endswith("00:30:00 CEST")


@pytest.mark.usefixtures("english")
def test_whole_days_are_told_without_their_midnights() -> None:
    midnight = datetime(2026, 11, 29, 23, tzinfo=UTC)
    assert formats.starting(midnight) == "Mon 30 Nov"
    assert formats.ending(midnight) == "Sun 29 Nov"
    assert formats.starting(NOW) == formats.ending(NOW) == "Tue 24 Nov, 10:42"
    assert formats.clock_tenths(NOW + timedelta(milliseconds=251)) == "10:42:07.2"


@pytest.mark.usefixtures("english")
def test_when_says_as_much_as_is_needed() -> None:
    assert formats.when(NOW + timedelta(hours=2)) == "12:42"
    assert formats.when(NOW + timedelta(days=2)) == "Thu 10:42"
    assert formats.when(NOW + timedelta(days=20)) == "14 Dec, 10:42"
    # Late in the evening in UTC is already tomorrow in Berlin.
    assert formats.when(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)) == "Wed 00:30"


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(minutes=86), "in 1 h 26 min"),
        (timedelta(minutes=-41), "41 min ago"),
        (timedelta(days=3, hours=2, minutes=5), "in 3 d 2 h"),
        (timedelta(seconds=20), "in under a minute"),
        (timedelta(seconds=-20), "just now"),
        (timedelta(0), "just now"),
        (timedelta(hours=-2), "2 h ago"),
        (timedelta(days=-1, minutes=-5), "1 d 5 min ago"),
    ],
)
def test_relative(ahead: timedelta, text: str) -> None:
    assert formats.relative(NOW + ahead) == text


@pytest.mark.usefixtures("english")
def test_due() -> None:
    assert formats.due(NOW + timedelta(minutes=8)) == "due in 8 min"
    assert formats.due(NOW - timedelta(minutes=41)) == "overdue 41 min"
    assert formats.due(NOW + timedelta(seconds=3)) == "due now"


@pytest.mark.usefixtures("german")
def test_german() -> None:
    assert formats.moment(NOW) == "Di, 24. Nov, 10:42"
    assert formats.weekday(NOW) == "Di"
    assert formats.full_day(date(2026, 11, 24)) == "Dienstag, 24. November 2026"
    assert formats.month(date(2026, 3, 1)) == "März 2026"
    assert formats.relative(NOW + timedelta(minutes=86)) == "in 1 Std. 26 Min."
    assert formats.relative(NOW - timedelta(minutes=41)) == "vor 41 Min."
    assert formats.due(NOW + timedelta(minutes=86)) == "noch 1 Std. 26 Min."
    assert formats.due(NOW - timedelta(minutes=41)) == "41 Min. überfällig"
    assert formats.seconds(timedelta(milliseconds=404)) == "0,40 s"
    assert formats.number(12480) == "12.480"
