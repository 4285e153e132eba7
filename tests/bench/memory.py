"""Memory of the services at rest."""

from __future__ import annotations

import asyncio

import psutil

from deploy.local.settings import SERVICES
from tests.bench.figures import Figure, at_most
from tests.bench.world import World

__all__ = ["memory_at_rest"]

_AIM_MB = 120
_ROUNDS = 5
_BETWEEN_SECONDS = 2


async def memory_at_rest(world: World) -> list[Figure]:
    """`memory_mb_<service>`: resident memory (RSS, 10^6 bytes) of the one process of each service,
    all running, the agency set up, nobody doing anything; looked at five times in ten seconds.
    `cpu_percent_<service>`: the share of one core it takes meanwhile."""
    processes = {name: psutil.Process(world.services[name].pid) for name in SERVICES}
    memory: dict[str, list[float]] = {name: [] for name in SERVICES}
    cpu: dict[str, list[float]] = {name: [] for name in SERVICES}
    for process in processes.values():
        process.cpu_percent()
    for _ in range(_ROUNDS):
        await asyncio.sleep(_BETWEEN_SECONDS)  # the measured stretch itself, not a wait
        for name, process in processes.items():
            memory[name].append(process.memory_info().rss / 1e6)
            cpu[name].append(process.cpu_percent())
    return [
        *(
            Figure(f"memory_mb_{name}", "MB", memory[name], at_most(_AIM_MB), about="RSS at rest")
            for name in SERVICES
        ),
        *(
            Figure(f"cpu_percent_{name}", "% of a core", cpu[name], about="CPU time at rest")
            for name in SERVICES
        ),
    ]
