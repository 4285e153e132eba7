"""The worker that makes rotas, one after the other, under a lease: see `runs`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from services.scheduler.desk import Desk
from services.scheduler.rota import runs
from services.scheduler.rota.planning import read_problem
from services.scheduler.rota.problem import Found
from services.scheduler.rota.runs import Run, RunState
from services.scheduler.rota.solving import Solve, SolverFailed, solve_in_child
from shared.clock import Clock

__all__ = ["RotaWork"]

_LOOK_SECONDS = 0.5
"""So often it is asked whether somebody has cancelled meanwhile."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RotaWork:
    """`seconds`: how long a rota may be searched for."""

    desk: Desk
    clock: Clock
    seconds: float
    solve: Solve = solve_in_child

    async def work(self) -> bool:
        """The next rota; False when none is asked for. What a replica has left half done is begun
        anew."""
        waiting = await self.desk.rota.next_run()
        if waiting is None:
            return False
        run = runs.started(waiting, self.clock())
        if not await self.desk.rota.move_run(waiting, run):
            return True  # cancelled meanwhile
        if run.state is RunState.SOLVING:
            await self._solve(run)
        return True

    async def _solve(self, run: Run) -> None:
        problem = await read_problem(self.desk, run, self.seconds, self.clock())
        try:
            async with aclosing(self.solve(problem)) as rotas:
                await self._follow(run, rotas)
        except SolverFailed as error:
            _log.error("no rota was made", run=run.id, error=str(error))
            present = await self.desk.rota.run(run.id)
            if present is not None and present.state is RunState.SOLVING:
                await self.desk.rota.move_run(present, runs.failed(present, self.clock()))

    async def _follow(self, run: Run, rotas: AsyncGenerator[Found, None]) -> None:
        """Until the last one, or until the run is somebody else's: cancelled, or taken as it is."""
        coming = asyncio.ensure_future(anext(rotas))
        try:
            while True:
                done, _ = await asyncio.wait({coming}, timeout=_LOOK_SECONDS)
                if not done:
                    present = await self.desk.rota.run(run.id)
                    if present is None or present.version != run.version:
                        return
                    continue
                found = coming.result()
                after = (
                    runs.proposed(run, found.best, self.clock())
                    if found.last
                    else runs.better(run, found.best)
                )
                if not await self.desk.rota.move_run(run, after) or found.last:
                    return
                run = after
                coming = asyncio.ensure_future(anext(rotas))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
