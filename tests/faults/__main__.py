"""`python -m tests.faults --seed N --cycles M`: kill and pause everything, then check the books.

Exit code 0: nothing is lost, doubled or reordered. 1: something is; the state and the logs are
kept. 2: it could not run. 130: interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from deploy.local.prerequisites import MissingPrerequisites
from deploy.local.processes import ProcessFailed
from deploy.local.settings import LocalSettings
from deploy.local.stack import only_user_of
from tests.faults.rehearsal import rehearse
from tests.faults.report import Report
from tests.faults.stage import raised
from tests.faults.victims import plan

SEED = 20261124
CYCLES = 20
CHECK_EVERY = 10


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--cycles", type=int, default=CYCLES)
    arguments = parser.parse_args()
    state = LocalSettings().state
    report = Report(arguments.seed, _say)
    try:
        with only_user_of(LocalSettings(state=state / "faults")):
            run = _run(state / "faults" / "run", report, arguments.cycles)
            asyncio.run(_until_interrupted(run))
    except asyncio.CancelledError:
        report.end()
        _say("Interrupted; everything has been ended.")
        return 130
    except (MissingPrerequisites, ProcessFailed) as failure:
        _say(str(failure))
        return 2
    except Exception:  # noqa: BLE001 - whatever it is, it is no finding
        traceback.print_exc()
        return 2
    report.end()
    report.write(state / "faults.json")
    return 0 if report.sound else 1


async def _run(state: Path, report: Report, cycles: int) -> None:
    shutil.rmtree(state, ignore_errors=True)
    async with raised(state) as stage:
        _say(f"Seed {report.seed}, {cycles} cycles, two replicas of each service; logs: {state}")
        await rehearse(stage, plan(report.seed, cycles), report, check_every=CHECK_EVERY)
    if report.sound:
        shutil.rmtree(state, ignore_errors=True)
    else:
        _say(f"Something is wrong. State and logs are kept in {state}.")


async def _until_interrupted(rehearsal: Coroutine[Any, Any, None]) -> None:
    """Ctrl-C or SIGTERM ends it in good order, children first; pressing again changes nothing."""
    running = asyncio.create_task(rehearsal)

    def interrupt() -> None:
        if not running.cancelling():
            _say("\nEnding…")
            running.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    await running


def _say(line: str) -> None:
    """At once, also into a file or pipe."""
    print(line, flush=True)  # noqa: T201 - a command's output


if __name__ == "__main__":
    sys.exit(main())
