"""What people do with clients and pages. Each runs in the transaction it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

from services.planner.directory import domain
from services.planner.directory.domain import Client, ClientEdit, Page, PageEdit
from services.planner.directory.store import DirectoryStore
from services.planner.errors import UnknownReference, check_version
from shared.auth import Identity
from shared.errors import N_, Forbidden, NotFound
from shared.events.planner import Platform
from shared.ids import new_id
from shared.outbox import Transaction

__all__ = [
    "NewPage",
    "NotForOneClient",
    "add_client",
    "add_page",
    "change_client",
    "change_page",
    "known_client",
    "known_pages",
]


class NotForOneClient(Forbidden):
    code = "not_for_one_client"
    detail = N_("Only somebody who sees all clients can add another one.")


@dataclass(frozen=True, slots=True)
class NewPage:
    client_id: str
    name: str
    platform: Platform
    handle: str


async def add_client(
    tx: Transaction, directory: DirectoryStore, who: Identity, name: str, time_zone: str
) -> Client:
    """Raises `NotForOneClient`: whoever sees some clients only would not see the new one."""
    if who.scope.clients is not None:
        raise NotForOneClient
    client, event = domain.add_client(Client(id=new_id(), name=name, time_zone=time_zone))
    await directory.insert_client(tx, client)
    tx.emit(event)
    return client


async def change_client(
    tx: Transaction,
    directory: DirectoryStore,
    who: Identity,
    client_id: str,
    version: int,
    **edit: Unpack[ClientEdit],
) -> Client:
    """Raises `NotFound`, `StaleVersion`."""
    before = await directory.client(who.scope, client_id, tx)
    check_version(version, before.version)
    after, event = domain.change_client(before, **edit)
    await directory.save_client(tx, before, after)
    tx.emit(event)
    return after


async def add_page(tx: Transaction, directory: DirectoryStore, who: Identity, new: NewPage) -> Page:
    """Raises `UnknownReference` for the client."""
    await known_client(tx, directory, who, new.client_id)
    page, event = domain.add_page(
        Page(
            id=new_id(),
            client_id=new.client_id,
            name=new.name,
            platform=new.platform,
            handle=new.handle,
        )
    )
    await directory.insert_page(tx, page)
    tx.emit(event)
    return page


async def change_page(
    tx: Transaction,
    directory: DirectoryStore,
    who: Identity,
    page_id: str,
    version: int,
    **edit: Unpack[PageEdit],
) -> Page:
    """Raises `NotFound`, `StaleVersion`."""
    before = await directory.page(who.scope, page_id, tx)
    check_version(version, before.version)
    after, event = domain.change_page(before, **edit)
    await directory.save_page(tx, before, after)
    tx.emit(event)
    return after


async def known_client(
    tx: Transaction, directory: DirectoryStore, who: Identity, client_id: str
) -> Client:
    """The client a body names. Raises `UnknownReference` if the caller sees none of that id."""
    try:
        return await directory.client(who.scope, client_id, tx)
    except NotFound:
        raise UnknownReference("/client_id", "client") from None


async def known_pages(
    tx: Transaction,
    directory: DirectoryStore,
    who: Identity,
    client_id: str,
    page_ids: Mapping[str, str],
) -> None:
    """Check that pages a body names are the client's. `page_ids`: by their place in the body.

    Raises `UnknownReference` for the first that is not.
    """
    known = await directory.pages_of(who.scope, client_id, page_ids.values(), tx)
    for pointer, page_id in page_ids.items():
        if page_id not in known:
            raise UnknownReference(pointer, "page")
