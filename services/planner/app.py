"""What the planner is made of: stores, topics, indexes, routes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.planner.campaigns import routes as campaign_routes
from services.planner.campaigns.store import CampaignStore, index_campaigns
from services.planner.content import routes as content_routes
from services.planner.content.calendar import PostCalendar
from services.planner.content.store import ContentStore, index_content
from services.planner.content.usecases import Desk
from services.planner.directory import routes as directory_routes
from services.planner.directory.store import DirectoryStore, index_directory
from services.planner.metrics import measure_tasks
from services.planner.plan import calendar, due, items, planning, posts, setup
from services.planner.plan import tasks as plan_tasks
from services.planner.settings import PlannerSettings
from services.planner.tasks import routes as task_routes
from services.planner.tasks.store import TaskStore, index_tasks
from services.planner.team.handlers import member_handler
from services.planner.team.store import TeamStore
from shared import web
from shared.clock import Clock, utc_now
from shared.consuming import dispatch
from shared.events import topics
from shared.events.handover import ItemKind, Participant
from shared.events.scheduler import HandoverStarted, MemberChanged
from shared.handover.participant import Items, Participation
from shared.service import Service
from shared.ui.ui import Ui

__all__ = ["create_app"]


def create_app(settings: PlannerSettings, clock: Clock = utc_now) -> FastAPI:
    """The application, not started."""
    service = Service("planner", settings, clock)
    participation = Participation(
        service,
        Participant.PLANNER,
        [Items("tasks", ItemKind.TASK, fields=("title", "due_at"), label=_label, due=_due)],
    )
    team = TeamStore(service.mongo)
    desk = Desk(
        directory=DirectoryStore(service.mongo),
        campaigns=CampaignStore(service.mongo),
        content=ContentStore(service.mongo),
        calendar=PostCalendar(service.mongo),
        tasks=TaskStore(service.mongo),
        rows=participation.rows,
    )
    _subscribe(service, participation, team)
    _index(service)
    service.measure(measure_tasks(service.mongo, clock))
    app = web.create_app(
        service,
        routers=[
            directory_routes.router,
            campaign_routes.router,
            content_routes.router,
            task_routes.router,
            calendar.router,
            planning.router,
            due.router,
            posts.router,
            items.router,
            plan_tasks.router,
            setup.router,
        ],
        ui=Ui("planner", Path(__file__).parent, root_path=settings.root_path, clock=clock),
    )
    app.state.team = team
    app.state.desk = desk
    app.state.directory = desk.directory
    app.state.campaigns = desk.campaigns
    app.state.tasks = desk.tasks
    app.state.rows = desk.rows
    return app


def _subscribe(service: Service, participation: Participation, team: TeamStore) -> None:
    service.subscribe(
        topics.TEAM_DIRECTORY,
        dispatch({MemberChanged: member_handler(team)}),
        prepare=participation.take_presence,
    )
    # Who acts is kept in the rows, which `prepare` writes; there is nothing else to do.
    service.subscribe(topics.TEAM_COVERAGE, dispatch({}), prepare=participation.take_coverage)
    service.subscribe(topics.WORK_HANDOVERS, dispatch({HandoverStarted: participation.store_run}))


def _index(service: Service) -> None:
    index_directory(service)
    index_campaigns(service)
    index_content(service)
    index_tasks(service)


def _label(task: Mapping[str, Any]) -> str:
    return str(task["title"])


def _due(task: Mapping[str, Any]) -> datetime | None:
    due_at: datetime = task["due_at"]
    return due_at
