"""The risk of a large agency, as pages."""

from __future__ import annotations

import time

import httpx

from services.scheduler.risk.domain import assess
from tests.bench.coverage import _change_something, _outlook
from tests.bench.figures import Figure, at_most, percentile
from tests.bench.large_agency import assign_everything, fill, lead_token, settled
from tests.bench.world import World

__all__ = ["risk_of_a_large_agency"]

_AIM_MS = 300
_ROUNDS = 5
_REQUESTS = 40
