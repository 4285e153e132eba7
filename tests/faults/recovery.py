"""How long after a fault until everything works again: one operation of each kind, asked for and
seen applied at the other end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from services.inbox.intake.domain import conversation_id
from shared.events.inbox import MessageReceived
from tests.faults.client import Client
from tests.faults.ledger import Outcome
from tests.faults.load import Load, deliver, note_edit, report_sick, return_to_work

__all__ = ["NotRecovered", "everything_works"]

_PATIENCE_SECONDS = 240
_LOOK_SECONDS = 0.1


class NotRecovered(Exception):
    """Something accepted has not been applied within four minutes."""


async def everything_works(load: Load) -> dict[str, float]:
    """Waits until each kind of operation, begun now, has been applied end to end; returns when, by
    the monotonic clock. Raises `NotRecovered`, `Unanswered`.
    """
    async with Client(load.url) as client:
        # The inbox learns what it knows of messages from Kafka; receipts need everybody's answer.
        probes = {"message": _message_and_note, "task": _task, "sick call": _sick_call}
        times = await asyncio.gather(*(_when(probe(load, client)) for probe in probes.values()))
    return dict(zip(probes, times, strict=True))


async def _when(probe: Awaitable[None]) -> float:
    await probe
    return time.monotonic()


async def _message_and_note(load: Load, client: Client) -> None:
    number = load.next_number()
    message = {
        "platform_message_id": f"m{number:07d}",
        "author_id": f"probe{number}",
        "author_name": f"Probe {number}",
        "kind": "direct",
        "text": f"message {number}",
        "sent_at": datetime.now(UTC).isoformat(),
    }
    await deliver(client, load, 0, [message])
    received = MessageReceived.model_validate({**message, "page_id": load.team.pages[0]})
    path = f"/inbox/api/v1/conversations/{conversation_id(received)}"

    async def arrived() -> bool:
        return (await client.get(path)).status == 200

    await _soon(arrived, f"message {number}")
    text = f"note {number}"
    load.ledger.notes[text] = Outcome.UNKNOWN
    note = await client.post(f"{path}/notes", {"text": text})
    load.ledger.notes[text] = note.outcome
    load.ledger.count(note.outcome)


async def _task(load: Load, client: Client) -> None:
    title = f"Task {load.next_number()}"
    body = {
        "client_id": load.team.client,
        "discipline": "design",
        "title": title,
        "due_at": datetime.now(UTC).isoformat(),
    }
    load.ledger.tasks[title] = Outcome.UNKNOWN
    made = await client.post("/planner/api/v1/tasks", body)
    load.ledger.tasks[title] = made.outcome
    load.ledger.count(made.outcome)
    path = f"/planner/api/v1/tasks/{made.body['id']}"
    edited = await client.change("POST", f"{path}/start", made.body["version"])
    note_edit(load, "tasks", made.body, edited)

    async def applied() -> bool:
        return bool((await client.get(path)).body["status"] == "in_progress")

    await _soon(applied, f"the start of {title}")


async def _sick_call(load: Load, client: Client) -> None:
    """There and back: the receipt of each is closed when all services have answered."""
    reported = await report_sick(client, load, "Mira")
    await _closed(client, reported["handover_id"])
    returned = await return_to_work(client, load.ledger, reported["absence"]["id"])
    await _closed(client, returned["handover_id"])


async def _closed(client: Client, handover_id: str) -> None:
    async def closed() -> bool:
        answer = await client.get(f"/scheduler/api/v1/handovers/{handover_id}")
        return answer.status == 200 and answer.body["state"] == "completed"

    await _soon(closed, f"the receipt of handover {handover_id}")


async def _soon(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await condition():  # noqa: ASYNC110 - over HTTP nobody tells
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise NotRecovered(f"{what} was not there after {_PATIENCE_SECONDS} s") from None
