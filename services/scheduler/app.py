"""The scheduler put together: what it hears, what falls due, what it shows."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.scheduler.absences import pages as absence_pages
from services.scheduler.absences import routes as absences
from services.scheduler.absences.mailbox import pages as mailbox_pages
from services.scheduler.absences.mailbox.running import run_mailbox
from services.scheduler.accounts import pages as account_pages
from services.scheduler.accounts import routes as accounts
from services.scheduler.background import run_in_background
from services.scheduler.calendars import pages as calendar_pages
from services.scheduler.calendars import routes as calendars
from services.scheduler.coverage import pages as board
from services.scheduler.coverage import routes as coverage
from services.scheduler.desk import open_desk
from services.scheduler.feeds import pages as feed_pages
from services.scheduler.handovers import pages as handover_pages
from services.scheduler.handovers import routes as handovers
from services.scheduler.indexes import declare_indexes
from services.scheduler.leave import pages as leave_pages
from services.scheduler.leave import routes as leave
from services.scheduler.members import pages as member_pages
from services.scheduler.members import routes as members
from services.scheduler.publishing import routes as publishing
from services.scheduler.qualifications import pages as skill_pages
from services.scheduler.qualifications import routes as qualifications
from services.scheduler.responsibilities import matrix_pages, sheet_pages
from services.scheduler.responsibilities import pages as responsibility_pages
from services.scheduler.responsibilities import routes as responsibilities
from services.scheduler.risk import pages as risk_pages
from services.scheduler.risk import routes as risk
from services.scheduler.rota import duty_pages, duty_routes, run_pages, run_routes, setup_pages
from services.scheduler.rota import routes as rota
from services.scheduler.settings import SchedulerSettings
from services.scheduler.workingtime import pages as working_time_pages
from services.scheduler.workingtime import routes as working_time
from services.scheduler.workingtime.public_holidays import public_holidays
from shared.service import Service
from shared.ui.ui import Ui
from shared.web import create_app, session_router

__all__ = ["NAME", "create_scheduler"]

NAME = "scheduler"


def create_scheduler(service: Service, settings: SchedulerSettings) -> FastAPI:
    """The application, not started. Members sign in here, with a cookie good for all services."""
    desk = open_desk(
        service,
        settings.zone,
        settings.key_ring,
        most_at_once=settings.most_at_once,
        home=settings.home,
    )
    if settings.home is not None:
        # The first look takes a while, so nobody is to wait for it.
        public_holidays(settings.home, service.clock().year)
    declare_indexes(service)
    run_in_background(service, desk, settings.rota_seconds)
    ui = Ui(NAME, Path(__file__).parent, root_path=settings.root_path, clock=service.clock)
    mailbox = settings.mailbox
    mailroom = None if mailbox is None else run_mailbox(service, desk, ui, mailbox)
    app = create_app(
        service,
        routers=[
            members.router,
            qualifications.router,
            responsibilities.router,
            accounts.router,
            absences.router,
            calendars.router,
            leave.router,
            working_time.router,
            rota.router,
            run_routes.router,
            duty_routes.router,
            coverage.router,
            risk.router,
            handovers.router,
            publishing.router,
            board.router,
            handover_pages.router,
            absence_pages.router,
            mailbox_pages.router,
            calendar_pages.router,
            leave_pages.router,
            setup_pages.router,
            run_pages.router,
            duty_pages.router,
            feed_pages.router,
            account_pages.router,
            matrix_pages.router,
            sheet_pages.router,
            responsibility_pages.router,
            working_time_pages.router,
            member_pages.router,  # takes what stands below a member else
            skill_pages.router,
            risk_pages.router,
            session_router,
        ],
        ui=ui,
    )
    app.state.desk = desk
    app.state.mailroom = mailroom
    app.state.agency_name = settings.agency_name
    app.state.rota_seconds = settings.rota_seconds
    return app
