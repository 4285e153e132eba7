"""Ports for processes that tests start."""

from __future__ import annotations

import os
import random

from deploy.local.probes import port_is_free
from deploy.local.settings import HOST

__all__ = ["free_port"]

# Below the kernel's range for outgoing connections (32768 and up on Linux): a connection must not
# take the port of a process that a test has just killed and is about to start again.
_FIRST, _PER_WORKER = 12_000, 4_000


def free_port() -> int:
    """A port nobody listens on. Workers of one run draw from different ranges."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw4").removeprefix("gw")) % 5
    first = _FIRST + worker * _PER_WORKER
    while True:
        port = random.randrange(first, first + _PER_WORKER)
        if port_is_free(HOST, port):
            return port
