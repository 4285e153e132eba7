"""Clients and their pages: who we work for, and where they appear. Pure.

Every function returns the changed state and the event that tells it in full, because
`planner.directory` is compacted: whoever reads it sees only the latest of each client and page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TypedDict, Unpack
from zoneinfo import available_timezones

from shared.events.planner import ClientChanged, PageChanged, Platform

__all__ = [
    "Client",
    "ClientEdit",
    "Page",
    "PageEdit",
    "add_client",
    "add_page",
    "change_client",
    "change_page",
    "time_zones",
]


@dataclass(frozen=True, slots=True)
class Client:
    """A customer of the agency; the tenant boundary. `time_zone` is an IANA name."""

    id: str
    name: str
    time_zone: str
    archived: bool = False
    version: int = 1


@dataclass(frozen=True, slots=True)
class Page:
    """A client's presence on one platform. It never changes its client or platform."""

    id: str
    client_id: str
    name: str
    platform: Platform
    handle: str = ""
    archived: bool = False
    version: int = 1


class ClientEdit(TypedDict, total=False):
    name: str
    time_zone: str
    archived: bool


class PageEdit(TypedDict, total=False):
    name: str
    handle: str
    archived: bool


def add_client(client: Client) -> tuple[Client, ClientChanged]:
    return client, _client_changed(client)


def change_client(client: Client, **edit: Unpack[ClientEdit]) -> tuple[Client, ClientChanged]:
    changed = replace(client, **edit, version=client.version + 1)
    return changed, _client_changed(changed)


def add_page(page: Page) -> tuple[Page, PageChanged]:
    return page, _page_changed(page)


def change_page(page: Page, **edit: Unpack[PageEdit]) -> tuple[Page, PageChanged]:
    changed = replace(page, **edit, version=page.version + 1)
    return changed, _page_changed(changed)


@cache
def time_zones() -> tuple[str, ...]:
    """All IANA names this machine knows, sorted."""
    return tuple(sorted(available_timezones()))


def _client_changed(client: Client) -> ClientChanged:
    return ClientChanged(
        client_id=client.id,
        name=client.name,
        time_zone=client.time_zone,
        archived=client.archived,
    )


def _page_changed(page: Page) -> PageChanged:
    return PageChanged(
        page_id=page.id,
        client_id=page.client_id,
        name=page.name,
        platform=page.platform,
        handle=page.handle,
        archived=page.archived,
    )
