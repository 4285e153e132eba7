"""The sender: takes what is due, sends it, records how it went. One replica at a time.

The mail and the state `sending` are stored before the mail server hears of it. If this process
dies in between, the next holder of the lease finds `sending` rows nobody is working on and makes
them `unknown`: whether the mail went out is for a person to find out, never for a second try.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from tenacity import AsyncRetrying, retry_if_exception, wait_random_exponential

from services.notifier.briefs.letters import Letters
from services.notifier.delivery import usecases
from services.notifier.delivery.domain import Outcome, RetryPolicy
from services.notifier.delivery.smtp import Mailer
from services.notifier.delivery.store import Attempt, Deliveries
from services.notifier.directory.store import Directory
from shared.clock import Clock
from shared.ids import new_id
from shared.mongo import is_infrastructure
from shared.observability import correlation_id
from shared.outbox import Outbox

__all__ = ["Sender"]

_AT_ONCE = 8
_LOOK_AGAIN_SECONDS = 0.25
_GRACE_SECONDS = 10
_PRESUMED_LOST = timedelta(seconds=5)
"""A sender that is alive but has lost its lease, on a busy machine, has settled by then."""

_log = structlog.get_logger(__name__)


class Sender:
    def __init__(
        self,
        outbox: Outbox,
        deliveries: Deliveries,
        directory: Directory,
        letters: Letters,
        mailer: Mailer,
        policy: RetryPolicy,
        clock: Clock,
    ) -> None:
        self._outbox = outbox
        self._deliveries = deliveries
        self._directory = directory
        self._letters = letters
        self._mailer = mailer
        self._policy = policy
        self._clock = clock
        self._process = new_id()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    async def work(self) -> bool:
        """Begin what is due, as far as there is room; False when nothing is under way.

        A server that keeps one mail waiting holds up that one only.
        """
        await self._lose_orphans()
        for notification_id in await self._deliveries.due(self._clock(), _AT_ONCE):
            if len(self._under_way) < _AT_ONCE and notification_id not in self._under_way:
                task = asyncio.create_task(self._deliver(notification_id), name="deliver")
                self._under_way[notification_id] = task
        if not self._under_way:
            return False
        await self._see_one_end()
        return True

    async def _see_one_end(self) -> None:
        """When asked to stop, or without the lease, end what was begun; nothing new begins."""
        tasks = list(self._under_way.values())
        try:
            await asyncio.wait(
                tasks, timeout=_LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        except asyncio.CancelledError:
            await asyncio.wait(tasks, timeout=_GRACE_SECONDS)
            raise

    async def _lose_orphans(self) -> None:
        for notification_id in await self._deliveries.sending(self._clock() - _PRESUMED_LOST):
            if notification_id not in self._under_way:
                await self._lose(notification_id)
                _log.warning("delivery lost its sender", notification=notification_id)

    async def _lose(self, notification_id: str) -> None:
        await self._outbox.transaction(
            lambda tx: usecases.lose_attempt(tx, self._deliveries, notification_id, self._clock())
        )

    async def _deliver(self, notification_id: str) -> None:
        token = correlation_id.set(new_id())
        try:
            await self._attempt(notification_id)
        except Exception:  # noqa: BLE001 - whatever it is, the other deliveries go on
            _log.exception("delivery failed on our side", notification=notification_id)
            await self._put_off(notification_id)
        finally:
            self._under_way.pop(notification_id, None)
            correlation_id.reset(token)

    async def _attempt(self, notification_id: str) -> None:
        attempt = await self._outbox.transaction(
            lambda tx: usecases.begin_attempt(
                tx,
                self._deliveries,
                self._directory,
                self._letters,
                notification_id,
                self._process,
                self._clock(),
            )
        )
        if attempt is None:
            return
        outcome = await self._mailer.send(attempt.letter)
        _log.info("delivery attempted", attempt=attempt.id, outcome=type(outcome).__name__)
        await self._settle(attempt, outcome)

    async def _settle(self, attempt: Attempt, outcome: Outcome) -> None:
        """The outcome is known only here: keep trying to write it down while this process lives."""
        async for trying in AsyncRetrying(
            retry=retry_if_exception(is_infrastructure),
            wait=wait_random_exponential(multiplier=0.05, max=5),
        ):
            with trying:
                await self._outbox.transaction(
                    lambda tx: usecases.settle_attempt(
                        tx, self._deliveries, attempt, outcome, self._policy, self._clock()
                    )
                )

    async def _put_off(self, notification_id: str) -> None:
        """What cannot be composed must not be tried without a pause; others go on."""
        try:
            await self._outbox.transaction(
                lambda tx: usecases.put_off(tx, self._deliveries, notification_id, self._clock())
            )
        except Exception:  # noqa: BLE001 - it stays due, and is looked at again
            _log.exception("delivery not put off", notification=notification_id)
