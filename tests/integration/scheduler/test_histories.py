"""The use cases over random histories, held against the same plain words as the pure domain.

`TEAM_HISTORIES` in the environment asks for more of them.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.scheduler.settings import SchedulerSettings
from tests.integration.handover.participants import Replica
from tests.integration.scheduler.agency import Agency, TestClock
from tests.integration.scheduler.histories import Stage
from tests.support.histories.commands import Command, histories

HISTORIES = int(os.environ.get("TEAM_HISTORIES", "8"))


@pytest.fixture
async def stage(
    agency: Agency, clock: TestClock, settings: SchedulerSettings
) -> AsyncIterator[Stage]:
    planner = Replica(settings)
    yield await Stage.set_up(agency, clock, planner)
    await planner.close()


@pytest.mark.slow
@pytest.mark.timeout(900)  # a failure is made smaller for five minutes before it is told
@settings(
    max_examples=HISTORIES,
    # The team is put back as it was before each.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(longest=30), limit=st.sampled_from((500, 2)))
async def test_use_cases_decide_as_plain_words_say_whatever_happens(
    stage: Stage, history: list[Command], limit: int
) -> None:
    played = await stage.play(limit)
    for command in history:
        await played.do(command)
        await played.check()
    await played.settle_all()
    await played.check_settled()

    for command in list(played.world.all_are_back()):
        await played.do(command)
    await played.settle_all()
    await played.check_all_are_back()
