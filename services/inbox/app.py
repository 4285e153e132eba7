"""What the inbox is made of: topics, workers, indexes, routes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from services.inbox.conversations import pages
from services.inbox.conversations import routes as conversation_routes
from services.inbox.conversations.store import Conversations, Messages, Notes
from services.inbox.conversations.usecases import Stores
from services.inbox.directory.handlers import planner_directory, team_coverage, team_directory
from services.inbox.directory.store import Directory
from services.inbox.intake import routes as intake_routes
from services.inbox.intake.handlers import community_messages, unrouted_messages
from services.inbox.intake.store import Unrouted
from services.inbox.intake.usecases import Stores as IntakeStores
from services.inbox.metrics import gauges
from services.inbox.settings import InboxSettings
from services.inbox.sources import routes as source_routes
from services.inbox.sources import webhook
from services.inbox.sources.store import SourceStore
from shared import web
from shared.clock import Clock, utc_now
from shared.consuming import dispatch
from shared.events import topics
from shared.events.handover import ItemKind, Participant
from shared.events.scheduler import HandoverStarted
from shared.handover.participant import Items, Participation
from shared.service import Service
from shared.ui.ui import Ui

__all__ = ["create_app"]


def create_app(settings: InboxSettings, clock: Clock = utc_now) -> FastAPI:
    """The application, not started."""
    service = Service("inbox", settings, clock)
    participation = Participation(
        service,
        Participant.INBOX,
        [
            Items(
                "conversations",
                ItemKind.CONVERSATION,
                fields=("author_name",),
                label=_label,
            )
        ],
    )
    directory = Directory(service.mongo)
    conversations, messages = Conversations(service.mongo), Messages(service.mongo)
    unrouted = Unrouted(service.mongo)
    intake = IntakeStores(directory, conversations, messages, unrouted, participation.rows)
    _subscribe(service, participation, directory, intake)
    _index(service)
    service.measure(gauges(conversations, unrouted, clock))
    ui = Ui("inbox", Path(__file__).parent, root_path=settings.root_path, clock=clock)
    app = web.create_app(
        service,
        routers=[
            pages.router,
            conversation_routes.router,
            source_routes.router,
            intake_routes.router,
            webhook.router,
        ],
        ui=ui,
    )
    app.state.conversations = Stores(
        conversations, messages, Notes(service.mongo), directory, participation.rows
    )
    app.state.directory = directory
    app.state.sources = SourceStore(service.mongo)
    app.state.unrouted = unrouted
    return app


def _subscribe(
    service: Service, participation: Participation, directory: Directory, intake: IntakeStores
) -> None:
    service.subscribe(topics.PLANNER_DIRECTORY, dispatch(planner_directory(directory)))
    service.subscribe(
        topics.TEAM_DIRECTORY,
        dispatch(team_directory(directory)),
        prepare=participation.take_presence,
    )
    service.subscribe(
        topics.TEAM_COVERAGE,
        dispatch(team_coverage(directory)),
        prepare=participation.take_coverage,
    )
    service.subscribe(topics.WORK_HANDOVERS, dispatch({HandoverStarted: participation.store_run}))
    service.subscribe(topics.COMMUNITY_MESSAGES, community_messages(intake, service.clock))
    service.worker(
        "unrouted",
        unrouted_messages(service.outbox, intake, service.clock),
        wake_on=["pages", "unrouted"],
    )


def _index(service: Service) -> None:
    is_open = {"partialFilterExpression": {"open": True}}
    # Lists of open conversations: everybody's, one member's, nobody's.
    service.index("conversations", [("waiting_since", 1), ("_id", 1)], **is_open)
    service.index("conversations", [("holder", 1), ("waiting_since", 1), ("_id", 1)], **is_open)
    # The counts beside them are answered from this index alone.
    service.index(
        "conversations",
        [("open", 1), ("client_id", 1), ("page_id", 1), ("holder", 1), ("home", 1)],
        **is_open,
    )
    service.index(
        "conversations",
        [("done_at", -1), ("_id", -1)],
        partialFilterExpression={"open": False},
    )
    service.index("messages", [("conversation_id", 1), ("sent_at", -1), ("arrival", -1)])
    service.index("notes", [("conversation_id", 1), ("_id", 1)])
    service.index("unrouted", [("page_id", 1), ("since", 1)])


def _label(document: Mapping[str, Any]) -> str:
    """How a receipt calls a conversation. What was said stays in the inbox: receipts last."""
    return str(document["author_name"])
