"""Filling in the agency, step by step, each of which looks what is there already.

So it may be ended at any moment, and the next start completes it. What is created carries an
`Idempotency-Key` made from its name: a request whose answer was lost creates nothing twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from deploy.local.demo.api import Api
from deploy.local.demo.community import connect_pages, fill_claims, fill_conversations
from deploy.local.demo.content import fill_places, fill_plan
from deploy.local.demo.stage import Stage
from deploy.local.demo.team import (
    fill_first_member,
    fill_leave,
    fill_members,
    fill_responsibilities,
    fill_working_times,
    let_expire,
)
from deploy.local.settings import LocalSettings
from deploy.local.supervisor import Report
from shared.clock import Clock, utc_now

__all__ = ["STEPS", "Step", "fill", "is_filled", "mark_filled"]

Step = Callable[[Stage], Awaitable[str]]
"""Returns what there is afterwards, in a few words."""

STEPS: Sequence[Step] = (
    fill_first_member,
    fill_places,
    fill_members,
    fill_working_times,
    fill_responsibilities,
    let_expire,
    fill_plan,
    connect_pages,
    fill_conversations,
    fill_claims,
    fill_leave,
)


async def fill(api: Api, report: Report, clock: Clock = utc_now) -> Stage:
    """The agency is complete afterwards. Raises `Refused` or `Impatient`."""
    stage = Stage(api, clock())
    for step in STEPS:
        began = time.monotonic()
        done = await step(stage)
        report(f"  ✓ {done:<43} {time.monotonic() - began:5.1f} s")
    return stage


def is_filled(settings: LocalSettings) -> bool:
    return _marker(settings).exists()


def mark_filled(settings: LocalSettings, clock: Clock = utc_now) -> None:
    _marker(settings).write_text(json.dumps({"filled_at": clock().isoformat()}))


def _marker(settings: LocalSettings) -> Path:
    return settings.state / "demo.json"
