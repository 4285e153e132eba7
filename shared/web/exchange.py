"""What routes take from a request and put into an answer, beyond the body.

@router.post("/tasks", status_code=201, response_model=TaskView)
async def create_task(command: NewTask, once: Idempotent, …) -> Response:
    async def work(tx: Transaction) -> Response:
        task = await create(tx, …)
        return reply(TaskView.of(task), status=201, version=task.version, location=…)

    return await service.outbox.transaction(lambda tx: once(tx, command, work))
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import Response

from shared.errors import N_, FieldError, InvalidRequest, PreconditionRequired
from shared.idempotency import COLLECTION, Once
from shared.service import Service

__all__ = ["Idempotent", "IfMatch", "Paging", "Served", "etag", "reply"]

_ETAG = re.compile(r'(?:W/)?"(\d{1,18})"')
_KEY = re.compile(r"[!-~]{1,255}")


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Served = Annotated[Service, Depends(_service)]
"""The running service: its outbox, ticker, clock."""


async def _if_match(
    if_match: Annotated[str | None, Header(description='The version read, as `"7"`')] = None,
) -> int:
    if if_match is None:
        raise PreconditionRequired
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        message = N_('This must be an ETag as it was given, like "7".')
        raise InvalidRequest(errors=[FieldError("header:if-match", message)])
    return int(found[1])


IfMatch = Annotated[int, Depends(_if_match)]
"""The version the caller has read, from `If-Match: "7"`. Missing: `PreconditionRequired`."""


def etag(version: int) -> dict[str, str]:
    """The header that tells which version the answer shows."""
    return {"ETag": f'"{version}"'}


def reply(
    content: BaseModel | dict[str, Any],
    *,
    status: int = 200,
    version: int | None = None,
    location: str | None = None,
) -> Response:
    """A JSON answer with its ETag and Location. `location` begins with the service's root path."""
    headers = {} if version is None else etag(version)
    if location is not None:
        headers["Location"] = location
    return Response(to_json(content), status, headers, "application/json")


async def _once(
    request: Request,
    service: Served,
    idempotency_key: Annotated[
        str | None, Header(description="Repeats of the request with this key change nothing")
    ] = None,
) -> Once:
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        message = N_("This must be 1 to 255 visible ASCII characters.")
        raise InvalidRequest(errors=[FieldError("header:idempotency-key", message)])
    identity = request.state.identity
    return Once(
        rows=service.mongo.collection(COLLECTION),
        clock=service.clock,
        key=idempotency_key,
        caller="" if identity is None else identity.member_id,
        route=f"{request.method} {request.url.path}",
    )


Idempotent = Annotated[Once, Depends(_once)]
"""`await once(tx, body, work)`: see `shared.idempotency`."""


@dataclass(frozen=True, slots=True)
class _Paging:
    """`limit` items after `cursor`; both are checked."""

    cursor: str | None
    limit: int


async def _paging(
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> _Paging:
    return _Paging(cursor, limit)


Paging = Annotated[_Paging, Depends(_paging)]
