"""Keeps the inbox's directory up to date with what the planner and the scheduler say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from services.inbox.directory.store import Directory
from shared.consuming import Received
from shared.events.disciplines import Discipline
from shared.events.envelope import Event
from shared.events.planner import ClientChanged, PageChanged
from shared.events.scheduler import CoverageChanged, MemberChanged
from shared.outbox import Transaction

__all__ = ["planner_directory", "team_coverage", "team_directory"]

Handlers = dict[type[Event], Callable[[Transaction, Any], Awaitable[None]]]


def planner_directory(directory: Directory) -> Handlers:
    """For `planner.directory`."""

    async def client_changed(tx: Transaction, received: Received[ClientChanged]) -> None:
        await directory.put_client(tx.session, received.event)

    async def page_changed(tx: Transaction, received: Received[PageChanged]) -> None:
        await directory.put_page(tx.session, received.event)

    return {ClientChanged: client_changed, PageChanged: page_changed}


def team_directory(directory: Directory) -> Handlers:
    """For `team.directory`."""

    async def member_changed(tx: Transaction, received: Received[MemberChanged]) -> None:
        await directory.put_member(tx.session, received.event)

    return {MemberChanged: member_changed}


def team_coverage(directory: Directory) -> Handlers:
    """For `team.coverage`."""

    async def coverage_changed(tx: Transaction, received: Received[CoverageChanged]) -> None:
        if received.event.discipline is Discipline.COMMUNITY:
            await directory.put_coverage(tx.session, received.event)

    return {CoverageChanged: coverage_changed}
