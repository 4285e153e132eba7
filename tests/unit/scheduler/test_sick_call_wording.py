"""What a line of a mail is understood to say, in German and English; the rest is not guessed at."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.absences.mailbox.dates import read_moment
from services.scheduler.absences.mailbox.wording import SickCall, is_greeting, read_line
from services.scheduler.absences.period import When
from shared.ui.i18n import load_translations

NOW = datetime(2026, 11, 27, 9, 42, 17)  # noqa: DTZ001 (local wall time; a Friday)
OPEN = SickCall(None, None)


def until(ends: When | None) -> SickCall:
    return SickCall(None, ends)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute)  # noqa: DTZ001 (as above)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("krank", OPEN),
        ("KRANK!", OPEN),
        ("Sick", OPEN),
        ("Krankmeldung", OPEN),
        ("AW: WG: krank", OPEN),
        ("Ich bin leider krank, komme heute nicht.", OPEN),
        ("Guten Morgen, ich bin krank.", OPEN),
        ("I'm sick", OPEN),
        ("Calling in sick", OPEN),
        ("krank. Kann jemand den Kunden anrufen?", OPEN),
        ("krank, hoffentlich bald wieder gesund", OPEN),
        ("krank bis auf weiteres", OPEN),
        ("sick until further notice", OPEN),
        ("heute krank", until(date(2026, 11, 27))),
        ("sick today", until(date(2026, 11, 27))),
        ("krank bis Montag", until(date(2026, 11, 30))),
        ("krank bis einschließlich Mo.", until(date(2026, 11, 30))),
        ("krank bis Di., 1.12.", until(date(2026, 12, 1))),
        ("krank, voraussichtlich bis Mittwoch", until(date(2026, 12, 2))),
        ("krank bis 3.12.2026, viele Grüße", until(date(2026, 12, 3))),
        ("krank bis 3.1.", until(date(2027, 1, 3))),
        ("krank bis zum 3. Dezember", until(date(2026, 12, 3))),
        ("sick until 2026-12-03", until(date(2026, 12, 3))),
        ("sick until December 3", until(date(2026, 12, 3))),
        ("sick till 3rd of December 2026", until(date(2026, 12, 3))),
        ("sick until tomorrow", until(date(2026, 11, 28))),
        ("krank bis 14 Uhr", until(at(27, 14))),
        ("krank bis 14:30", until(at(27, 14, 30))),
        ("krank bis 14.30 Uhr", until(at(27, 14, 30))),
        ("sick until 2 pm", until(at(27, 14))),
        ("sick until Monday, 9:30 am", until(at(30, 9, 30))),
        ("krank bis morgen um 12 Uhr", until(at(28, 12))),
        ("krank bis 1.12. 14:30", until(at(1, 14, 30, month=12))),
        ("krank für eine Stunde", until(at(27, 10, 42))),
        ("sick for 3 days", until(date(2026, 11, 29))),
        ("krank für eine Woche", until(date(2026, 12, 3))),
        ("sick for 2 weeks", until(date(2026, 12, 10))),
        ("krank, sorry for the trouble", OPEN),
        ("sick since yesterday, for 3 days", SickCall(date(2026, 11, 26), date(2026, 11, 28))),
        ("krank ab 14 Uhr für 2 Stunden", SickCall(at(27, 14), at(27, 16))),
        ("heute krank ab 14 Uhr", SickCall(at(27, 14), date(2026, 11, 27))),
        ("krank heute ab 14 Uhr", SickCall(at(27, 14), date(2026, 11, 27))),
        ("sick today from 2 pm", SickCall(at(27, 14), date(2026, 11, 27))),
        ("krank seit gestern", SickCall(date(2026, 11, 26), None)),
        ("krank seit Montag bis 1.12.", SickCall(date(2026, 11, 23), date(2026, 12, 1))),
        ("sick from tomorrow until Tuesday", SickCall(date(2026, 11, 28), date(2026, 12, 1))),
    ],
    ids=str,
)
def test_what_is_understood(line: str, call: SickCall) -> None:
    assert read_line(line, NOW) == call


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Urlaub",
        "Tom ist krank",
        "krank ist Tom",
        "Wer ist krank?",
        "krank?",
        "nicht mehr krank",
        "krank war ich, bin wieder gesund",
        "krank, bin ich jetzt aber nicht mehr",
        "sick, but I feel better",
        "no longer sick",
        "sick of it",
        "Krankenversicherung",
        "Krankheit: neue Regeln",
        "krank seit neulich",
        "morgen krank",
    ],
    ids=lambda line: line or "nothing",
)
def test_what_does_not_report_the_sender_sick(line: str) -> None:
    assert read_line(line, NOW) is None


@pytest.mark.parametrize(
    "end",
    [
        "Freitag",  # today, or in a week?
        "nächsten Freitag",
        "next Monday",
        "Mo, 1.12.",  # a Tuesday
        "03/12/2026",
        "31.2.",
        "29.2.",  # not within a year
        "Mittwoch oder Donnerstag",
        "Mittwoch früh",
        "25 Uhr",
        "13 pm",
        "Weihnachten",
        "1.1.2126",
    ],
)  # fmt: skip
def test_an_end_that_could_mean_two_things_or_nothing_is_not_guessed(end: str) -> None:
    assert read_line(f"krank bis {end}", NOW) == SickCall(None, None, end_understood=False)


@pytest.mark.parametrize(
    "line",
    [
        "krank heute und morgen",
        "sick today and tomorrow",
        "krank für unbestimmte Zeit",
        "krank, voraussichtlich für zehn Tage",
    ],
)
def test_an_end_said_in_other_words_is_not_guessed_either(line: str) -> None:
    assert read_line(line, NOW) == SickCall(None, None, end_understood=False)


def test_a_hello_alone_is_no_line() -> None:
    assert is_greeting("Hallo zusammen,")
    assert not is_greeting("Hallo, krank")


def test_the_examples_that_replies_give_are_understood() -> None:
    examples = (
        "sick",
        "sick until Friday",
        "sick until 2026-12-03",
        "sick until 2 pm",
        "sick since yesterday until 2026-12-03",
        "sick for 2 hours",
    )
    monday = NOW + timedelta(days=3)
    german = load_translations([Path("services/scheduler/locale")])["de"]
    for example in examples:
        call = read_line(example, monday)
        assert call is not None
        assert call.end_understood
        translated = german.ugettext(example)
        assert translated != example
        assert read_line(translated, monday) == call


days = st.dates(date(2026, 11, 28), date(2027, 11, 26))


@given(days, st.sampled_from(("de", "en")), st.sampled_from(("long", "medium", "full")))
def test_a_date_in_any_of_a_languages_own_forms_is_that_date(
    day: date, language: str, form: str
) -> None:
    written = format_date(day, form, locale=language)
    assert read_moment(written, NOW) == day


@given(days, st.booleans())
def test_a_date_without_its_year_is_the_next_one(day: date, dotted: bool) -> None:
    written = f"{day.day}.{day.month}." if dotted else format_date(day, "d MMMM", locale="en")
    found = read_moment(written, NOW)
    if (day.month, day.day) == (2, 29):
        return
    assert found == day


@given(st.text(max_size=300))
def test_whatever_is_written_it_answers_quickly_and_never_raises(line: str) -> None:
    for text in (line, f"krank {line}", f"sick until {line}", f"krank seit {line} bis {line}"):
        call = read_line(text, NOW)
        assert call is None or isinstance(call, SickCall)


_PIECES = st.sampled_from(
    ["krank", "sick", "bis", "until", "seit", "Freitag", "12.", "3.", "14", "Uhr", ":", "-", "2026",
     "am", "pm", "Dezember", "für", "Stunden", "nicht", "mehr", ",", " ", ".", "heute", "of"]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=25).map(" ".join), st.lists(_PIECES, max_size=25).map("".join))
def test_a_time_is_never_understood_that_cannot_be(spaced: str, glued: str) -> None:
    for text in (spaced, glued):
        call = read_line(f"krank {text}", NOW)
        for when in () if call is None else (call.starts, call.ends):
            assert when is None or date(2000, 1, 1) <= date(when.year, when.month, when.day)
