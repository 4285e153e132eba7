from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import SecretStr

from shared.settings import ServiceSettings
from tests.integration.handover.participants import Replica
from tests.support.engines import AUTH_SECRET

MakeReplica = Callable[[], Replica]


@pytest.fixture
def settings(prefix: str, mongodb_uri: str) -> ServiceSettings:
    return ServiceSettings(
        mongodb_uri=mongodb_uri,
        database_prefix=prefix,
        port=1,
        root_path="/planner",
        auth_secret=SecretStr(AUTH_SECRET),
    )


@pytest.fixture
async def make_replica(settings: ServiceSettings) -> AsyncIterator[MakeReplica]:
    """Replicas of one participant, on one fresh database."""
    made: list[Replica] = []

    def make() -> Replica:
        made.append(Replica(settings))
        return made[-1]

    yield make
    for replica in made:
        await replica.close()


@pytest.fixture
def planner(make_replica: MakeReplica) -> Replica:
    return make_replica()
