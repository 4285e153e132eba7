"""Ports for processes that tests start."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from functools import cache
from itertools import cycle

from deploy.local.probes import port_is_free
from deploy.local.settings import HOST

__all__ = ["free_port"]

# Below the kernel's range for outgoing connections (32768 and up on Linux): a connection must not
# take the port of a process that a test has just killed and is about to start again.
_FIRST, _PER_WORKER = 12_000, 4_000


def free_port() -> int:
    """A port nobody listens on, and that was not given before: who got that may not listen yet.
    Workers of one run draw from different ranges."""
    return next(port for port in _in_turn() if port_is_free(HOST, port))


@cache
def _in_turn() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw4").removeprefix("gw")) % 5
    first = _FIRST + worker * _PER_WORKER
    return cycle(random.sample(range(first, first + _PER_WORKER), _PER_WORKER))
