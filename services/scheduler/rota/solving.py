"""The solver as a child process: it is killed with whoever waits for it, and costs nothing before.

Its module takes seconds and much memory to load, which no process that serves requests should
spend.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from pathlib import Path

from services.scheduler.rota.problem import Found, Problem, found_from, to_json

__all__ = ["Solve", "SolverFailed", "solve_in_child"]

_MODULE = "services.scheduler.rota.solver"
_ROOT = Path(__file__).parents[3]
_LONGEST_LINE = 2**22

Solve = Callable[[Problem], AsyncGenerator[Found, None]]


class SolverFailed(Exception):
    """The child has ended without an answer."""


async def solve_in_child(problem: Problem) -> AsyncGenerator[Found, None]:
    """Better and better rotas; the last one is marked. Closing the generator ends the child, and so
    does the end of this process, whatever ends it. Raises `SolverFailed`."""
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _MODULE),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        limit=_LONGEST_LINE,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": path},
    )
    try:
        told = asyncio.create_task(_tell(child, problem))
        try:
            assert child.stdout is not None  # noqa: S101 - asked for above
            async for line in child.stdout:
                found = found_from(line)
                yield found
                if found.last:
                    return
        finally:
            told.cancel()
            await asyncio.gather(told, return_exceptions=True)
        raise SolverFailed(await _why(child))
    finally:
        await asyncio.shield(_end(child))


async def _tell(child: Process, problem: Problem) -> None:
    assert child.stdin is not None  # noqa: S101 - asked for above
    with suppress(BrokenPipeError, ConnectionResetError):  # it has ended: that is found out below
        # Left open: when it closes, be it because this process is gone, the child ends as well.
        child.stdin.write(to_json(problem) + b"\n")
        await child.stdin.drain()


async def _why(child: Process) -> str:
    """The last thing it said, for the log: it knows ids and times, no names and no reasons."""
    assert child.stderr is not None  # noqa: S101 - asked for above
    said = (await child.stderr.read()).decode(errors="replace").strip().splitlines()
    return f"exit code {await child.wait()}: {said[-1] if said else 'nothing was said'}"


async def _end(child: Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            child.kill()
    await child.wait()
