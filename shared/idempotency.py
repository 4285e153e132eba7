"""Creating the same thing once, however often the request arrives (`Idempotency-Key`).

The first answer is stored in the transaction that made it true, and repeated for a day to whoever
sends the same request with the same key. Of two at the same time, one transaction conflicts, is
run again, and then finds the other's answer.

    idempotency {_id: <caller, route, key>, fingerprint, status, headers, body, created_at}
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_jsonable_python
from pymongo.errors import DuplicateKeyError
from starlette.responses import Response

from shared.clock import Clock
from shared.errors import IdempotencyKeyReused
from shared.mongo import Collection, Conflict, Document
from shared.outbox import Transaction

__all__ = ["COLLECTION", "KEPT_SECONDS", "REPLAYED", "Once"]

COLLECTION: Final = "idempotency"
KEPT_SECONDS: Final = 24 * 3600
REPLAYED: Final = "Idempotency-Replayed"

_HEADERS = ("content-type", "etag", "location")


@dataclass(frozen=True, slots=True)
class Once:
    """One request of one caller to one route. `key` None: the caller asked for no such promise."""

    rows: Collection
    clock: Clock
    key: str | None
    caller: str
    route: str

    async def __call__(
        self,
        tx: Transaction,
        body: object,
        work: Callable[[Transaction], Awaitable[Response]],
    ) -> Response:
        """What `work` answers, or answered the first time. Nothing is stored if it raises.

        `body` is what the request says, as a model or as JSON. Raises `IdempotencyKeyReused` if
        the key came with another one before.
        """
        if self.key is None:
            return await work(tx)
        row_id = _digest([self.caller, self.route, self.key])
        # With the key, which is stored nowhere: what a body says could be guessed from its digest.
        fingerprint = _digest([self.key, body])
        if row := await self.rows.find_one({"_id": row_id}, session=tx.session):
            return _replay(row, fingerprint)
        response = await work(tx)
        row = {"_id": row_id, "fingerprint": fingerprint, "created_at": self.clock()}
        try:
            await self.rows.insert_one({**row, **_stored(response)}, session=tx.session)
        except DuplicateKeyError:
            raise Conflict("the same request was answered meanwhile") from None
        return response


def _digest(value: object) -> str:
    canonical = json.dumps(to_jsonable_python(value), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _stored(response: Response) -> Document:
    headers = {name: response.headers[name] for name in _HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": bytes(response.body)}


def _replay(row: Document, fingerprint: str) -> Response:
    if row["fingerprint"] != fingerprint:
        raise IdempotencyKeyReused
    headers: dict[str, Any] = {**row["headers"], REPLAYED: "true"}
    return Response(row["body"], row["status"], headers)
