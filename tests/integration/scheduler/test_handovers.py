"""Handovers on real Kafka: everything moves, the receipt adds up, and the way home.

One set of processes' worth of services serves the whole module; each test has its own client.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest

from services.scheduler.absences.domain import Absence, Kind, Reason
from services.scheduler.absences.mailbox.mail import read_mail
from services.scheduler.absences.mailbox.replies import Replies
from services.scheduler.absences.mailbox.usecases import take_mail
from services.scheduler.absences.store import Window
from services.scheduler.absences.usecases import (
    Report,
    Revision,
    cancel_absence,
    change_absence,
    end_absence,
    report_absence,
)
from services.scheduler.handovers.domain import Handover
from services.scheduler.handovers.receipt import as_csv, read_receipt
from services.scheduler.handovers.view import FateOf
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import Responsibility
from shared.auth import SYSTEM_SCOPE, Identity, Scope, Tokens
from shared.errors import AppError, NotFound
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Participant, WorkHandedOver
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.events.scheduler import HandoverCompleted
from shared.ids import new_id
from shared.ui.ui import Ui
from tests.integration.scheduler.agency import LENA, Agency
from tests.integration.scheduler.stack import databases
from tests.integration.scheduler.team import Team
from tests.support.engines import AUTH_SECRET
from tests.support.records import all_records
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

COPY, COMMUNITY, PUBLISHING = Discipline.COPYWRITING, Discipline.COMMUNITY, Discipline.PUBLISHING


@dataclass(frozen=True)
class Cast:
    """Jana owns, Tom deputises where anybody does, Lena leads."""

    jana: Member
    tom: Member
    lena: Member
    copy: Responsibility
    community: Responsibility
    publishing: Responsibility


async def the_cast(team: Team) -> Cast:
    agency = team.agency
    await _tell_of_the_client(team)
    lena = await agency.member("Lena Vogt")
    jana = await agency.member("Jana Hoffmann", COPY, COMMUNITY, PUBLISHING)
    tom = await agency.member("Tom Berger", COPY, PUBLISHING)
    await agency.leads("roast", lena)
    copy = await agency.responsibility("roast", COPY, jana, tom)
    community = await agency.responsibility("roast/insta", COMMUNITY, jana)
    publishing = await agency.responsibility("roast/insta", PUBLISHING, jana, tom)
    await team.all_closed()
    await eventually(lambda: team.planner.knows(copy.id, jana.id))
    await eventually(lambda: team.inbox.knows(community.id, jana.id))
    return Cast(jana, tom, lena, copy, community, publishing)


async def _tell_of_the_client(team: Team) -> None:
    """As the planner would, on its own topic."""
    client = ClientChanged(client_id="roast", name="Roesterei", time_zone="Europe/Berlin")
    page = PageChanged(
        page_id="insta", client_id="roast", name="Insta", platform=Platform.INSTAGRAM
    )
    for event in (client, page):
        await team.tell(team.planner.service, event)
    directory = team.agency.desk.directory
    await eventually(lambda: directory.client(SYSTEM_SCOPE, "roast"), what="the client is known")
    await eventually(lambda: directory.page(SYSTEM_SCOPE, "insta"), what="the page is known")


async def test_one_sick_call_moves_everything_and_the_return_brings_back_what_is_untouched(
    team: Team,
) -> None:
    cast = await the_cast(team)
    await team.planner.add(cast.copy.id, *(f"task {n}" for n in range(700)))
    await team.inbox.add(cast.community.id, "talk Uwe", "talk Katrin")
    await team.inbox.claim(cast.jana.id, "other:community", "talk claimed elsewhere")
    await team.approve("roast", "advent", "insta")

    absence, handover_id = await team.agency.away(cast.jana)
    handover = await team.closed(handover_id)
    await _everything_has_moved(team, cast, handover)
    await team.acknowledge(handover.id, cast.tom.id)
    await _the_receipt_names_every_item(team, handover)
    await _untouched_comes_back(team, cast, absence, handover)


async def _everything_has_moved(team: Team, cast: Cast, handover: Handover) -> None:
    holders = await team.holders("task ", "talk ", "advent")
    assert {holders[f"task {n}"] for n in range(700)} == {cast.tom.id}
    assert holders["advent:v"] == cast.tom.id
    uncovered = {name for name, holder in holders.items() if holder is None}
    assert uncovered == {"talk Uwe", "talk Katrin", "talk claimed elsewhere"}
    assert handover.totals == {
        Participant.PLANNER: 700,
        Participant.INBOX: 3,
        Participant.SCHEDULER: 1,
    }
    assert handover.uncovered == 3
    assert handover.gaps == (cast.community.id, "other:community")
    assert handover.leads == (cast.lena.id,)
    (recipient,) = handover.recipients
    assert recipient.member_id == cast.tom.id
    assert recipient.items == {ItemKind.TASK: 700, ItemKind.PUBLICATION: 1}
    told = await team.agency.told(HandoverCompleted)
    assert [one.handover_id for one in told].count(handover.id) == 1


async def _the_receipt_names_every_item(team: Team, handover: Handover) -> None:
    desk = team.agency.desk
    first = await read_receipt(desk, LENA, "Haselbach", handover.id, limit=600)
    cursor = first.next_cursor
    rest = await read_receipt(desk, LENA, "Haselbach", handover.id, cursor=cursor, limit=600)
    items = [*first.items, *rest.items]
    assert [item.number for item in items] == list(range(1, 705))
    assert rest.next_cursor is None
    assert {item.fate for item in items} == {None}
    shown = first.handover
    assert shown.moved == 704
    assert shown.span is not None
    assert max(item.after for item in items) == shown.span
    assert [one.service for one in shown.services] == ["planner", "scheduler", "inbox"]
    assert shown.recipients[0].acknowledged_at is not None
    assert len(shown.just_moved) == 4
    with pytest.raises(NotFound):
        await read_receipt(desk, _seeing("works"), "", handover.id)
    others = await read_receipt(desk, _seeing("other"), "", handover.id)
    assert [item.item_id for item in others.items] == ["talk claimed elsewhere"]
    assert (others.handover.uncovered, others.handover.recipients) == (1, ())


def _seeing(client_id: str) -> Identity:
    """A lead who sees one client only."""
    return replace(LENA, scope=Scope(frozenset({client_id})))


async def _untouched_comes_back(
    team: Team, cast: Cast, absence: Absence, handover: Handover
) -> None:
    agency = team.agency
    await team.planner.touch("task 0")
    back = await team.closed(await _back(team, absence))
    holders = await team.holders("task ", "talk ", "advent")
    assert {name for name, one in holders.items() if one != cast.jana.id} == {"task 0"}
    assert sum(back.totals.values()) == 703

    receipt = await read_receipt(agency.desk, LENA, "Haselbach", handover.id)
    fates = {item.item_id: item.fate.status for item in receipt.items if item.fate}
    assert fates.pop("task 0") is FateOf.STAYS
    assert set(fates.values()) == {FateOf.BACK}
    assert receipt.on_return is not None
    assert receipt.on_return.handover == back.number
    assert receipt.on_return.fates == {FateOf.BACK: 703, FateOf.STAYS: 1}
    assert len(as_csv(receipt).splitlines()) == 705


async def test_chains_changes_and_cancellations_in_the_middle(team: Team) -> None:
    """Member and deputy fall ill at the same instant on two replicas; the one absence is moved,
    the other cancelled, while the handovers run. In the end everything is where it belongs."""
    agency = team.agency
    await agency.client("chain")
    jana, tom, mira = [await agency.member(name, COPY) for name in ("Jo", "Ti", "Mo")]
    copy = await agency.responsibility("chain", COPY, jana, tom, mira)
    await eventually(lambda: team.planner.knows(copy.id, jana.id))
    await team.planner.add(copy.id, *(f"link {n}" for n in range(1_200)))

    (first, one), (second, two) = await asyncio.gather(agency.away(jana), team.other.away(tom))
    next_century = Revision(agency.now.replace(year=2100), None, None)
    _, three = await agency.do(
        lambda tx: change_absence(
            tx, agency.desk, LENA, second.id, next_century, second.version, agency.now
        )
    )
    _, four = await team.other.do(
        lambda tx: cancel_absence(tx, team.other.desk, LENA, first.id, agency.now)
    )
    assert None not in (one, two, three, four)
    await team.all_closed()

    assert set((await team.holders("link ")).values()) == {jana.id}
    assert await agency.acting(copy) == jana.id


async def test_an_answer_that_comes_too_early_is_kept_and_harms_nobody(team: Team) -> None:
    early = WorkHandedOver(
        handover_id=new_id(),
        epoch=1,
        participant=Participant.INBOX,
        part=1,
        moved_at=team.agency.now,
        total=0,
    )
    await team.tell(team.inbox.service, early)
    parts = team.agency.service.mongo.collection("receipt_parts")
    await eventually(lambda: parts.find_one({"handover_id": early.handover_id}))
    jana = await team.agency.member("Jara")
    _, handover_id = await team.agency.away(jana)
    assert sum((await team.closed(handover_id)).totals.values()) == 0


async def test_an_account_that_does_not_add_up_stays_open_and_says_so(team: Team) -> None:
    """A made-up move without the ones before it: the hole is named, until it is filled."""
    await team.agency.client("hole")
    jana = await team.agency.member("Jule")
    _, handover_id = await team.agency.away(jana)
    assert handover_id is not None
    handover = await team.closed(handover_id)
    handovers = team.agency.service.mongo.collection("handovers")
    parts = team.agency.service.mongo.collection("receipt_parts")
    move = {
        "item_id": "hole", "kind": "task", "label": "hole", "responsibility_id": "hole:design",
        "client_id": "hole", "move_no": 2, "from_holder": None, "to_holder": None, "home": None,
        "due_at": None,
    }  # fmt: skip
    total = await parts.find_one({"handover_id": handover_id, "participant": "inbox"})
    assert total is not None
    await parts.update_one({"_id": total["_id"]}, {"$set": {"part": 2, "total": 1}})
    part = {**total, "_id": f"{handover_id}/inbox/000000", "part": 1, "total": None}
    await parts.insert_one({**part, "moves": [move]})
    reopened = {"state": "open", "totals.inbox": 1, "completed_at": None}
    await handovers.update_one({"_id": handover_id}, {"$set": reopened})

    async def fault() -> str | None:
        found = await team.agency.desk.handovers.get(handover_id)
        return found.fault if found else None

    assert "1 earlier moves are not told" in str(await eventually(fault))
    before = {"_id": f"{new_id()}/inbox/000001", "handover_id": "earlier"}
    await parts.insert_one({**part, **before, "moves": [{**move, "move_no": 1}]})
    closed = await team.closed(handover.id)
    assert (closed.fault, closed.uncovered) == (None, 1)
    # What was made up would have been told by nobody: leave nothing of it for other tests.
    await parts.delete_many({"moves.item_id": "hole"})


async def test_why_somebody_is_away_reaches_nothing_and_nobody(
    team: Team, capfd: pytest.CaptureFixture[str]
) -> None:
    """Searched for in every topic, every database and the log. The kind's value is as telling as
    the note: `training` occurs nowhere else."""
    agency, note = team.agency, "canary-4711"
    jana = await agency.member("Julia")
    call = Report(None, None, None, Reason(Kind.TRAINING, note))
    absence, handover_id = await agency.do(
        lambda tx: report_absence(tx, agency.desk, LENA, jana.id, call, agency.now)
    )
    again = Revision(agency.now, None, None, Kind.TRAINING, f"{note} again")
    await agency.do(
        lambda tx: change_absence(
            tx, agency.desk, LENA, absence.id, again, absence.version, agency.now
        )
    )
    with pytest.raises(AppError) as refused:
        await agency.do(
            lambda tx: change_absence(tx, agency.desk, LENA, absence.id, again, 99, agency.now)
        )
    await team.closed(handover_id)
    await _writes_a_mail(agency, await agency.member("Mailer"), note)
    await eventually(team.quiet)

    stored = await databases(team.services)
    assert absence.id in {row["_id"] for row in stored["scheduler.absences"]}
    kept = await agency.desk.absences.reasons.get(absence.id)
    assert kept == Reason(Kind.TRAINING, f"{note} again")
    records = await all_records(team.kafka_servers, team.prefix)
    everything = (
        repr(stored), repr(records), repr(refused.value.__dict__),
        capfd.readouterr().out, _metrics(),
    )  # fmt: skip
    for text in everything:
        assert "canary" not in text
        assert "training" not in text
    assert absence.id in repr(records)


async def _writes_a_mail(agency: Agency, member: Member, note: str) -> None:
    """To the mailbox for sick calls, with the note in its subject and its text."""
    written = f"From: {member.email}\r\nSubject: krank, {note}\r\n\r\n{note}".encode()
    mail = replace(read_mail(written, trusted=None, own_address="away@agency.example"), proven=True)
    ui = Ui("scheduler", Path("services/scheduler"), root_path="/scheduler")
    replies = Replies(ui, Tokens(AUTH_SECRET), "http://understudy.test")
    await agency.do(lambda tx: take_mail(tx, agency.desk, replies, mail, note, agency.now))
    assert len(await agency.desk.absences.within([member.id], Window())) == 1


def _metrics() -> str:
    return generate_latest().decode()


async def _back(team: Team, absence: Absence) -> str | None:
    """The handover of the return."""
    agency = team.agency
    _, handover_id = await agency.do(
        lambda tx: end_absence(tx, agency.desk, LENA, absence.id, None, agency.now)
    )
    return handover_id


async def a_chain(team: Team, name: str) -> None:
    """A sick call, the deputy's, and both returns; 40 items have moved four times."""
    agency = team.agency
    client = f"client-{name}"
    await agency.client(client)
    members = [await agency.member(f"{role} {name}", COPY) for role in ("Owner", "One", "Two")]
    duty = await agency.responsibility(client, COPY, *members)
    await team.all_closed()
    await eventually(lambda: team.planner.knows(duty.id, members[0].id))
    await team.planner.add(duty.id, *(f"{name} {number}" for number in range(40)))
    absences = []
    for member in members[:2]:
        absence, handover_id = await agency.away(member)
        await team.closed(handover_id)
        absences.append(absence)
    for absence in absences:
        await team.closed(await _back(team, absence))


async def test_every_items_moves_chain_without_a_hole(team: Team) -> None:
    """Over all handovers of this module, each move begins where the last one ended."""
    await a_chain(team, "chained")
    by_item: dict[str, list[dict[str, Any]]] = {}
    for row in await team.agency.desk.handovers.moves_of(await team.holders("")):
        by_item.setdefault(str(row["item_id"]), []).append(row)
    assert len(by_item) >= 40
    assert max(map(len, by_item.values())) > 2
    for moves in by_item.values():
        assert [move["move_no"] for move in moves] == list(range(1, len(moves) + 1))
        for before, after in pairwise(moves):
            assert after["from_holder"] == before["to_holder"]


async def test_everything_delivered_twice_changes_nothing(team: Team) -> None:
    """All topics, as far as this module has filled them, to all three services."""
    await a_chain(team, "again")
    await eventually(team.quiet)
    before = await databases(team.services)
    records = await all_records(team.kafka_servers, team.prefix)
    assert sum(map(len, records.values())) > 20
    for service in team.services:
        for name, consumer in service.consumers.items():
            await consumer.handle(records[name])
    after = await databases(team.services)
    for name, documents in before.items():
        assert after[name] == documents, name
