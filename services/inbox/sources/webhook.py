"""`POST /webhooks/{source_id}`: a page's messages, signed by Standard Webhooks.

The one public route that writes. A burst is never refused: what is signed is stored, and threaded
from the topic as fast as that goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from services.inbox import metrics
from services.inbox.sources.errors import InvalidMessages, InvalidSignature
from services.inbox.sources.routes import source_store
from services.inbox.sources.signature import new_secret, verify
from services.inbox.sources.store import SourceStore
from services.inbox.sources.usecases import accept_messages
from shared.errors import AppError, FieldError, MalformedJson
from shared.events.inbox import MessageReceived
from shared.service import Service
from shared.web import Router, Served, public
from shared.web.validation import rejected

__all__ = ["Delivery", "messages_of", "router"]

router = Router(tags=["sources"])

_CHUNK = 200
"""Messages per transaction: each writes its outbox row and its author's sequence."""


class Delivery(BaseModel):
    """The body of a webhook; `data` is one message or a list of them."""

    type: Literal["message.received"]
    data: list[Any] | dict[str, Any]


class Accepted(BaseModel):
    """How many messages are stored for good; one that had come before counts as well."""

    accepted: int


_DOCUMENTED = {
    "requestBody": {
        "required": True,
        "description": "`data` is a message as on the topic `community.messages`, without "
        "`page_id`, or a list of messages. Headers are those of Standard Webhooks.",
        "content": {"application/json": {"schema": Delivery.model_json_schema()}},
    }
}


@router.post("/webhooks/{source_id}", status_code=202, openapi_extra=_DOCUMENTED)
@public
async def receive(
    request: Request,
    service: Served,
    sources: Annotated[SourceStore, Depends(source_store)],
    source_id: str,
) -> Accepted:
    """Answers once the messages are stored for good. Sending any of them again is harmless."""
    try:
        accepted = await _receive(request, service, sources, source_id)
    except AppError as error:
        metrics.WEBHOOKS.labels(error.code).inc()
        raise
    metrics.WEBHOOKS.labels("accepted").inc()
    return Accepted(accepted=accepted)


async def _receive(request: Request, service: Service, sources: SourceStore, source_id: str) -> int:
    body = await request.body()
    source = await sources.named(source_id)
    # An unknown source is answered like a wrong signature, so that nobody learns which exist.
    secrets = source.valid_secrets(service.clock()) if source else [new_secret()]
    verify(secrets, body, request.headers)
    if source is None:
        raise InvalidSignature
    messages, faults = messages_of(_delivery(body), source.page_id)
    for first in range(0, len(messages), _CHUNK):
        chunk = messages[first : first + _CHUNK]
        await service.outbox.transaction(partial(accept_messages, messages=chunk))
    if faults:
        raise InvalidMessages(
            errors=faults, extra={"accepted": len(messages)}, accepted=len(messages)
        )
    return len(messages)


def _delivery(body: bytes) -> Delivery:
    try:
        return Delivery.model_validate(from_json(body))
    except ValidationError as error:
        raise rejected(_located(error, "body")) from None
    except ValueError:
        raise MalformedJson from None


def messages_of(
    delivery: Delivery, page_id: str
) -> tuple[list[MessageReceived], Sequence[FieldError]]:
    """The sound messages, and what is wrong with the others: each is judged on its own."""
    given: Iterable[tuple[tuple[str | int, ...], Any]] = (
        [(("body", "data", number), one) for number, one in enumerate(delivery.data)]
        if isinstance(delivery.data, list)
        else [(("body", "data"), delivery.data)]
    )
    sound: list[MessageReceived] = []
    faults: list[FieldError] = []
    for where, one in given:
        named = {**one, "page_id": page_id} if isinstance(one, dict) else one
        try:
            sound.append(MessageReceived.model_validate(named))
        except ValidationError as error:
            faults += rejected(_located(error, *where)).errors
    return sound, faults


def _located(error: ValidationError, *where: str | int) -> RequestValidationError:
    problems = error.errors(include_url=False, include_input=False)
    return RequestValidationError(
        [{**problem, "loc": (*where, *problem["loc"])} for problem in problems]
    )
