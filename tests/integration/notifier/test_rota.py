"""From a change of the rota to one mail for each whom it concerns, in their language and time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from shared.auth import Identity, Role, Scope
from shared.events.rota import (
    OpenShift,
    OpenShiftsChanged,
    RotaShift,
    ShiftsCause,
    ShiftsChanged,
    SwapChanged,
    SwapStep,
)
from tests.integration.notifier.conftest import LENA, MIRA, TOM, As, until
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.others import Others, agency, in_days, member
from tests.support.waiting import eventually

Db = Database[dict[str, Any]]
PAGE = {"Accept": "text/html"}
ONLY_C1 = Identity("otto", "Otto Krause", Role.LEAD, Scope(frozenset({"c1"})))


def shift(id: str, days: int, *, clients: tuple[str, ...] = ("c1",)) -> RotaShift:
    """Five hours from 16:00 UTC, which is 01:00 in Tokyo."""
    starts_at = in_days(days).replace(hour=16, minute=0, second=0)
    return RotaShift(
        shift_id=id,
        group="Morgenrot evenings",
        kind="Late",
        clients=clients,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=5),
    )


def swap(
    step: SwapStep,
    version: int,
    *,
    giver: str = "tom",
    taker: str = "mira",
    in_return: RotaShift | None = None,
    clients: tuple[str, ...] = ("c1",),
) -> SwapChanged:
    withdrawn = step is SwapStep.WITHDRAWN
    return SwapChanged(
        swap_id="w1",
        giver=giver,
        taker=taker,
        step=step,
        version=version,
        shift=None if withdrawn else shift("s1", 10, clients=clients),
        in_return=None if withdrawn else in_return,
    )


def words(mail: EmailMessage, kind: str = "plain") -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


@pytest.fixture
async def known(notifier: FastAPI, others: Others, database: Db) -> None:
    await others.say(*agency())
    await eventually(lambda: database.members.count_documents({}) == 4)


# Swaps


async def test_the_colleague_is_asked_and_whoever_offered_is_answered(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    await others.say(member("tom", "Tom Berger", time_zone="Asia/Tokyo"))
    await eventually(lambda: database.members.find_one({"time_zone": "Asia/Tokyo"}))
    await others.say(swap(SwapStep.OFFERED, 1, in_return=shift("s2", 12)))
    await until(database, "w1:1:mira:swap", "sent")
    [asked] = mail_server.to("mira@agency.example")
    assert str(asked["Subject"]).startswith("Tom Berger möchte einen Dienst mit Ihnen tauschen: ")
    assert str(asked["List-Id"]).startswith("Understudy <rota.")
    assert "Dafür gäben Sie ab:" in words(asked)
    assert "Late, Morgenrot evenings" in words(asked)
    assert "Ansehen und antworten: http://understudy.test/scheduler/rota" in words(asked)
    assert "http://understudy.test/scheduler/rota" in words(asked, "html")

    await others.say(swap(SwapStep.ACCEPTED, 2, in_return=shift("s2", 12)))
    await until(database, "w1:2:tom:swap", "sent")
    await others.repeat()
    [told] = mail_server.to("tom@agency.example")
    assert str(told["Subject"]).startswith("Mira Öztürk takes your shift: ")
    assert "01:00 to 06:00" in str(told["Subject"])  # where Tom is
    assert "Asia/Tokyo" in words(told)
    assert "You have in return:" in words(told)
    assert len(mail_server.taken) == 2

    assert "would like to swap a shift with you" in (await ask(MIRA).get("/", headers=PAGE)).text
    page = (await ask(TOM).get("/", headers=PAGE)).text
    assert "takes your shift" in page
    [shown] = (await ask(TOM).get("/api/v1/notifications?own=true")).json()["items"]
    assert (shown["kind"], shown["swap"]["step"], shown["swap"]["in_return"]["shift_id"]) == (
        "swap",
        "accepted",
        "s2",
    )
    # Who oversees the client's deliveries sees these; who does not, none.
    for overseer, seen in ((LENA, 2), (ONLY_C1, 2)):
        items = (await ask(overseer).get("/api/v1/notifications")).json()["items"]
        assert len(items) == seen
    assert "Swap of shifts, Mira" in (await ask(LENA).get("/", headers=PAGE)).text


@pytest.mark.parametrize("step", [SwapStep.WITHDRAWN, SwapStep.REFUSED])
async def test_an_offer_that_is_decided_before_the_mail_went_out_is_not_sent(
    step: SwapStep, notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    """The colleague is not heard of yet, so it waits."""
    await others.say(swap(SwapStep.OFFERED, 1))
    await eventually(lambda: database.notifications.count_documents({}) == 1)
    await others.say(swap(step, 2))
    await eventually(lambda: database.swaps.find_one({"_id": "w1", "version": 2}))
    await others.say(*agency())
    row = await until(database, "w1:1:mira:swap", "superseded")
    assert row["reason"] == "out_of_date"
    if step is SwapStep.REFUSED:
        await until(database, "w1:2:tom:swap", "sent")
        [refused] = mail_server.taken
        assert "So it stays yours." in words(refused)
    else:
        assert mail_server.taken == []


async def test_who_has_left_gets_nothing_and_no_clients_name_goes_astray(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    gone = member("mira", "Mira Öztürk").model_copy(update={"active": False})
    await others.say(gone, member("tom", "Tom Berger", clients=("c2",)))
    await eventually(lambda: database.members.find_one({"active": False}))
    await eventually(lambda: database.members.find_one({"clients": ["c2"]}))
    await others.say(swap(SwapStep.OFFERED, 1))
    await until(database, "w1:1:mira:swap", "superseded")
    await others.say(swap(SwapStep.REFUSED, 2))
    await until(database, "w1:2:tom:swap", "sent")
    [refused] = mail_server.taken
    assert "Mira Öztürk cannot take your shift" in str(refused["Subject"])
    assert "Morgenrot" not in words(refused) + words(refused, "html")


# Shifts that fall open


def open_shifts(
    opening_id: str | None, *new: OpenShift, still: Mapping[str, str] | None = None
) -> OpenShiftsChanged:
    """Of Jana, who cannot be there."""
    fresh = {one.shift.shift_id: opening_id or "" for one in new}
    return OpenShiftsChanged(
        member_id="jana", opening_id=opening_id, new=new, open={**(still or {}), **fresh}
    )


def fallen(told: RotaShift, *able: str) -> OpenShift:
    return OpenShift(shift=told, able=able, leads=("lena",))


async def test_one_mail_lists_all_shifts_that_fell_open(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    first, second, third = (shift(f"s{n}", n) for n in (10, 11, 12))
    event = open_shifts("o1", fallen(first, "tom", "mira"), fallen(second), fallen(third, "tom"))
    await others.say(event)
    for reader in ("lena", "tom", "mira"):
        await until(database, f"o1:{reader}:open_shifts", "sent")
    await others.repeat()
    [lead], [tom], [mira] = (
        mail_server.to(f"{reader}@agency.example") for reader in ("lena", "tom", "mira")
    )
    assert str(lead["Subject"]) == "3 shifts are open"
    assert "(2 people could take it)" in words(lead)
    assert "(nobody could take it as things are)" in words(lead, "html")
    assert str(tom["Subject"]) == "2 shifts are open"
    assert "Could you step in for one of them?" in words(tom)
    assert "could take it" not in words(tom)
    assert f"rota?from={first.starts_at.date()}" in words(tom)
    assert str(mira["Subject"]).startswith("Ein Dienst ist offen: ")
    assert "Zum Dienst: http://understudy.test/scheduler/rota/shifts/s10" in words(mira)
    for mail in (lead, tom, mira):
        assert "Jana" not in words(mail) + words(mail, "html")
    assert len(mail_server.taken) == 3
    # Taken meanwhile: the page says only what is open still.
    await others.say(open_shifts(None, still={"s12": "o1"}))
    await eventually(lambda: database.open_shifts.find_one({"open": {"s12": "o1"}}))
    page = (await ask(TOM).get("/", headers=PAGE)).text
    assert "A shift is open: " in page
    assert "shifts/s10" not in page
    assert "Nothing of it is open any more." in (await ask(MIRA).get("/", headers=PAGE)).text
    [shown] = (await ask(LENA).get("/api/v1/notifications?own=true")).json()["items"]
    assert [(one["shift_id"], one["yours"], one["able"]) for one in shown["open_shifts"]] == [
        ("s10", False, 2),
        ("s11", False, 0),
        ("s12", False, 1),
    ]
    assert "Open shifts, Mira" in (await ask(LENA).get("/", headers=PAGE)).text


async def test_what_is_taken_before_the_mail_went_out_is_left_out_of_it(
    notifier: FastAPI, others: Others, mail_server: MailServer, database: Db
) -> None:
    """Nobody is heard of yet, so it waits."""
    first, second = shift("s1", 10), shift("s2", 11)
    await others.say(open_shifts("o1", fallen(first, "tom"), fallen(second, "mira")))
    await eventually(lambda: database.notifications.count_documents({}) == 3)
    # The first is closed, and falls open again: that is another opening, told anew.
    await others.say(open_shifts("o2", fallen(first), still={"s2": "o1"}))
    await eventually(lambda: database.open_shifts.find_one({"open.s1": "o2"}))
    await others.say(*agency())
    row = await until(database, "o1:tom:open_shifts", "superseded")
    assert row["reason"] == "out_of_date"
    await until(database, "o1:mira:open_shifts", "sent")
    told = await until(database, "o1:lena:open_shifts", "sent")
    assert [one["shift"]["shift_id"] for one in told["content"]["open"]] == ["s2"]
    await until(database, "o2:lena:open_shifts", "sent")
    assert len(mail_server.taken) == 3


async def test_who_sees_the_clients_no_more_or_has_left_is_not_asked(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    gone = member("mira", "Mira Öztürk").model_copy(update={"active": False})
    await others.say(gone, member("tom", "Tom Berger", clients=("c2",)))
    await eventually(lambda: database.members.find_one({"active": False}))
    await eventually(lambda: database.members.find_one({"clients": ["c2"]}))
    await others.say(open_shifts("o1", fallen(shift("s1", 10), "tom", "mira")))
    await until(database, "o1:tom:open_shifts", "superseded")
    await until(database, "o1:mira:open_shifts", "superseded")
    await until(database, "o1:lena:open_shifts", "sent")
    assert len(mail_server.taken) == 1


# A rota is applied, a lead decides


def changed(
    member_id: str,
    *theirs: RotaShift,
    gone: tuple[RotaShift, ...] = (),
    new: tuple[str, ...] = (),
    cause: ShiftsCause = ShiftsCause.GIVEN,
    by: str = "lena",
) -> ShiftsChanged:
    rota = cause is ShiftsCause.ROTA_APPLIED
    return ShiftsChanged(
        member_id=member_id,
        change_id="r1" if rota else "s1:2",
        cause=cause,
        by=by,
        first_day=date(2026, 12, 7) if rota else None,
        last_day=date(2026, 12, 20) if rota else None,
        shifts=theirs,
        new=new,
        gone=gone,
    )


async def test_an_applied_rota_is_one_mail_with_ones_shifts(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    first, second, third = (shift(f"s{n}", n) for n in (10, 11, 12))
    await others.say(
        changed("mira", first, second, new=("s11",), gone=(third,), cause=ShiftsCause.ROTA_APPLIED),
        changed("tom", gone=(second,), cause=ShiftsCause.ROTA_APPLIED),
        # Who has applied it has shifts as well.
        changed("lena", third, new=("s12",), cause=ShiftsCause.ROTA_APPLIED),
    )
    for reader in ("mira", "tom", "lena"):
        await until(database, f"r1:{reader}:rota", "sent")
    await others.repeat()
    [mira], [tom] = (mail_server.to(f"{reader}@agency.example") for reader in ("mira", "tom"))
    assert str(mira["Subject"]) == "Ihre Dienste vom 7. Dez bis 20. Dez"
    text = words(mira)
    assert text.count("(neu)") == 1
    assert text.index("Late") < text.index("Nicht mehr Ihre:") < text.rindex("Late")
    assert "http://understudy.test/scheduler/rota?from=" in text
    assert "<strong>(neu)</strong>" in words(mira, "html")
    assert str(tom["Subject"]) == "You have no shifts from 7 Dec to 20 Dec"
    assert "Not yours any more:" in words(tom)
    assert len(mail_server.taken) == 3
    page = (await ask(TOM).get("/", headers=PAGE)).text
    assert "You have no shifts from 7 Dec to 20 Dec" in page
    [shown] = (await ask(MIRA).get("/api/v1/notifications?own=true")).json()["items"]
    duties = shown["duties"]
    assert (shown["kind"], duties["first_day"], duties["new"]) == ("rota", "2026-12-07", ["s11"])
    assert duties["cause"] == "rota_applied"
    assert [one["shift_id"] for one in duties["gone"]] == ["s12"]


async def test_a_lead_gives_a_shift_and_both_are_told_but_not_the_lead(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    one = shift("s1", 10)
    await others.say(
        changed("mira", one, new=("s1",)),
        changed("tom", gone=(one,)),
        changed("lena", gone=(one,)),
    )
    await until(database, "s1:2:mira:shift", "sent")
    await until(database, "s1:2:tom:shift", "sent")
    await others.repeat()
    [mira], [tom] = (mail_server.to(f"{reader}@agency.example") for reader in ("mira", "tom"))
    assert str(mira["Subject"]).startswith("Ein Dienst für Sie: ")
    assert "Lena Vogt hat ihn Ihnen gegeben." in words(mira)
    assert str(tom["Subject"]).startswith("This shift is not yours any more: ")
    assert "Lena Vogt has planned it differently." in words(tom, "html")
    assert len(mail_server.taken) == database.notifications.count_documents({}) == 2
    page = (await ask(MIRA).get("/", headers=PAGE)).text
    assert "Lena Vogt has given it to you." in page


async def test_shifts_that_go_with_their_page_group_are_one_mail(
    known: None, others: Others, mail_server: MailServer, database: Db, ask: As
) -> None:
    both = (shift("s1", 10), shift("s2", 11))
    await others.say(changed("mira", gone=both, cause=ShiftsCause.GROUP_ENDED))
    await until(database, "s1:2:mira:shift", "sent")
    [mail] = mail_server.taken
    assert str(mail["Subject"]) == "2 Dienste sind nicht mehr Ihre"
    for form in (words(mail), words(mail, "html")):
        assert form.count("Late") == 2
        assert "Lena Vogt hat die Seitengruppe beendet" in form
    page = (await ask(MIRA).get("/", headers=PAGE)).text
    assert "2 shifts are not yours any more" in page


async def test_shifts_that_are_over_are_not_told_and_others_names_are_left_out(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(member("tom", "Tom Berger", clients=("c2",)))
    await eventually(lambda: database.members.find_one({"clients": ["c2"]}))
    await others.say(changed("tom", gone=(shift("s1", 10),)))
    await others.say(changed("mira", shift("s1", -2), new=("s1",)))
    await until(database, "s1:2:tom:shift", "sent")
    row = await until(database, "s1:2:mira:shift", "superseded")
    assert row["reason"] == "out_of_date"
    [mail] = mail_server.taken
    assert "This shift is not yours any more" in str(mail["Subject"])
    assert "Morgenrot" not in words(mail) + words(mail, "html")


async def test_whoever_cannot_be_there_is_told_who_stepped_in(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    one = shift("s1", 10)
    await others.say(changed("mira", gone=(one,), cause=ShiftsCause.TAKEN, by="tom"))
    await until(database, "s1:2:mira:shift", "sent")
    [mail] = mail_server.taken
    assert str(mail["Subject"]).startswith("Dieser Dienst ist nicht mehr Ihrer: ")
    assert "Tom Berger hat ihn übernommen, da Sie nicht da sein können." in words(mail)


async def test_a_shift_at_another_time_is_told_with_both(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    before = shift("s1", 10)
    hour = timedelta(hours=1)
    later = before.model_copy(
        update={"starts_at": before.starts_at + hour, "ends_at": before.ends_at + hour}
    )
    rota = ShiftsCause.ROTA_APPLIED
    await others.say(changed("tom", later, new=("s1",), gone=(before,), cause=rota))
    await until(database, "r1:tom:rota", "sent")
    [mail] = mail_server.taken
    text = words(mail)
    assert text.index("(new)") < text.index("Not yours any more:")
    assert text.count("Late") == 2


async def test_a_lead_is_told_when_nobody_could_take_what_falls_open(
    known: None, others: Others, mail_server: MailServer, database: Db
) -> None:
    await others.say(open_shifts("o1", fallen(shift("s1", 10))))
    await until(database, "o1:lena:open_shifts", "sent")
    [mail] = mail_server.taken
    assert "Those who could take it have been told" not in words(mail)
    assert "Who could not take it, and why, is said in the rota." in words(mail)
