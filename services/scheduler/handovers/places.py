"""Responsibilities in words, also those that nobody has been made responsible for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from services.scheduler.directory.store import Client, Directory, Page
from services.scheduler.handovers.view import Place
from shared.auth import SYSTEM_SCOPE
from shared.events.disciplines import Discipline

__all__ = ["Places", "read_places"]


@dataclass(frozen=True)
class Places:
    """Of the clients given; whoever asks has checked that the reader may see them."""

    clients: dict[str, Client]
    pages: dict[str, Page]

    def place(self, responsibility_id: str, client_id: str) -> Place:
        """By its natural id, `<client or page>:<discipline>`."""
        where, _, discipline = responsibility_id.rpartition(":")
        client, page = self.clients.get(client_id), self.pages.get(where)
        return Place(
            responsibility_id=responsibility_id,
            client_id=client_id,
            client=client.name if client else client_id,
            page_id=None if where == client_id else where,
            page=page.name if page else None,
            platform=page.platform if page else None,
            discipline=Discipline(discipline),
        )


async def read_places(directory: Directory, client_ids: Iterable[str]) -> Places:
    wanted = set(client_ids)
    clients = await directory.clients(SYSTEM_SCOPE)
    return Places(
        {id: one for id, one in clients.items() if id in wanted},
        await directory.pages(SYSTEM_SCOPE, wanted),
    )
