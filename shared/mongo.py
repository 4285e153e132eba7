"""The seam to MongoDB: the only module that imports Motor.

Motor gets critical fixes only, until 14 May 2027. Everything the rest of the program needs of it
is here, so that PyMongo's `AsyncMongoClient` can take its place (see docs/decisions).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, nullcontext
from typing import Any, TypeVar

import structlog
from pymongo import ReadPreference, WriteConcern
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern
from tenacity import AsyncRetrying, retry_if_exception, stop_after_delay, wait_random_exponential

# Every open change stream holds a thread of Motor's pool; the default of 5 a core starves writes.
os.environ.setdefault("MOTOR_MAX_WORKERS", "64")

from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
)

__all__ = [
    "Changes",
    "Collection",
    "Conflict",
    "Document",
    "Mongo",
    "Session",
    "is_duplicate_key",
    "is_infrastructure",
]

T = TypeVar("T")
Document = dict[str, Any]
Session = AsyncIOMotorClientSession
Collection = AsyncIOMotorCollection[Document]

_TRANSACTION_SECONDS = 30
_DUPLICATE_KEY = 11000
_MAX_TIME_EXPIRED = 50
# Book-keeping nobody waits for.
_QUIET = ["aggregates", "leases", "positions"]
_log = structlog.get_logger(__name__)


class Conflict(Exception):
    """What a transaction decided on has changed meanwhile: it is run again as a whole."""


def is_infrastructure(error: BaseException) -> bool:
    """Whether the database was away, slow or changing its primary: worth trying again later."""
    away = (
        AutoReconnect,
        ConnectionFailure,
        ServerSelectionTimeoutError,
        NetworkTimeout,
        WaitQueueTimeoutError,
        WTimeoutError,
        ExecutionTimeout,
    )
    if isinstance(error, away):
        return True
    return isinstance(error, PyMongoError) and (
        error.has_error_label("RetryableWriteError") or _is_transient(error)
    )


def is_duplicate_key(error: PyMongoError) -> bool:
    """Whether a write, or any write of a bulk, met a unique value that exists."""
    if isinstance(error, BulkWriteError):
        return any(one["code"] == _DUPLICATE_KEY for one in error.details["writeErrors"])
    return isinstance(error, OperationFailure) and error.code == _DUPLICATE_KEY


def _is_transient(error: BaseException) -> bool:
    if isinstance(error, Conflict):
        return True
    return isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")


class Mongo:
    """One service's database. Writes are majority-acknowledged and journaled; times are aware."""

    def __init__(self, uri: str, database: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            uri,
            tz_aware=True,
            uuidRepresentation="standard",
            serverSelectionTimeoutMS=5_000,
            socketTimeoutMS=30_000,
            maxPoolSize=64,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            appname=database,
        )
        self._database = self._client[database]
        self._turn = asyncio.Lock()
        self.changes = Changes(self)

    @property
    def name(self) -> str:
        return str(self._database.name)

    def collection(self, name: str) -> Collection:
        return self._database[name]

    async def ping(self) -> None:
        """Raises an error for which `is_infrastructure` holds if the database is away."""
        await self._client.admin.command("ping")

    async def drop(self) -> None:
        """Forget the whole database."""
        await self._client.drop_database(self._database.name)

    async def in_transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Run `work` in one snapshot transaction and return what it returns.

        Transient errors and `Conflict` run `work` again from the start, with growing random
        pauses, for at most 30 s: so it must have no effect outside the session. Second and later
        attempts of one process take turns: many that want the same document would otherwise spend
        their time in making each other fail.
        """
        async for attempt in AsyncRetrying(
            retry=retry_if_exception(_is_transient),
            wait=wait_random_exponential(multiplier=0.004, max=0.25),
            stop=stop_after_delay(_TRANSACTION_SECONDS),
            reraise=True,
        ):
            with attempt:
                async with self._turn if attempt.retry_state.attempt_number > 1 else nullcontext():
                    return await self._transaction_once(work)
        raise AssertionError("unreachable")

    async def _transaction_once(self, work: Callable[[Session], Awaitable[T]]) -> T:
        async with await self._client.start_session() as session:
            session.start_transaction(
                read_concern=ReadConcern("snapshot"),
                write_concern=WriteConcern("majority", j=True),
                read_preference=ReadPreference.PRIMARY,
            )
            try:
                result = await work(session)
            except BaseException:
                await _abort(session)
                raise
            await _commit(session)
            return result

    async def aggregate(
        self, collection: str, pipeline: list[Document], session: Session | None = None
    ) -> AsyncIterator[Document]:
        async for document in self.collection(collection).aggregate(pipeline, session=session):
            yield document

    async def watch(self, pipeline: list[Document]) -> AsyncGenerator[list[Document], None]:
        """A change stream over the whole database, from now on, in the batches it comes in. The
        first one, which may be empty, says that the stream is open. Ends with the database.

        By commands, because Motor hands changes out singly, each by way of a thread: when much is
        written, that takes as much time as the writing.
        """
        async with await self._client.start_session() as session:
            reply = await self._database.command(
                {
                    "aggregate": 1,
                    "pipeline": [{"$changeStream": {}}, *pipeline],
                    "cursor": {},
                    "readConcern": {"level": "majority"},
                },
                session=session,
            )
            yield reply["cursor"]["firstBatch"]
            while cursor := reply["cursor"]["id"]:
                more = {"getMore": cursor, "collection": "$cmd.aggregate", "maxTimeMS": 1_000}
                reply = await self._database.command(more, session=session)
                yield reply["cursor"]["nextBatch"]

    async def close(self) -> None:
        await self.changes.stop()
        self._client.close()


async def _abort(session: Session) -> None:
    try:
        await asyncio.shield(session.abort_transaction())
    except PyMongoError:  # the server forgets it by itself
        _log.debug("abort failed", exc_info=True)


async def _commit(session: Session) -> None:
    """Commit, asking again while the outcome is unknown: committing twice is harmless."""
    async for attempt in AsyncRetrying(
        retry=retry_if_exception(_commit_outcome_unknown),
        wait=wait_random_exponential(multiplier=0.02, max=1),
        stop=stop_after_delay(_TRANSACTION_SECONDS),
        reraise=True,
    ):
        with attempt:
            await session.commit_transaction()


def _commit_outcome_unknown(error: BaseException) -> bool:
    return (
        isinstance(error, PyMongoError)
        and error.has_error_label("UnknownTransactionCommitResult")
        and not (isinstance(error, OperationFailure) and error.code == _MAX_TIME_EXPIRED)
    )


class Changes:
    """Wake-ups: which collections have changed; of the outbox which buckets, as `outbox/<bucket>`.
    One change stream a process, whoever listens.

    A wake-up is a hint, never the truth: listeners read the database, and poll as well, since
    changes during a reconnect are not told.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def listen(self, *collections: str) -> AsyncIterator[Listener]:
        listener = Listener(frozenset(collections))
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._follow(), name="changes")
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def stop(self) -> None:
        for listener in self._listeners:
            listener.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _follow(self) -> None:
        # MongoDB 6.0 fails to optimize a filter on both fields, so the second half is below.
        pipeline: list[Document] = [
            {"$match": {"ns.coll": {"$nin": _QUIET}}},
            {"$project": {"ns.coll": 1, "operationType": 1, "fullDocument.bucket": 1}},
        ]
        while True:
            try:
                async with aclosing(self._mongo.watch(pipeline)) as batches:
                    await anext(batches)
                    self._wake(None)  # whatever happened before the stream was open
                    async for batch in batches:
                        for collection in {_changed(change) for change in batch} - {None}:
                            self._wake(collection)
            except PyMongoError as error:
                _log.warning("change stream lost, following again", error=str(error))
            await asyncio.sleep(1)

    def _wake(self, collection: str | None) -> None:
        for listener in self._listeners:
            if collection is None or collection in listener.collections:
                listener.wake(collection)


def _changed(change: Document) -> str | None:
    """The collection; of the outbox the bucket, so that each relay is woken by its own rows.
    A change of the database, or an outbox row marked as sent, wakes nobody."""
    collection: str | None = change.get("ns", {}).get("coll")
    if collection != "outbox":
        return collection
    if change["operationType"] != "insert":
        return None
    return f"outbox/{change['fullDocument']['bucket']}"


class Listener:
    """Collects wake-ups until they are taken; many changes in between count as one."""

    def __init__(self, collections: frozenset[str]) -> None:
        self.collections = collections
        self._changed: set[str] = set()
        self._event = asyncio.Event()
        self.closed = False

    def wake(self, collection: str | None) -> None:
        self._changed |= self.collections if collection is None else {collection}
        self._event.set()

    def close(self) -> None:
        self.closed = True
        self._event.set()

    async def wait(self, seconds: float) -> frozenset[str]:
        """The collections that changed; empty after `seconds` without a change or when closed."""
        try:
            # Not `wait_for`: on Python 3.11 that swallows a cancellation which comes together
            # with the event.
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return frozenset()
        self._event.clear()
        changed, self._changed = frozenset(self._changed), set()
        return changed

    def __aiter__(self) -> AsyncIterator[frozenset[str]]:
        """Wake-ups without end, until the process stops following."""
        return self._wakeups()

    async def _wakeups(self) -> AsyncIterator[frozenset[str]]:
        while not self.closed:
            changed = await self.wait(60)
            if changed:
                yield changed
