"""Waiting on conditions; tests have no other way to let time pass."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

__all__ = ["eventually"]

T = TypeVar("T")

_POLL_SECONDS = 0.02
_POLL_SECONDS_MAX = 0.5
_PATIENCE_SECONDS = 60
"""Long, since what holds costs no wait, and a machine under load is no failure."""


@overload
async def eventually(
    condition: Callable[[], Awaitable[T]], timeout: float = _PATIENCE_SECONDS, *, what: str = ""
) -> T: ...


@overload
async def eventually(
    condition: Callable[[], T], timeout: float = _PATIENCE_SECONDS, *, what: str = ""
) -> T: ...


async def eventually(
    condition: Callable[[], Any],
    timeout: float = _PATIENCE_SECONDS,
    *,
    what: str = "",
) -> Any:
    """Ask until the answer is truthy, and return it.

    `AssertionError` in the condition counts as a no. After `timeout` seconds the last one is
    raised, or one that shows the last answer.
    """
    began = time.monotonic()
    while True:
        refusal: AssertionError | None = None
        try:
            answer = condition()
            value = await answer if inspect.isawaitable(answer) else answer
            if value:
                return value
        except AssertionError as error:
            refusal = error
        waited = time.monotonic() - began
        if waited > timeout:
            raise refusal or AssertionError(
                f"{what or 'the condition'} did not hold within {timeout:g} s; it was {value!r}"
            )
        # A tenth too long at worst: who is asked shares the processors with what is waited for.
        await asyncio.sleep(min(max(_POLL_SECONDS, waited / 10), _POLL_SECONDS_MAX))
