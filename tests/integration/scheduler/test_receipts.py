"""Receipts as they are read long after: with nothing on them, and when people and pages are gone.

The participants' answers are told by hand, so nothing has to run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

import httpx

from services.scheduler.absences.usecases import end_absence
from services.scheduler.handovers.domain import PARTICIPANTS
from services.scheduler.handovers.usecases import take_answer
from services.scheduler.members.usecases import edit_member
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Move, Participant, WorkHandedOver
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.outbox import Transaction
from tests.integration.scheduler.agency import LENA, Agency, As, TestClock, made

COPY = Discipline.COPYWRITING


async def answered(agency: Agency, handover_id: str | None, tasks: Iterable[Move] = ()) -> str:
    """All participants have: the planner has moved the tasks, the others had nothing."""
    assert handover_id is not None
    handover = await agency.desk.handovers.get(handover_id)
    assert handover is not None
    moves = tuple(tasks)
    for participant in PARTICIPANTS:
        told = moves if participant is Participant.PLANNER else ()
        answer = WorkHandedOver(
            handover_id=handover_id,
            epoch=handover.epoch,
            participant=participant,
            part=1,
            moves=told,
            moved_at=agency.now,
        )
        parts = [answer] if told else []
        last = {"part": len(parts) + 1, "moves": (), "total": len(told)}
        for part in (*parts, answer.model_copy(update=last)):
            await agency.do(
                lambda tx, part=part: take_answer(tx, agency.desk.closing, part, agency.now)  # type: ignore[misc]
            )
    return handover_id


def task(name: str, responsibility_id: str, move_no: int, *holders: str | None) -> Move:
    before, after = holders
    return Move(
        item_id=name,
        kind=ItemKind.TASK,
        label=name.title(),
        responsibility_id=responsibility_id,
        client_id="roast",
        move_no=move_no,
        from_holder=before,
        to_holder=after,
        home=before if move_no == 1 else None,
    )


async def test_nothing_to_hand_over_is_a_receipt_too(
    agency: Agency, lena: httpx.AsyncClient, ask: As, clock: TestClock
) -> None:
    jana = await agency.member("Jana Hof")
    absence, handover_id = await agency.away(jana)
    await answered(agency, handover_id)
    sheet = await lena.get(f"/handovers/{handover_id}")
    assert sheet.status_code == 200
    assert "There was nothing to hand over" in sheet.text
    assert "Jana had nothing open." in sheet.text
    receipt = await made(await ask(LENA).get(f"/api/v1/handovers/{handover_id}/receipt"))
    assert (receipt["items"], receipt["handover"]["moved"]) == ([], 0)
    assert [one["total"] for one in receipt["handover"]["services"]] == [0, 0, 0]
    assert receipt["handover"]["number"] in (await lena.get("/handovers")).text

    clock.advance(hours=1)
    _, back_id = await agency.do(
        lambda tx: end_absence(tx, agency.desk, LENA, absence.id, None, agency.now)
    )
    await answered(agency, back_id)
    back = (await lena.get(f"/handovers/{back_id}")).text
    assert "There was nothing to hand over" in back
    assert "Nothing of Jana's was with others any more." in back
    assert "Closed, handed back" in (await lena.get(f"/handovers/{handover_id}")).text


async def test_a_receipt_reads_the_same_when_people_and_pages_are_gone(
    agency: Agency, lena: httpx.AsyncClient, ask: As, clock: TestClock
) -> None:
    """Two tasks have moved to Tom. One came back, one he had begun. A year later Tom has left, and
    page and client are archived."""
    await agency.client("roast", "insta")
    jana, tom = await agency.member("Jana Hof", COPY), await agency.member("Tom Berg", COPY)
    duty = await agency.responsibility("roast/insta", COPY, jana, tom)
    absence, handover_id = await agency.away(jana)
    moved = [task(name, duty.id, 1, jana.id, tom.id) for name in ("tasting", "advent")]
    await answered(agency, handover_id, moved)
    clock.advance(days=2)
    _, back_id = await agency.do(
        lambda tx: end_absence(tx, agency.desk, LENA, absence.id, None, agency.now)
    )
    await answered(agency, back_id, [task("tasting", duty.id, 2, tom.id, jana.id)])
    path = f"/api/v1/handovers/{handover_id}"
    before = await made(await ask(LENA).get(f"{path}/receipt"))
    assert before["on_return"]["fates"] == {"back": 1, "stays": 1}

    clock.advance(days=365)
    await agency.assign("roast/insta", COPY, jana)
    version = (await agency.desk.members.load([tom.id]))[tom.id].version
    await agency.do(
        lambda tx: edit_member(tx, agency.desk, LENA, tom.id, version, agency.now, active=False)
    )
    await agency.do(lambda tx: _archived(tx, agency))

    after = await made(await ask(LENA).get(f"{path}/receipt"))
    for item in (*before["items"], *after["items"]):
        for one in (item["from_member"], item["to"], item["fate"]["holder"]):
            one.pop("present")  # that is as of now, and Tom is here no more
    assert after["items"] == before["items"]
    assert (after["on_return"], after["handed_back"]) == (before["on_return"], True)
    assert after["items"][0]["place"]["page"] == "Insta"
    sheet = (await lena.get(f"/handovers/{handover_id}")).text
    for words in (
        "From Jana Hof to Tom Berg",
        "back to Jana",
        "stays with Tom",
        "What stayed with the deputies",
        "untouched, back to Jana",
        f"Handed back by {after['on_return']['handover']}.",
    ):
        assert words in sheet, words
    rows = list(csv.DictReader(io.StringIO((await lena.get(f"{path}/receipt.csv")).text)))
    assert [(one["item"], one["to"], one["fate"]) for one in rows] == [
        ("Tasting", "Tom Berg", "back"),
        ("Advent", "Tom Berg", "stays"),
    ]
    # And it is found again by who was away.
    found = (await lena.get("/handovers", params={"member": jana.id})).text
    assert after["handover"]["number"] in found
    assert (
        "There was no such handover"
        in (await lena.get("/handovers", params={"member": tom.id})).text
    )


async def _archived(tx: Transaction, agency: Agency) -> None:
    directory = agency.desk.directory
    client = ClientChanged(client_id="roast", name="Roast", time_zone="UTC", archived=True)
    await directory.put_client(tx, client)
    page = PageChanged(
        page_id="insta",
        client_id="roast",
        name="Insta",
        platform=Platform.MASTODON,
        archived=True,
    )
    await directory.put_page(tx, page)
