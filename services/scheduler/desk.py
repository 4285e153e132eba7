"""What the use cases work with: the stores of all features, and what connects them."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from services.scheduler.absences.keyring import KeyRing
from services.scheduler.absences.mailbox.store import AbsenceMails
from services.scheduler.absences.store import Absences
from services.scheduler.accounts.store import Accounts
from services.scheduler.calendars.reader import CalendarReader
from services.scheduler.coverage.clock import CoverageClock
from services.scheduler.coverage.settling import Settling
from services.scheduler.coverage.snapshot import Snapshots
from services.scheduler.coverage.store import CoverageStore
from services.scheduler.coverage.team import TeamReader
from services.scheduler.directory.store import Directory
from services.scheduler.feeds.store import Feeds
from services.scheduler.handovers.marks import CommitMarks
from services.scheduler.handovers.store import Handovers
from services.scheduler.handovers.usecases import Closing
from services.scheduler.leave.store import LeaveRequests
from services.scheduler.members.store import Members
from services.scheduler.publishing.store import Publications
from services.scheduler.qualifications.store import Qualifications
from services.scheduler.responsibilities.assignments import Assignments
from services.scheduler.responsibilities.store import ClientLeads, Responsibilities
from services.scheduler.risk.keeping import Risks
from services.scheduler.rota.store import RotaStore
from services.scheduler.workingtime.domain import Region
from services.scheduler.workingtime.store import WorkingTimes
from shared.service import Service
from shared.ticker import Ticker

__all__ = ["Desk", "open_desk"]


@dataclass(frozen=True)
class Desk:
    members: Members
    qualifications: Qualifications
    responsibilities: Responsibilities
    leads: ClientLeads
    accounts: Accounts
    assignments: Assignments
    absences: Absences
    mails: AbsenceMails
    leave: LeaveRequests
    feeds: Feeds
    calendars: CalendarReader
    coverage: CoverageStore
    handovers: Handovers
    marks: CommitMarks
    directory: Directory
    team: TeamReader
    snapshots: Snapshots
    risks: Risks
    clock: CoverageClock
    settling: Settling
    closing: Closing
    ticker: Ticker
    publications: Publications
    working_times: WorkingTimes
    rota: RotaStore
    most_at_once: int
    home: Region | None


def open_desk(
    service: Service,
    zone: ZoneInfo,
    keys: KeyRing,
    *,
    most_at_once: int,
    home: Region | None = None,
) -> Desk:
    """`zone` is the agency's; `most_at_once`: the responsibilities that one person should act for
    at the same time; `home`: where public holidays are everybody's of whom nothing else is
    agreed."""
    mongo = service.mongo
    members, qualifications = Members(mongo), Qualifications(mongo)
    absences, accounts = Absences(mongo, keys), Accounts(mongo)
    responsibilities, leads = Responsibilities(mongo), ClientLeads(mongo)
    handovers = Handovers(mongo)
    marks = CommitMarks(handovers, service.clock)
    clock, directory = CoverageClock(mongo), Directory(mongo)
    team = TeamReader(
        members, qualifications, absences, leads, accounts, responsibilities, directory
    )
    settling = Settling(
        mongo,
        clock=clock,
        team=team,
        responsibilities=responsibilities,
        handovers=handovers,
        marks=marks,
        zone=zone,
    )
    snapshots = Snapshots(mongo, clock, responsibilities, team, service.clock)
    return Desk(
        members=members,
        qualifications=qualifications,
        responsibilities=responsibilities,
        leads=leads,
        accounts=accounts,
        assignments=Assignments(mongo),
        absences=absences,
        mails=AbsenceMails(mongo, keys),
        leave=LeaveRequests(mongo, keys),
        feeds=Feeds(mongo),
        calendars=CalendarReader(),
        coverage=CoverageStore(mongo),
        handovers=handovers,
        marks=marks,
        directory=directory,
        team=team,
        snapshots=snapshots,
        risks=Risks(service.clock, clock, snapshots),
        clock=clock,
        settling=settling,
        closing=Closing(handovers, leads, members),
        ticker=service.ticker,
        publications=Publications(mongo),
        working_times=WorkingTimes(mongo),
        rota=RotaStore(mongo),
        most_at_once=most_at_once,
        home=home,
    )
