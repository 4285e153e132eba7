from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from services.scheduler.indexes import declare_indexes
from services.scheduler.settings import SchedulerSettings
from shared.service import Service
from tests.integration.scheduler.agency import Agency, TestClock
from tests.integration.scheduler.team import team
from tests.support.engines import AUTH_SECRET

__all__ = ["agency", "clock", "service", "settings", "team"]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def settings(prefix: str, kafka_servers: str, mongodb_uri: str) -> SchedulerSettings:
    return SchedulerSettings(
        kafka_bootstrap_servers=kafka_servers,
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        topic_prefix=prefix,
        topic_partitions_max=2,
        auth_secret=SecretStr(AUTH_SECRET),
    )


@pytest.fixture
async def service(settings: SchedulerSettings, clock: TestClock) -> AsyncIterator[Service]:
    """Not started: the database alone is used."""
    service = Service("scheduler", settings, clock)
    declare_indexes(service)
    await service._create_indexes()
    yield service
    await service.mongo.close()


@pytest.fixture
def agency(service: Service) -> Agency:
    return Agency.of(service)
