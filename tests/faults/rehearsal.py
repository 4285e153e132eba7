"""One rehearsal: cycle after cycle under load, the books checked at rest in between."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence

from deploy.local.settings import SERVICES
from services.scheduler.absences.keyring import Encrypted, KeyRing
from tests.faults import checks
from tests.faults.checks import Finding, Wrong
from tests.faults.client import Unanswered
from tests.faults.ledger import Ledger, Outcome
from tests.faults.load import Load
from tests.faults.mails import Mail, mails_in
from tests.faults.recovery import NotRecovered, everything_works
from tests.faults.redelivery import redelivered
from tests.faults.report import Line, Report
from tests.faults.stage import PREFIX, Stage
from tests.faults.topics import read_log
from tests.faults.victims import Cycle
from tests.support.books import Books, Row
from tests.support.engines import ABSENCE_KEYS
from tests.support.waiting import eventually

__all__ = ["rehearse"]

_REST_SECONDS = 240
_PARTICIPANTS = ("planner", "scheduler", "inbox")


async def rehearse(
    stage: Stage, cycles: Sequence[Cycle], report: Report, *, check_every: int
) -> None:
    """Fills in the report. Ends early when something is wrong, so that what is wrong belongs to the
    cycles since the books were last checked."""
    load = Load(stage.services.url, stage.team, report.ledger, report.seed)
    report.begin()
    for start in range(0, len(cycles), check_every):
        stretch = cycles[start : start + check_every]
        await _stretch(stage, load, stretch, report)
        report.found(await _at_rest(stage, report))
        if not report.sound:
            return
        report.say(f"       books checked after cycle {stretch[-1].number}: nothing is missing")
    try:
        report.found(await redelivered(stage))
    except AssertionError as late:
        report.found([Finding(Wrong.UNBALANCED, f"redelivery: {late}")])


async def _stretch(stage: Stage, load: Load, cycles: Sequence[Cycle], report: Report) -> None:
    async with load.running():
        for cycle in cycles:
            try:
                await load.further(cycle.after)
                seconds = await _cycle(stage, load, cycle)
            except (NotRecovered, Unanswered, AssertionError) as failure:
                report.found([Finding(Wrong.LOST, f"after cycle {cycle.number}: {failure}")])
                return
            finally:
                report.ended_alone = stage.ended_alone
            report.add(Line(cycle.number, str(cycle), seconds, report.ledger.operations))


async def _cycle(stage: Stage, load: Load, cycle: Cycle) -> dict[str, float]:
    """Recovery in seconds, by kind of operation: since the blow if twins take over, else since it
    was over."""
    began = time.monotonic()
    striking = asyncio.gather(*(stage.strike(blow) for blow in cycle.blows))
    if not cycle.twins_take_over:
        pause = max(blow.seconds for blow in cycle.blows)
        began += pause
        await asyncio.sleep(pause)
    working = asyncio.create_task(_seconds_since(began, load))
    try:
        await striking
        return await working
    finally:
        working.cancel()


async def _seconds_since(began: float, load: Load) -> dict[str, float]:
    return {kind: round(at - began, 2) for kind, at in (await everything_works(load)).items()}


# The books


async def _at_rest(stage: Stage, report: Report) -> list[Finding]:
    """Everything that is wrong once nothing is under way any more."""
    books = stage.books

    def settled() -> bool:
        return books.at_rest() and not any(_unfinished(books, report.ledger))

    late: list[Finding] = []
    try:
        await eventually(settled, timeout=_REST_SECONDS, what="everything is at rest")
    except AssertionError as error:
        late.append(Finding(Wrong.UNBALANCED, str(error)))
    log = await read_log(stage.kafka_servers, PREFIX)
    report.resent = len(log.told) - len({(one.topic, one.id) for one in log.told})
    states = [row["state"] for row in books.rows("notifier", "notifications")]
    report.unknown_deliveries = states.count("unknown")
    mails = mails_in(stage.maildir)
    return [
        *late,
        *_against_ledger(books, report.ledger),
        *checks.sequences(log.told, _aggregates(books)),
        *_learned(books),
        *_told_of(books, mails),
        *(Finding(Wrong.UNBALANCED, fault) for fault in books.faults(report.ledger.edited)),
    ]


def _unfinished(books: Books, ledger: Ledger) -> Iterator[object]:
    """What is still to be applied or sent; the cheapest to find out first."""
    yield from books.rows("notifier", "notifications", {"state": {"$in": ["planned", "sending"]}})
    accepted = sum(outcome is Outcome.ACCEPTED for outcome in ledger.messages.values())
    if len(books.rows("inbox", "messages")) < accepted:
        yield accepted
    yield from _learned(books)


def _against_ledger(books: Books, ledger: Ledger) -> Iterator[Finding]:
    tasks = books.rows("planner", "tasks", {"kind": "work"})
    content = books.rows("planner", "content")
    conversations = books.rows("inbox", "conversations")
    messages = books.rows("inbox", "messages")
    yield from checks.created(
        "message", ledger.messages, (row["platform_message_id"] for row in messages)
    )
    yield from checks.created("task", ledger.tasks, (row["title"] for row in tasks))
    yield from checks.created("post", ledger.content, (row["title"] for row in content))
    notes = (row["text"] for row in books.rows("inbox", "notes"))
    yield from checks.created("note", ledger.notes, notes)
    calls = (_note(row) for row in books.rows("scheduler", "absences"))
    yield from checks.created("sick call", ledger.absences, calls)
    yield from checks.handovers(ledger.handovers, books.rows("scheduler", "handovers"))
    rows = {"tasks": tasks, "content": content, "conversations": conversations}
    checks.settle_edits(ledger, rows)
    yield from checks.versions(ledger.edits, rows)
    due = {row["_id"]: row["due_at"].isoformat() for row in tasks}
    yield from checks.stored(ledger.edits, "tasks", due)
    yield from checks.in_order(messages)


def _note(absence: Row) -> str:
    return KeyRing([ABSENCE_KEYS]).decrypt(absence["_id"], Encrypted(**absence["reason"])).note


def _learned(books: Books) -> Iterator[Finding]:
    """What the services know by events."""
    aggregates = _aggregates(books)
    for service in SERVICES:
        yield from checks.behind(service, books.rows(service, "positions"), aggregates)
        yield from checks.left_aside(
            service, books.rows(service, "dead_letters"), books.rows(service, "parked")
        )
    acting = {row["_id"]: row["acting"] for row in books.rows("scheduler", "coverage")}
    present = {row["_id"]: row["present"] for row in books.rows("scheduler", "members")}
    for service in _PARTICIPANTS:
        coverage_rows = books.rows(service, "coverage_rows")
        presence_rows = books.rows(service, "presence_rows")
        yield from checks.copies(service, coverage_rows, presence_rows, acting, present)


def _told_of(books: Books, mails: Sequence[Mail]) -> Iterator[Finding]:
    yield from checks.moves(books.rows("scheduler", "receipt_parts"))
    attempts = books.rows("notifier", "attempts")
    yield from checks.deliveries(books.rows("notifier", "notifications"), attempts, mails)


def _aggregates(books: Books) -> Mapping[str, int]:
    """The last sequence that was given, by "<topic>/<key>"."""
    return {
        row["_id"]: row["sequence"] for name in SERVICES for row in books.rows(name, "aggregates")
    }
