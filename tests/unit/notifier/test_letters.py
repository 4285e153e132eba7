"""Briefs and summaries as mails: words, zones, and nothing that escapes from where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

import services.notifier
from services.notifier.briefs.domain import (
    Brief,
    Handover,
    Notification,
    Share,
    Story,
    Summary,
)
from services.notifier.briefs.letters import LINK_LASTS, Letters, NoAddress, purpose
from services.notifier.directory.people import Member, Responsibility
from services.notifier.reminders.domain import Expiry, Reminder
from shared.auth import Scope, Tokens
from shared.errors import NotSignedIn
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind
from shared.events.scheduler import HandoverCause, ReminderStage
from shared.ui.ui import Ui

NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)
SECRET = "s" * 32

HANDOVER = Handover(
    id="h1",
    number="H-2026-0147",
    epoch=7,
    cause=HandoverCause.ABSENCE_STARTED,
    absent_member="jana",
    started_at=NOW,
    completed_at=NOW + timedelta(milliseconds=400),
)
SHARE = Share(
    "tom",
    {ItemKind.TASK: 1, ItemKind.CONVERSATION: 12},
    NOW + timedelta(hours=2),
    ("c1:copywriting", "p1:community"),
)
BRIEF = Notification(HANDOVER, "tom", Brief(Story.STANDING_IN, SHARE))
NOTHING_OPEN = Share("mira", {}, None, ("c2:design",))
SUMMARY = Notification(HANDOVER, "lena", Summary((SHARE, NOTHING_OPEN), 13, 2, ("c2:design",)))
NAMED = {
    id: Responsibility(id, id.partition(":")[2], client, place, platform)
    for id, client, place, platform in (
        ("c1:copywriting", "c1", "Rösterei Morgenrot", None),
        ("p1:community", "c1", "Morgenrot", "instagram"),
        ("c2:design", "c2", "Stadtwerke Auental", None),
    )
}


def member(member_id: str, name: str, *, email: str | None = None) -> Member:
    return Member(
        id=member_id,
        name=name,
        initials="XX",
        colour=1,
        email=email or f"{member_id}@agency.example",
        language="en",
        time_zone="Europe/Berlin",
        clients=None,
        active=True,
        present=True,
        epoch=1,
    )


JANA, TOM = member("jana", "Jana Hoffmann"), member("tom", "Tom Berger")
LENA = member("lena", "Lena Vogt")
PEOPLE = {each.id: each for each in (JANA, TOM, LENA, member("mira", "Mira Öztürk"))}


@pytest.fixture(scope="module")
def letters() -> Letters:
    folder = Path(services.notifier.__file__).parent
    ui = Ui("notifier", folder, root_path="/notifier", clock=lambda: NOW)
    tokens = Tokens(SECRET, clock=lambda: NOW)
    return Letters(
        ui,
        tokens,
        public_url="https://agency.example/",
        mail_from="Understudy <no-reply@x.example>",
    )


def compose(
    letters: Letters,
    notification: Notification,
    reader: Member,
    people: Mapping[str, Member] = PEOPLE,
    named: Mapping[str, Responsibility] = NAMED,
) -> EmailMessage:
    letter = letters.compose(
        notification,
        reader,
        people=people,
        responsibilities=named,
        message_id="<1@x.example>",
        now=NOW,
    )
    assert letter.mail.isascii()
    assert b"\r\n" in letter.mail
    return message_from_bytes(letter.mail, policy=default)


def text(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_a_brief_says_what_by_when_and_for_whom(letters: Letters) -> None:
    mail = compose(letters, BRIEF, TOM)
    assert mail["Subject"] == "You are standing in for Jana Hoffmann: 13 items (H-2026-0147)"
    assert mail["To"] == "Tom Berger <tom@agency.example>"
    assert mail["List-Id"] == "Understudy <handovers.x.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    said = text(mail)
    assert "Items: 1 task, 12 conversations" in said
    assert "First deadline: Tue 24 Nov, 12:42 CET" in said
    assert "  - Community, Morgenrot (Instagram)" in said
    assert "https://agency.example/scheduler/handovers/h1" in said
    assert "https://agency.example/inbox/" in said


def test_both_forms_say_the_same_figures(letters: Letters) -> None:
    html = text(compose(letters, BRIEF, TOM), "html")
    for words in ("13 items", "Tue 24 Nov, 12:42 CET", "Community, Morgenrot (Instagram)", ">12<"):
        assert words in html


def test_it_speaks_german_in_the_readers_zone_and_names_it(letters: Letters) -> None:
    reader = replace(TOM, language="de", time_zone="America/New_York")
    mail = compose(letters, BRIEF, reader)
    assert mail["Subject"] == "Sie vertreten Jana Hoffmann: 13 Vorgänge (H-2026-0147)"
    assert "Erster Termin: Di, 24. Nov, 06:42 EST" in text(mail)
    assert "Alle Zeiten America/New_York (EST)." in text(mail)


def test_a_language_we_do_not_speak_is_english(letters: Letters) -> None:
    assert "Hello Tom Berger" in text(compose(letters, BRIEF, replace(TOM, language="fr")))


def test_what_has_moved_on_is_not_counted(letters: Letters) -> None:
    rest = replace(SHARE, responsibilities=("c1:copywriting",), complete=False)
    mail = compose(letters, replace(BRIEF, content=Brief(Story.STANDING_IN, rest)), TOM)
    assert mail["Subject"] == "You are standing in for Jana Hoffmann (H-2026-0147)"
    assert "Part of it has gone to somebody else" in text(mail)
    assert "Items:" not in text(mail)


def test_whoever_is_back_is_told_so(letters: Letters) -> None:
    handover = replace(HANDOVER, cause=HandoverCause.ABSENCE_ENDED)
    back = Notification(handover, "jana", Brief(Story.BACK, replace(SHARE, member_id="jana")))
    assert compose(letters, back, JANA)["Subject"].startswith("You have these back: 13 items")


def test_a_summary_says_what_moved_where_what_nobody_has_and_how_long_it_took(
    letters: Letters,
) -> None:
    mail = compose(letters, SUMMARY, LENA)
    subject = "Jana Hoffmann is away: 13 items moved, 1 gap, 2 uncovered (H-2026-0147)"
    assert mail["Subject"].strip() == subject  # folded behind the colon, which is legal
    said = text(mail)
    assert "complete after 0.40 s" in said
    assert "! Design, Stadtwerke Auental" in said
    assert "Tom Berger: 1 task, 12 conversations" in said
    assert "Mira Öztürk: no open items" in said
    assert "/acknowledge/" not in said


def test_a_lead_of_some_clients_reads_nothing_of_others(letters: Letters) -> None:
    mail = compose(letters, SUMMARY, replace(LENA, clients=frozenset({"c1"})))
    assert (
        mail["Subject"].strip() == "Jana Hoffmann is away: 2 responsibilities moved (H-2026-0147)"
    )
    for form in ("plain", "html"):
        said = text(mail, form)
        assert "Rösterei Morgenrot" in said
        assert "1 task, 12 conversations" in said
        for others in ("Auental", "Mira", "13 items", "uncovered", "1 gap"):
            assert others not in said


def test_what_is_partly_of_other_clients_is_not_counted(letters: Letters) -> None:
    mixed = replace(SHARE, responsibilities=(*SHARE.responsibilities, "c2:design"))
    summary = replace(SUMMARY, content=Summary((mixed,), 13, 0, ()))
    mail = compose(letters, summary, replace(LENA, clients=frozenset({"c1"})))
    for form in ("plain", "html"):
        assert "2 responsibilities" in text(mail, form)
        assert "12 conversations" not in text(mail, form)


def test_the_link_acknowledges_this_brief_for_this_reader_and_opens_nothing_else(
    letters: Letters,
) -> None:
    _, _, rest = text(compose(letters, BRIEF, TOM)).partition("/acknowledge/h1:tom:brief?token=")
    token = rest.split()[0]
    tokens = Tokens(SECRET, clock=lambda: NOW)
    identity = tokens.verify(token, purpose("h1:tom:brief"))
    assert (identity.member_id, identity.scope) == ("tom", Scope(frozenset()))
    with pytest.raises(NotSignedIn):
        tokens.verify(token)
    late = Tokens(SECRET, clock=lambda: NOW + LINK_LASTS)
    with pytest.raises(NotSignedIn):
        late.verify(token, purpose("h1:tom:brief"))


NASTY = 'Eve\r\nBcc: all@world.example <script>alert("x")</script> & "Co" \u2028\x00'


def test_names_stay_where_they_belong(letters: Letters) -> None:
    people = {**PEOPLE, "jana": member("jana", NASTY)}
    mail = compose(letters, BRIEF, member("tom", NASTY), people)
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == 1
    assert mail["To"].addresses[0].addr_spec == "tom@agency.example"
    assert "\n" not in mail["Subject"]
    assert "<script>" not in text(mail, "html")
    assert '<script>alert("x")</script> & "Co"' in text(mail)


@pytest.mark.parametrize(
    "email",
    [
        "nobody",
        "@agency.example",
        "tom@",
        "a@b\r\nBcc: c@d",
        "a@b c@d",
        "a@b, c@d",
        "jörg@agency.example",
        " ",
    ],
)
def test_what_is_no_address_is_not_written_to(letters: Letters, email: str) -> None:
    with pytest.raises(NoAddress):
        compose(letters, BRIEF, member("tom", "Tom Berger", email=email))


EXPIRY = Expiry(
    "jana", Discipline.COPYWRITING, NOW + timedelta(days=30, seconds=-1), ReminderStage.FIRST
)
OTHER = "c2:copywriting"
ENDING = Reminder(("c1:copywriting",), (OTHER,), (OTHER,))
OTHERS = {**NAMED, OTHER: Responsibility(OTHER, "copywriting", "c2", "Stadtwerke Auental", None)}


def remind(letters: Letters, reader: Member, content: Reminder = ENDING) -> EmailMessage:
    return compose(letters, Notification(EXPIRY, reader.id, content), reader, named=OTHERS)


def test_the_member_is_reminded_of_what_depends_on_it(letters: Letters) -> None:
    mail = remind(letters, JANA)
    assert mail["Subject"] == (
        "Your qualification for Copywriting ends on 24 Dec 2026 (in 30 days)"
    )
    assert mail["List-Id"] == "Understudy <qualifications.x.example>"
    said = text(mail).replace("\r\n", "\n")
    assert "From then on you cannot act for:\n  - Copywriting, Rösterei Morgenrot\n" in said
    assert "  - Copywriting, Stadtwerke Auental, as deputy" in said
    assert "nobody else can then act for:\n  ! Copywriting, Stadtwerke Auental" in said
    assert "Have it renewed: https://agency.example/scheduler/skills" in said
    for form in ("plain", "html"):
        assert "/acknowledge/" not in text(mail, form)
        assert "Receipt" not in text(mail, form)


def test_both_forms_of_a_reminder_say_the_same(letters: Letters) -> None:
    html = text(remind(letters, JANA), "html")
    for words in ("24 Dec 2026 (in 30 days)", "Copywriting, Stadtwerke Auental, as deputy"):
        assert words in html
    assert html.count("Stadtwerke Auental") == 2


def test_a_reminder_speaks_german(letters: Letters) -> None:
    mail = remind(letters, replace(JANA, language="de"))
    assert mail["Subject"] == "Ihre Qualifikation für Texten endet am 24. Dez 2026 (in 30 Tagen)"
    said = text(mail)
    assert "Ab dann können Sie nicht mehr tätig sein für:" in said
    assert "Texten, Stadtwerke Auental, als Vertretung" in said
    assert "Alle Zeiten Europe/Berlin (CET)." in said


def test_a_lead_reads_whose_it_is_and_nothing_of_other_clients(letters: Letters) -> None:
    mail = remind(letters, replace(LENA, clients=frozenset({"c1"})))
    assert mail["Subject"].startswith("The qualification of Jana Hoffmann for Copywriting ends on")
    for form in ("plain", "html"):
        said = text(mail, form)
        assert "Rösterei Morgenrot" in said
        for others in ("Auental", "gap", "nobody else"):
            assert others not in said.replace('"gap"', "").replace(".gap{", "")


def test_what_nothing_depends_on_says_so(letters: Letters) -> None:
    said = text(remind(letters, JANA, Reminder((), (), ())))
    assert "At present you are neither owner nor deputy for it anywhere." in said
    assert "cannot act" not in said
