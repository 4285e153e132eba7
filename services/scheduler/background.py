"""What happens without anybody asking: events in, times falling due, workers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from services.scheduler.absences.rotation import Rotation
from services.scheduler.absences.usecases import ENDS, STARTS, turn_absence
from services.scheduler.accounts.usecases import PAGE_ARCHIVED, archived_or_back
from services.scheduler.desk import Desk
from services.scheduler.directory.handlers import directory_handlers
from services.scheduler.handovers.handlers import (
    waiting_receipts,
    work_acknowledged,
    work_handed_over,
)
from services.scheduler.metrics import measure_coverage, measure_reasons, tell_risk
from services.scheduler.publishing.handlers import content_status
from services.scheduler.qualifications.reminders import REMINDS, remind, schedule_missing
from services.scheduler.qualifications.usecases import EXPIRES, expire
from services.scheduler.risk.keeping import kept_up
from services.scheduler.rota.measuring import measure_rota
from services.scheduler.rota.open_shifts import OpenShifts
from services.scheduler.rota.working import RotaWork
from shared.consuming import dispatch
from shared.events import topics
from shared.events.disciplines import Discipline
from shared.events.handover import ItemKind, Participant, WorkHandedOver
from shared.events.notifier import WorkAcknowledged
from shared.events.planner import ContentStatusChanged
from shared.events.scheduler import HandoverStarted
from shared.handover.participant import Items, Participation
from shared.outbox import Transaction
from shared.service import Service
from shared.ticker import Due

__all__ = ["run_in_background"]


def run_in_background(service: Service, desk: Desk, rota_seconds: float) -> None:
    """Before the service starts. `rota_seconds`: how long a rota may be searched for."""
    publications = Items(
        "publications",
        ItemKind.PUBLICATION,
        fields=("title", "publish_at"),
        label=_title,
        due=_publish_at,
    )
    participation = Participation(service, Participant.SCHEDULER, [publications])
    _listen(service, desk, participation)
    _keep_time(service, desk)
    service.worker(
        "settling",
        partial(desk.settling.work, service.outbox, service.clock),
        wake_on=["settlements"],
    )
    service.worker(
        "receipts",
        waiting_receipts(service.outbox, desk.closing, service.clock),
        wake_on=["receipt_parts"],
    )
    reasons = [desk.absences.reasons, desk.leave.reasons]
    rotation = Rotation(reasons, service.outbox, service.clock)
    service.worker("reasons", rotation.work, wake_on=[])
    service.worker(
        "reminders",
        partial(schedule_missing, service.outbox, desk, service.clock),
        wake_on=[],
    )
    rota = RotaWork(desk, service.clock, rota_seconds)
    service.worker("rota", rota.work, wake_on=["rota_runs"])
    open_shifts = OpenShifts(desk, service.outbox, service.clock)
    service.worker("open-shifts", open_shifts.work, wake_on=[])
    service.worker("commit-marks", desk.marks.fill_in, wake_on=[])
    service.measure(
        measure_coverage(
            service.name, desk.coverage, desk.directory, desk.handovers, desk.members, service.clock
        )
    )
    service.measure(measure_reasons(reasons))
    service.measure(kept_up(desk.risks, service.clock, tell_risk(desk.most_at_once)))
    service.measure(measure_rota(desk, service.clock))


def _listen(service: Service, desk: Desk, participation: Participation) -> None:
    answer = work_handed_over(desk.closing, service.clock)
    service.subscribe(topics.PLANNER_DIRECTORY, directory_handlers(desk, service.clock))
    service.subscribe(
        topics.CONTENT_STATUS,
        dispatch({ContentStatusChanged: content_status(desk.publications, participation.rows)}),
    )
    # What this service decides, it hears like everybody else: for the rows of its own items.
    nothing_else = dispatch({})
    service.subscribe(topics.TEAM_COVERAGE, nothing_else, prepare=participation.take_coverage)
    service.subscribe(topics.TEAM_DIRECTORY, nothing_else, prepare=participation.take_presence)
    service.subscribe(
        topics.WORK_HANDOVERS,
        dispatch({HandoverStarted: participation.store_run, WorkHandedOver: answer}),
    )
    service.subscribe(topics.PLANNER_HANDOVERS, dispatch({WorkHandedOver: answer}))
    service.subscribe(topics.INBOX_HANDOVERS, dispatch({WorkHandedOver: answer}))
    service.subscribe(
        topics.WORK_ACKNOWLEDGEMENTS,
        dispatch({WorkAcknowledged: work_acknowledged(desk.handovers)}),
    )


def _keep_time(service: Service, desk: Desk) -> None:
    async def turn(tx: Transaction, due: Due) -> None:
        await turn_absence(tx, desk, due.data["absence_id"], service.clock())

    async def expires(tx: Transaction, due: Due) -> None:
        discipline = Discipline(due.data["discipline"])
        await expire(tx, desk, due.data["member_id"], discipline, service.clock())

    async def reminds(tx: Transaction, due: Due) -> None:
        discipline = Discipline(due.data["discipline"])
        await remind(tx, desk, due.data["member_id"], discipline, service.clock())

    async def page_archived(tx: Transaction, due: Due) -> None:
        await archived_or_back(tx, desk, due.data["page_id"], service.clock())

    service.ticker.on(STARTS, turn)
    service.ticker.on(ENDS, turn)
    service.ticker.on(EXPIRES, expires)
    service.ticker.on(REMINDS, reminds)
    service.ticker.on(PAGE_ARCHIVED, page_archived)


def _title(document: Mapping[str, Any]) -> str:
    return str(document["title"])


def _publish_at(document: Mapping[str, Any]) -> datetime:
    at: datetime = document["publish_at"]
    return at
