"""Setting up a page's webhook, changing its secret, and taking messages in through it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.inbox.directory.store import Directory
from services.inbox.sources.domain import Source, create, rotate
from services.inbox.sources.errors import UnknownPage
from services.inbox.sources.signature import new_secret
from services.inbox.sources.store import SourceStore
from shared.auth import Scope
from shared.errors import NotFound, StaleVersion
from shared.events.inbox import MessageReceived
from shared.outbox import Transaction

__all__ = ["accept_messages", "create_source", "remove_source", "rotate_secret"]


async def create_source(
    tx: Transaction,
    sources: SourceStore,
    directory: Directory,
    scope: Scope,
    *,
    id: str,
    page_id: str,
    now: datetime,
) -> Source:
    """Raises `UnknownPage`, also for a page outside the scope."""
    page = await directory.page(scope, page_id)
    if page is None:
        raise UnknownPage
    source = create(id, page_id=page.id, client_id=page.client_id, secret=new_secret(), now=now)
    await sources.insert(tx.session, source)
    return source


async def rotate_secret(
    tx: Transaction,
    sources: SourceStore,
    scope: Scope,
    *,
    id: str,
    version: int,
    overlap: timedelta,
    now: datetime,
) -> Source:
    """Raises `NotFound`, `StaleVersion`."""
    source = await _load(tx, sources, scope, id, version)
    rotated = rotate(source, new_secret(), now, overlap)
    await sources.save(tx.session, rotated)
    return rotated


async def remove_source(
    tx: Transaction, sources: SourceStore, scope: Scope, *, id: str, version: int
) -> None:
    """Nothing signed with its secrets is taken from now on. Raises `NotFound`, `StaleVersion`."""
    await sources.delete(tx.session, await _load(tx, sources, scope, id, version))


async def accept_messages(tx: Transaction, messages: Iterable[MessageReceived]) -> None:
    """They are safe once this is committed; the topic brings them back for threading."""
    for message in messages:
        tx.emit(message)


async def _load(
    tx: Transaction, sources: SourceStore, scope: Scope, id: str, version: int
) -> Source:
    source = await sources.get(scope, id, tx.session)
    if source is None:
        raise NotFound
    if source.version != version:
        raise StaleVersion(given=version, present=source.version)
    return source
