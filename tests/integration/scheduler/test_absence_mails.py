"""Reporting sick by mail, on a real IMAP server: once, proven or confirmed; nobody learns why."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import bson
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import generate_latest
from pydantic import SecretStr
from pymongo.errors import DuplicateKeyError

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.mailbox.imap import (
    MAILBOX_ERRORS,
    ImapMailbox,
    ImapServer,
    Security,
    Waiting,
)
from services.scheduler.absences.mailbox.running import Mailroom
from services.scheduler.absences.store import Window
from services.scheduler.app import create_scheduler
from services.scheduler.members.domain import Member
from services.scheduler.settings import SchedulerSettings
from shared.events.disciplines import Discipline
from shared.events.scheduler import AbsenceReported, HandoverStarted
from shared.outbox import Transaction
from shared.service import Service
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.scheduler.agency import Agency, As, TestClock
from tests.support.dovecot import PASSWORD, Dovecot, Postbox, certificate
from tests.support.waiting import eventually

COPY = Discipline.COPYWRITING
MAILBOX = "away@agency.example"
OURS = "mx.agency.example"
NOW = datetime(2026, 11, 24, 9, 42, tzinfo=UTC)  # a Tuesday


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot.running(certificate()) as server:
        yield server


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with MailServer().running() as server:
        yield server


@pytest.fixture
def postbox(dovecot: Dovecot, prefix: str) -> Postbox:
    return dovecot.postbox(prefix)


@pytest.fixture
def settings(
    settings: SchedulerSettings, postbox: Postbox, mail_server: MailServer
) -> SchedulerSettings:
    return settings.model_copy(
        update={
            "imap_host": postbox.server.host,
            "imap_port": postbox.server.port,
            "imap_security": Security.NONE,
            "imap_username": postbox.user,
            "imap_password": SecretStr(PASSWORD),
            "imap_address": MAILBOX,
            "imap_trusted_authserv": OURS,
            "smtp_host": "127.0.0.1",
            "smtp_port": mail_server.port,
        }
    )


@dataclass
class Room:
    """The mailroom of one replica, its postbox, and what it answers."""

    mailroom: Mailroom
    postbox: Postbox
    agency: Agency
    server: MailServer

    async def take(self, *mails: EmailMessage | bytes) -> None:
        """These arrive, and the mailbox is looked through."""
        for mail in mails:
            self.postbox.put(mail)
        await self.mailroom.reader.look()

    async def answers(self) -> list[EmailMessage]:
        while await self.mailroom.sending.work():
            pass
        return self.server.taken

    async def absences(self, member: Member) -> list[Absence]:
        return await self.agency.desk.absences.within([member.id], Window())


@pytest.fixture
async def room(
    app: FastAPI, postbox: Postbox, agency: Agency, mail_server: MailServer
) -> AsyncIterator[Room]:
    room = Room(app.state.mailroom, postbox, agency, mail_server)
    yield room
    await room.mailroom.reader._close()


@pytest.fixture
async def jana(agency: Agency) -> Member:
    return await agency.member("Jana", COPY)


def mail(
    subject: str,
    text: str = "",
    *,
    sender: str = "Jana <jana@agency.example>",
    proof: str | None = f"{OURS}; dmarc=pass header.from=agency.example",
    id: str | None = "<1@agency.example>",
    **headers: str,
) -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    if proof is not None:
        made["Authentication-Results"] = proof
    made["From"] = sender
    made["To"] = MAILBOX
    made["Subject"] = subject
    if id is not None:
        made["Message-ID"] = id
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def counted(outcome: str) -> float:
    found = re.search(
        rf'absence_mails_total{{outcome="{outcome}"}} (\S+)', generate_latest().decode()
    )
    return float(found[1]) if found else 0.0


async def test_a_mail_begins_an_absence_and_its_handover_and_says_how_to_undo_it(
    room: Room, agency: Agency, jana: Member
) -> None:
    await agency.client("roast")
    tom = await agency.member("Tom", COPY)
    copy = await agency.responsibility("roast", COPY, jana, tom)

    await room.take(mail("Krank bis Freitag", "canary: Grippe"))

    [absence] = await room.absences(jana)
    assert absence.ends_at == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert absence.reported_by == jana.id
    assert await agency.acting(copy) == tom.id
    assert (await agency.told(HandoverStarted))[-1].absent_member == jana.id
    reason = await agency.desk.absences.reasons.get(absence.id)
    assert reason == Reason(Kind.SICK), "what the mail says is not kept, encrypted or not"
    assert (room.postbox.count(), room.postbox.count("Done")) == (0, 1)

    [answer] = await room.answers()
    assert (answer["To"], answer["From"]) == ("jana@agency.example", MAILBOX)
    assert (answer["In-Reply-To"], answer["Auto-Submitted"]) == (
        "<1@agency.example>",
        "auto-replied",
    )
    text = answer.get_content()
    assert "bis Fr, 27. Nov" in text
    assert "Ihre Mail bleibt im Postfach" in " ".join(text.split())
    assert f"/scheduler/absences/{absence.id}" in text
    assert "canary" not in answer.as_string()


async def test_a_second_mail_changes_the_absence_and_comes_too_late_for_none(
    room: Room, agency: Agency, jana: Member, clock: TestClock
) -> None:
    await room.take(mail("krank"))
    clock.advance(hours=2)
    await room.take(mail("krank bis Donnerstag", id="<2@agency.example>"))
    [absence] = await room.absences(jana)
    assert absence.starts_at == NOW
    assert absence.ends_at == datetime(2026, 11, 26, 23, tzinfo=UTC)

    clock.advance(days=10)
    await room.take(mail("sick for 1 hour", id="<3@agency.example>"))
    _, short = await room.absences(jana)
    assert short.ends_at is not None
    assert timedelta(minutes=59) < short.ends_at - short.starts_at <= timedelta(hours=1)


async def test_who_would_be_ill_from_tomorrow_may_be_so_now(room: Room, jana: Member) -> None:
    await room.take(mail("krank ab morgen bis Freitag"))
    await room.take(mail("krank bis Donnerstag", id="<2@agency.example>"))
    [absence] = await room.absences(jana)
    assert absence.starts_at == NOW
    assert absence.ends_at == datetime(2026, 11, 26, 23, tzinfo=UTC)


@pytest.mark.parametrize("words", ["krank bis Freitag", "krank"])
async def test_another_illness_to_come_stays_as_it_is(
    room: Room, agency: Agency, jana: Member, words: str
) -> None:
    starts, ends = NOW + timedelta(days=16), NOW + timedelta(days=26)
    operation, _ = await agency.away(jana, starts, ends)
    await room.take(mail(words))
    present, planned = await room.absences(jana)
    assert present.starts_at == NOW
    assert (planned.id, planned.starts_at, planned.ends_at) == (operation.id, starts, ends)

    await room.take(mail("krank ab 10.12. bis 20.12.", id="<2@agency.example>"))
    assert len(await room.absences(jana)) == 2


async def test_since_when_may_lie_in_the_past(room: Room, jana: Member) -> None:
    await room.take(mail("krank seit gestern bis auf weiteres"))
    [absence] = await room.absences(jana)
    assert absence.starts_at == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert absence.ends_at is None


async def test_a_mail_is_taken_once_however_often_it_comes(
    room: Room, agency: Agency, jana: Member
) -> None:
    """A replica that dies before the mail is put away; the same mail twice; a mailbox that was
    restored, which numbers its mails anew."""
    same = mail("krank")

    class Dies(RuntimeError):
        pass

    reader = room.mailroom.reader
    room.postbox.put(same)
    await reader._close()
    reader._mailbox = await _opened(reader._open)
    put_away = reader._mailbox.put_away
    reader._mailbox.put_away = _raising(Dies)  # type: ignore[method-assign]
    with pytest.raises(Dies):
        await reader.look()
    assert len(await room.absences(jana)) == 1
    assert room.postbox.count() == 1

    reader._mailbox.put_away = put_away  # type: ignore[method-assign]
    await room.take(same)
    room.postbox.put_back()
    await room.take()

    assert len(await room.absences(jana)) == 1
    assert len(await agency.told(AbsenceReported)) == 1
    assert len(await room.answers()) == 1
    assert room.postbox.count() == 0


async def test_replicas_share_the_work_and_one_that_dies_is_replaced(
    room: Room, jana: Member, settings: SchedulerSettings, clock: TestClock
) -> None:
    """As they run: leases, the pauses between looks, replies as they are queued."""
    often = settings.model_copy(update={"imap_poll_seconds": 0.05})
    replicas = [Service("scheduler", often) for _ in range(2)]
    for replica in replicas:
        create_scheduler(replica, often)
        await replica.start()
    try:
        room.postbox.put(mail("krank bis 2100-01-01"))
        await eventually(lambda: _has(room, jana, absences=1, answers=1))
        leases = room.agency.service.mongo.collection("leases")
        reading = await leases.find_one({"_id": "absence-mails"})
        assert reading is not None
        [dies] = [one for one in replicas if one.leases.holder == reading["holder"]]
        await dies.stop()
        replicas.remove(dies)
        room.postbox.put(mail("krank bis 2100-02-01", id="<2@x>"))
        await eventually(lambda: _has(room, jana, absences=1, answers=2))
    finally:
        for replica in replicas:
            await replica.stop()


async def _has(room: Room, member: Member, *, absences: int, answers: int) -> bool:
    here = len(await room.absences(member)), len(room.server.taken)
    return here == (absences, answers) and room.postbox.count() == 0


async def test_two_replicas_that_read_the_same_mail_take_it_once(
    room: Room, agency: Agency, jana: Member
) -> None:
    """Before a lease has run out, a replica that was paused may go on where it was."""
    reader = room.mailroom.reader
    room.postbox.put(mail("krank"))
    mailbox = await _opened(reader._open)
    [waiting] = mailbox.waiting()
    await room.take()
    await reader._take_one(mailbox, waiting)
    mailbox.close()
    assert len(await room.absences(jana)) == 1


async def test_a_name_that_another_transaction_gives_meanwhile_is_found_when_run_again(
    agency: Agency,
) -> None:
    mails, names, kept = agency.desk.mails, ["mail\n<1@x>"], timedelta(days=1)
    outbox = agency.service.outbox
    found: list[bool] = []

    async def give(tx: Transaction) -> bool:
        return await mails.once(tx, names, NOW, kept)

    async def give_late(tx: Transaction) -> bool:
        found.append(await mails.known(names, NOW, tx.session))
        if len(found) == 1:
            assert await outbox.transaction(give), "after this one's snapshot"
        return await give(tx)

    assert not await outbox.transaction(give_late)
    assert found == [False, True]


async def test_a_name_that_the_database_has_already_runs_the_transaction_again(
    agency: Agency, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MongoDB may say it instead of a conflict of writes."""
    mails, attempts = agency.desk.mails, 0

    async def refuses_once(*args: Any, **options: Any) -> Any:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise DuplicateKeyError("taken", 11000)
        return await update_one(*args, **options)

    update_one = mails._taken.update_one
    monkeypatch.setattr(mails._taken, "update_one", refuses_once)

    async def give(tx: Transaction) -> bool:
        return await mails.once(tx, ["mail\n<1@x>"], NOW, timedelta(days=1))

    assert await agency.service.outbox.transaction(give)
    assert attempts == 2


async def test_who_is_not_proven_begins_nothing_until_the_member_confirms(
    room: Room, jana: Member
) -> None:
    await room.take(mail("krank", proof=f"{OURS}; dmarc=fail header.from=agency.example"))
    assert await room.absences(jana) == []
    [question] = await room.answers()
    assert question["To"] == "jana@agency.example"
    assert "/scheduler/confirm-absence?" in question.get_content()


async def test_the_link_begins_what_was_asked_for_once_and_nothing_else(
    room: Room, jana: Member, ask: As, clock: TestClock
) -> None:
    await room.take(mail("krank bis Freitag", proof=None))
    [question] = await room.answers()
    link = _link(question)
    anybody = ask(None)
    clock.advance(hours=1)

    page = await anybody.get(link)
    assert page.status_code == 200
    assert "Ja, ich bin abwesend" in page.text
    assert await room.absences(jana) == [], "a mail scanner opens links"
    for _ in range(2):
        done = await anybody.post(link)
        assert done.status_code == 303
    shown = await anybody.get(done.headers["location"].removeprefix("/scheduler"))
    assert "Ja, ich bin abwesend" not in shown.text

    [absence] = await room.absences(jana)
    assert absence.starts_at == NOW
    assert absence.ends_at == datetime(2026, 11, 27, 23, tzinfo=UTC)
    for forged in (link.replace("11-27", "12-27"), re.sub("mail=.", "mail=z", link), link[:-3]):
        assert (await anybody.post(forged)).status_code == 403
    assert len(await room.absences(jana)) == 1


async def test_mails_in_somebodys_name_bring_them_one_letter_of_each_kind_an_hour(
    room: Room, jana: Member, clock: TestClock
) -> None:
    """What nobody understands keeps nothing that is said better from being asked about."""
    words = ("huh", "krank bis Freitag", "what", "ill")
    await room.take(*(mail(each, proof=None, id=f"<{each}@x>") for each in words))
    assert len(await room.answers()) == 2
    clock.advance(hours=1)
    await room.take(mail("krank", proof=None, id="<later@x>"))
    assert len(await room.answers()) == 3


async def test_what_is_understood_but_cannot_be_keeps_nothing_from_being_asked_about(
    room: Room, jana: Member
) -> None:
    words = ("krank bis gestern", "krank bis Freitag", "nonsense")
    await room.take(
        *(mail(each, proof=None, id=f"<{number}@x>") for number, each in enumerate(words))
    )
    says = [answer.get_content() for answer in await room.answers()]
    assert len(says) == 2
    assert "Das Ende muss nach dem Beginn liegen" in says[0]
    assert "/scheduler/confirm-absence?" in says[1]


async def test_strangers_and_machines_get_no_answer(
    room: Room, agency: Agency, jana: Member
) -> None:
    stranger = "Eve <eve@attacker.example>"
    proof = f"{OURS}; dmarc=pass header.from=attacker.example"
    before = counted("stranger"), counted("ignored")
    await room.take(
        mail("krank", sender=stranger, proof=proof, id="<1@x>"),
        mail("krank", sender="jana@agency.example, eve@attacker.example", id="<2@x>"),
        mail("Abwesend: krank", Auto_Submitted="auto-replied", id="<3@x>"),
        mail("krank", List_Id="<team.agency.example>", id="<4@x>"),
        mail("krank", Precedence="bulk", id="<5@x>"),
        mail("krank", Return_Path="<>", id="<6@x>"),
        mail("krank", sender=MAILBOX, id="<7@x>"),
        b"\xff\xfe\x00 not a mail at all",
    )
    assert await room.answers() == []
    assert await room.absences(jana) == []
    assert (counted("stranger"), counted("ignored")) == (before[0] + 1, before[1] + 7)
    assert (room.postbox.count(), room.postbox.count("Done")) == (0, 8)


async def test_who_has_left_cannot_report_and_is_not_told_why(
    room: Room, agency: Agency, jana: Member
) -> None:
    members = agency.service.mongo.collection("members")
    await members.update_one({"_id": jana.id}, {"$set": {"active": False}})
    await room.take(mail("krank"))
    assert await room.absences(jana) == []
    assert await room.answers() == []


async def test_what_is_not_understood_begins_nothing_and_the_reply_says_what_would_be(
    room: Room, jana: Member
) -> None:
    says = {
        "Tom ist krank": "wurde nicht verstanden",
        "nicht mehr krank": "wurde nicht verstanden",
        "krank bis gestern": "Das Ende muss nach dem Beginn liegen",
    }
    for number, subject in enumerate(says):
        await room.take(mail(subject, id=f"<{number}@x>"))
        answer = (await room.answers())[-1]
        assert says[subject] in answer.get_content()
        assert "krank bis Freitag" in answer.get_content()
        assert subject not in answer.as_string()
    assert await room.absences(jana) == []
    assert len(await room.answers()) == len(says)


async def test_an_end_that_is_not_understood_is_until_further_notice_and_said_so(
    room: Room, jana: Member
) -> None:
    await room.take(mail("krank bis nächsten Freitag"))
    [absence] = await room.absences(jana)
    assert absence.ends_at is None
    [answer] = await room.answers()
    assert "bis auf Weiteres" in answer.get_content()
    assert "krank bis 2026-12-03" in answer.get_content()


async def test_odd_mails_are_read_as_far_as_they_can_be(room: Room, agency: Agency) -> None:
    """An HTML mail; a charset that does not exist; five megabytes; no Message-ID."""
    html = mail("Hallo", id="<html@x>", sender="html@agency.example")
    html.set_content(
        "<html><head><style>krank</style></head><body><p>Hallo zusammen,</p>"
        "<div>ich bin <b>krank</b> bis Freitag</div></body></html>",
        subtype="html",
    )
    odd = mail("x", "krank", sender="odd@agency.example", id="<odd@x>").as_bytes()
    odd = odd.replace(b"Subject: x", b"Subject: =?x-nobody-knows?Q?krank?=")
    odd = odd.replace(b'charset="utf-8"', b'charset="x-nobody-knows"')
    large = mail("sick until 2 pm", sender="large@agency.example", id=None)
    large.add_attachment(bytes(5_000_000), maintype="application", subtype="pdf", filename="a.pdf")
    members = {name: await agency.member(name) for name in ("Html", "Odd", "Large")}

    await room.take(html, odd, large)

    ends = {name: [one.ends_at for one in await room.absences(members[name])] for name in members}
    assert ends == {
        "Html": [datetime(2026, 11, 27, 23, tzinfo=UTC)],
        "Odd": [None],
        "Large": [datetime(2026, 11, 24, 13, tzinfo=UTC)],
    }


async def test_a_mail_our_own_code_fails_over_holds_up_no_other_and_tells_nothing(
    room: Room, jana: Member, agency: Agency, monkeypatch: pytest.MonkeyPatch, clock: TestClock,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tom = await agency.member("Tom")
    reader = room.mailroom.reader
    take = reader._take

    async def fails_over_jana(tx: Any, mail: Any, place: str, now: datetime) -> Any:
        if mail.sender == "jana@agency.example":
            raise ValueError(f"canary {mail.lines}")
        return await take(tx, mail, place, now)

    monkeypatch.setattr(reader, "_take", fails_over_jana)
    await room.take(mail("krank, canary"), mail("krank", sender="tom@agency.example", id="<2@x>"))
    assert len(await room.absences(tom)) == 1
    assert room.postbox.count() == 1
    monkeypatch.undo()
    clock.advance(minutes=5)
    await room.take()
    assert len(await room.absences(jana)) == 1
    assert "canary" not in "".join(capfd.readouterr())


async def test_a_mailbox_that_is_away_is_tried_again(
    room: Room, jana: Member, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = room.mailroom.reader
    opens = reader._open
    monkeypatch.setattr(reader, "_open", _raising(ConnectionRefusedError))
    room.postbox.put(mail("krank"))
    assert not await reader.work()
    monkeypatch.setattr(reader, "_open", opens)
    clock.advance(seconds=5)
    await reader.work()
    assert await room.absences(jana) == [], "not at once"
    clock.advance(seconds=20)
    await reader.work()
    assert len(await room.absences(jana)) == 1


async def test_a_reply_is_sent_until_the_server_takes_it_or_refuses_it_for_good(
    room: Room, jana: Member, clock: TestClock, mail_server: MailServer
) -> None:
    mail_server.tell(
        "jana@agency.example", Does.REFUSE_MAIL_FOR_NOW, Does.TAKE, Does.REFUSE_RECIPIENT_FOR_GOOD
    )
    await room.take(mail("krank"))
    assert await room.answers() == []
    clock.advance(minutes=1)
    assert len(await room.answers()) == 1
    await room.take(mail("krank bis Freitag", id="<2@x>"))
    assert len(await room.answers()) == 1
    clock.advance(days=3)
    assert len(await room.answers()) == 1


async def test_a_copy_of_the_database_tells_neither_that_somebody_is_ill_nor_why(
    room: Room, jana: Member, agency: Agency, capfd: pytest.CaptureFixture[str]
) -> None:
    await room.take(
        mail("krank, canary", "canary: Grippe"), mail("sick", "canary", proof=None, id="<canary@x>")
    )
    database = agency.service.mongo.collection("any").database
    stored = b""
    for name in await database.list_collection_names():
        async for row in database[name].find():
            stored += bson.encode(row)
    assert jana.id.encode() in stored
    written = stored.decode("latin-1") + "".join(capfd.readouterr()) + generate_latest().decode()
    for word in ("canary", "sick", "krank", "Grippe"):
        assert word not in written


def test_a_certificate_that_nobody_vouches_for_is_refused(postbox: Postbox) -> None:
    plain = ImapServer(
        postbox.server.host, postbox.server.port, Security.NONE, postbox.user, PASSWORD
    )
    for security, port in (
        (Security.TLS, postbox.server.tls_port),
        (Security.STARTTLS, postbox.server.port),
    ):
        with pytest.raises(MAILBOX_ERRORS, match="certificate verify failed"):
            ImapMailbox(replace(plain, security=security, port=port))
    with pytest.raises(MAILBOX_ERRORS):
        ImapMailbox(replace(plain, password="wrong"))
    ImapMailbox(plain).close()


def test_a_mail_that_somebody_took_away_is_no_error(postbox: Postbox) -> None:
    server = ImapServer(
        postbox.server.host, postbox.server.port, Security.NONE, postbox.user, PASSWORD
    )
    mailbox = ImapMailbox(server)
    assert mailbox.head(Waiting("99", "INBOX/1/99")) is None
    mailbox.close()


async def _opened(open_mailbox: Any) -> Any:
    return open_mailbox()


def _raising(error: type[Exception]) -> Any:
    def raises(*_: Any) -> None:
        raise error

    return raises


def _link(question: EmailMessage) -> str:
    found = re.search(r"/scheduler(/confirm-absence\S+)", question.get_content())
    assert found is not None
    return str(httpx.URL(found[1]))
