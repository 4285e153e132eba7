"""`make bench`: measure, print the table, keep `.local/bench.json`. `ONLY=ingest,memory` leaves the
rest out; the file then holds those figures alone."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from tests.bench.coverage import coverage_and_what_if
from tests.bench.figures import Figure, keep, table
from tests.bench.handover import handovers_under_load
from tests.bench.ingest import ingest_against_bare_loops
from tests.bench.latency import event_latency
from tests.bench.matrix import matrix_of_a_large_agency
from tests.bench.memory import memory_at_rest
from tests.bench.risk import risk_of_a_large_agency
from tests.bench.rota import rota_of_eight_weeks
from tests.bench.world import World, world_of
from tests.support.fixtures import running_engines

Measurement = Callable[[World], Awaitable[list[Figure]]]
# Each has a world of its own, so that none pays for what another left behind.
MEASUREMENTS: dict[str, Measurement] = {
    "memory": memory_at_rest,
    "latency": event_latency,
    "ingest": ingest_against_bare_loops,
    "coverage": coverage_and_what_if,
    "matrix": matrix_of_a_large_agency,
    "risk": risk_of_a_large_agency,
    "rota": rota_of_eight_weeks,
    "handover": handovers_under_load,
}
RESULT = Path(".local/bench.json")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", default=",".join(MEASUREMENTS), help="names, with commas")
    chosen = parser.parse_args().only.split(",")
    if unknown := set(chosen) - set(MEASUREMENTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(MEASUREMENTS)}")
    figures = _measure(chosen)
    keep(figures, RESULT)
    print(f"\n{_machine()}\n\n{table(figures)}\n\nKept in {RESULT}")
    return 0


def _measure(chosen: Sequence[str]) -> list[Figure]:
    figures: list[Figure] = []
    with running_engines() as engines, TemporaryDirectory(prefix="understudy-bench-") as directory:

        async def measured(measure: Measurement) -> list[Figure]:
            async with world_of(engines, Path(directory)) as world:
                return await measure(world)

        for name in chosen:
            print(f"{name} …", flush=True)
            figures += asyncio.run(measured(MEASUREMENTS[name]))
    return figures


def _machine() -> str:
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"{platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}; "
        f"load average {load:.1f} at the end"
    )


if __name__ == "__main__":
    sys.exit(main())
