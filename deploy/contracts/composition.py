"""The AsyncAPI document of every service, from the service as it is composed in this tree."""

from __future__ import annotations

from fastapi import FastAPI
from pydantic import SecretStr

from deploy.contracts.documents import Documents, golden_events
from services.inbox.app import create_app as create_inbox
from services.inbox.settings import InboxSettings
from services.notifier.app import create_notifier
from services.notifier.settings import NotifierSettings
from services.planner.app import create_app as create_planner
from services.planner.settings import PlannerSettings
from services.scheduler.app import create_scheduler
from services.scheduler.settings import SchedulerSettings
from shared.service import Service

__all__ = ["composed"]

_SECRET = SecretStr(32 * "-")
_KEY = SecretStr(43 * "A" + "=")


def composed() -> Documents:
    """With the golden events as examples. Nothing is started and nothing is connected to."""
    examples = golden_events()
    return {service.name: service.asyncapi(examples) for service in _services()}


def _services() -> list[Service]:
    scheduler = SchedulerSettings(auth_secret=_SECRET, absence_keys=_KEY)
    apps: list[FastAPI] = [
        create_planner(PlannerSettings(auth_secret=_SECRET)),
        create_scheduler(Service("scheduler", scheduler), scheduler),
        create_inbox(InboxSettings(auth_secret=_SECRET)),
        create_notifier(NotifierSettings(auth_secret=_SECRET)),
    ]
    return [app.state.service for app in apps]
