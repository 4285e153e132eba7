"""The notifier put together: what it hears, what it sends, what it shows."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI

from services.notifier.acknowledgements import routes as acknowledgements
from services.notifier.briefs.letters import Letters
from services.notifier.delivery import pages, routes
from services.notifier.delivery.domain import RetryPolicy
from services.notifier.delivery.handlers import (
    on_handovers,
    on_leave,
    on_qualifications,
    on_rota,
)
from services.notifier.delivery.reading import Desk
from services.notifier.delivery.sending import Sender
from services.notifier.delivery.smtp import Mailer, SmtpMailer, SmtpServer
from services.notifier.delivery.store import INDEXES, NOTIFICATIONS, Deliveries
from services.notifier.directory.handlers import keep
from services.notifier.directory.store import Directory
from services.notifier.metrics import measure_deliveries
from services.notifier.settings import NotifierSettings
from shared.auth import Tokens
from shared.clock import Clock, utc_now
from shared.events.topics import (
    PLANNER_DIRECTORY,
    TEAM_COVERAGE,
    TEAM_DIRECTORY,
    TEAM_LEAVE,
    TEAM_QUALIFICATIONS,
    TEAM_ROTA,
    WORK_HANDOVERS,
)
from shared.service import Service
from shared.ui.ui import Ui
from shared.web import create_app

__all__ = ["NAME", "create_notifier"]

NAME = "notifier"


def create_notifier(
    settings: NotifierSettings,
    clock: Clock = utc_now,
    *,
    mailer: Mailer | None = None,
    policy: RetryPolicy | None = None,
) -> FastAPI:
    """The application, not started."""
    service = Service(NAME, settings, clock)
    ui = Ui(NAME, Path(__file__).parent, root_path=settings.root_path, clock=clock)
    deliveries, directory = Deliveries(service.mongo), Directory(service.mongo)
    letters = Letters(
        ui,
        Tokens(settings.auth_secret.get_secret_value(), clock),
        public_url=settings.public_url,
        mail_from=settings.mail_from,
    )
    sender = Sender(
        service.outbox,
        deliveries,
        directory,
        letters,
        mailer or SmtpMailer(_smtp_server(settings)),
        policy or RetryPolicy(),
        clock,
    )
    _listen(service, deliveries, directory)
    for collection, keys, options in INDEXES:
        service.index(collection, keys, **options)
    service.worker("delivery", sender.work, wake_on=[NOTIFICATIONS])
    service.measure(measure_deliveries(deliveries, clock))
    app = create_app(service, routers=[routes.router, acknowledgements.router, pages.router], ui=ui)
    app.state.desk = Desk(deliveries, directory)
    return app


def _smtp_server(settings: NotifierSettings) -> SmtpServer:
    password = settings.smtp_password
    return SmtpServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        username=settings.smtp_username or None,
        password=None if password is None else password.get_secret_value(),
        starttls=settings.smtp_starttls,
        timeout_seconds=settings.smtp_timeout_seconds,
    )


def _listen(service: Service, deliveries: Deliveries, directory: Directory) -> None:
    for topic in (TEAM_DIRECTORY, TEAM_COVERAGE, PLANNER_DIRECTORY):
        service.subscribe(topic, keep(directory))
    service.subscribe(WORK_HANDOVERS, on_handovers(deliveries, directory, service.clock))
    service.subscribe(TEAM_QUALIFICATIONS, on_qualifications(deliveries, directory, service.clock))
    service.subscribe(TEAM_LEAVE, on_leave(deliveries, directory, service.clock))
    service.subscribe(TEAM_ROTA, on_rota(deliveries, directory, service.clock))
