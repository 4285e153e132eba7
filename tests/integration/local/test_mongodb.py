"""The MongoDB of the stack."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from deploy.local.mongodb import mongodb
from deploy.local.processes import Process
from deploy.local.settings import LocalSettings
from tests.support.ports import free_port


@pytest.fixture
async def settings(tmp_path: Path) -> LocalSettings:
    return LocalSettings(state=tmp_path, mongodb_port=free_port(), mongodb_uri=None)


@pytest.fixture
async def engine(settings: LocalSettings) -> AsyncIterator[Process]:
    process = mongodb(settings)
    await process.start()
    yield process
    await process.stop()


async def test_a_slow_command_does_not_reach_the_log(
    settings: LocalSettings, engine: Process
) -> None:
    uri = f"mongodb://127.0.0.1:{settings.mongodb_port}/?replicaSet=rs0"
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        reasons = client["understudy_scheduler"]["reasons"]
        await reasons.insert_one({"note": "private words"})
        # Slower than the 100 ms from which MongoDB logs by itself.
        slow = {"note": "private words", "$where": "sleep(300) || true"}
        assert await reasons.find_one(slow)

    await engine.stop()  # everything logged is written

    assert "private words" not in engine.log.read_text()
