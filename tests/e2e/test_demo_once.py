"""`make demo ONCE=1`, as a person types it: the story is told, it adds up, nothing is left."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import MongoClient

from tests.support.engines import Engines

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


async def test_the_story_adds_up_and_leaves_nothing_behind(
    engines: Engines, tmp_path: Path, mongodb_client: MongoClient[dict[str, Any]]
) -> None:
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": engines.kafka_servers,
        "MONGODB_URI": engines.mongodb_uri,
        "UNDERSTUDY_STATE": str(tmp_path),
    }
    command = [sys.executable, "-m", "deploy.local", "demo", "--once"]
    before = set(psutil.pids())

    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    story = told.stdout
    assert told.returncode == 0, story + told.stderr
    assert "Everything adds up" in story
    assert "60 open conversations" in story
    assert len(re.findall(r"\nReceipt H-\d{4}-\d{4}: \d+ items in \d+ ms\n", story)) == 6
    assert re.search(r"Frost: .* Jana Hoffmann +nobody \(gap\) +planner +\d+", story)
    assert re.search(r"Tina Kolbe \* +Jana Hoffmann +Ines Wolter +inbox +\d+", story)
    assert re.search(r"So packen wir Advent +Jana Hoffmann +Tom Berger +scheduler +\d+", story)
    assert len(re.findall(r"stays with", story)) == 2
    assert len(re.findall(r"\n  Gap: \w+ for .*; [A-Z]\w+ \w+ could act", story)) == 3
    assert "approved with 1 gap left, for a reason in writing" in story
    assert "✓ everything is home with whom it began" in story
    assert "✗" not in story
    assert not (tmp_path / "once").exists()
    assert not [pid for pid in set(psutil.pids()) - before if _is_ours(pid, tmp_path)]
    assert not [name for name in mongodb_client.list_database_names() if name.startswith("once_")]
    assert not [name for name in await _topics(engines) if name.startswith("once_")]


def _is_ours(pid: int, state: Path) -> bool:
    try:
        return str(state) in psutil.Process(pid).environ().get("UNDERSTUDY_STATE", "")
    except psutil.Error:
        return False


async def _topics(engines: Engines) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=engines.kafka_servers)
    await admin.start()
    try:
        topics: list[str] = await admin.list_topics()
        return topics
    finally:
        await admin.close()
