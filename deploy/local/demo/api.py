"""The services' JSON APIs, as the demo calls them: as somebody, over HTTP, patiently."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared.auth import SYSTEM_SCOPE, Identity, Role, Scope, Tokens

__all__ = ["Api", "Caller", "Impatient", "Refused", "opened", "until"]

T = TypeVar("T")
Json = Any

_TOKEN_LASTS = timedelta(hours=2)
_REQUEST_SECONDS = 30
_PATIENCE_SECONDS = 90
_POLL_SECONDS = 0.02
_AT_ONCE = 6


class Refused(Exception):
    """A service said no; `code` is the problem's."""

    def __init__(self, what: str, status: int, problem: Mapping[str, Json]) -> None:
        detail = problem.get("detail") or problem.get("title") or ""
        super().__init__(f"{what} was refused: {status} {problem.get('code', '')} {detail}")
        self.status = status
        self.code = str(problem.get("code", ""))


class Impatient(Exception):
    """Something that should have come to pass did not."""


class _Away(Exception):
    """A service or the front door is away for a moment."""


async def until(
    condition: Callable[[], Awaitable[T | None]], what: str, seconds: float = _PATIENCE_SECONDS
) -> T:
    """Ask until the answer is truthy, and return it. Raises `Impatient`."""
    try:
        async with asyncio.timeout(seconds):
            while not (answer := await condition()):  # noqa: ASYNC110 - it is in other processes
                await asyncio.sleep(_POLL_SECONDS)
            return answer
    except TimeoutError:
        raise Impatient(f"After {seconds:g} s still waiting for this: {what}.") from None


class Api:
    def __init__(self, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._http = http
        self._tokens = tokens
        self._at_once = asyncio.Semaphore(_AT_ONCE)

    def as_member(self, member: Mapping[str, Json]) -> Caller:
        """As the person whom the scheduler describes so."""
        clients = member["clients"]
        return self._caller(
            Identity(
                member_id=member["id"],
                name=member["name"],
                role=Role(member["role"]),
                scope=Scope(None if clients is None else frozenset(clients)),
                tz=member["time_zone"],
            )
        )

    def as_system(self) -> Caller:
        """As another system: the one that sets the agency up."""
        return self._caller(Identity("demo", "Demo", Role.SYSTEM, SYSTEM_SCOPE))

    def _caller(self, identity: Identity) -> Caller:
        token = self._tokens.issue(identity, _TOKEN_LASTS)
        return Caller(self, {"Authorization": f"Bearer {token}"})

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str], **request: Json
    ) -> httpx.Response:
        """Tried again while a service is away: so only what may arrive twice.

        Raises `Refused`, and `Impatient` after a minute and a half.
        """
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type((_Away, httpx.TransportError)),
                wait=wait_random_exponential(multiplier=0.1, max=2),
                stop=stop_after_delay(_PATIENCE_SECONDS),
                reraise=True,
            ):
                with attempt:
                    return await self._send_once(method, path, headers=dict(headers), **request)
        except (_Away, httpx.TransportError) as error:
            raise Impatient(f"{method} {path}: nobody answers ({error!r}).") from error
        raise AssertionError("unreachable")

    async def _send_once(self, method: str, path: str, **request: Json) -> httpx.Response:
        async with self._at_once:
            answer = await self._http.request(method, path, **request)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Away(f"HTTP {answer.status_code}")
        if answer.is_error:
            raise Refused(f"{method} {path}", answer.status_code, _problem(answer))
        return answer


class Caller:
    """One person's, or system's, calls."""

    def __init__(self, api: Api, headers: Mapping[str, str]) -> None:
        self._api = api
        self._headers = headers

    async def get(self, path: str, **params: Json) -> Json:
        return (await self._send("GET", path, params=params)).json()

    async def all(self, path: str, **params: Json) -> list[dict[str, Json]]:
        """All pages of a list."""
        found: list[dict[str, Json]] = []
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            page = await self.get(path, limit=200, **params, **more)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def create(self, path: str, body: Mapping[str, Json], key: str) -> Json:
        """`key` names what is created: created twice it is there once."""
        headers = {"Idempotency-Key": quote(f"demo:{key}")}
        return (await self._send("POST", path, json=body, headers=headers)).json()

    async def command(
        self, path: str, version: int, body: Mapping[str, Json] | None = None, *, by: str = "POST"
    ) -> Json:
        """On the version that was read. Raises `Refused` with `stale_version` if it has changed,
        which may be by this very command if its answer was lost."""
        headers = {"If-Match": f'"{version}"'}
        return (await self._send(by, path, json=body, headers=headers)).json()

    async def put(self, path: str, body: Mapping[str, Json]) -> Json:
        return (await self._send("PUT", path, json=body)).json()

    async def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """What by its body alone may arrive twice."""
        return (await self._send("POST", path, json=body)).json()

    async def _send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **request: Json
    ) -> httpx.Response:
        together = {**self._headers, **(headers or {})}
        return await self._api.send(method, path, headers=together, **request)


@asynccontextmanager
async def opened(front_door: str, secret: str) -> AsyncIterator[Api]:
    async with httpx.AsyncClient(
        base_url=front_door, timeout=_REQUEST_SECONDS, trust_env=False
    ) as http:
        yield Api(http, Tokens(secret))


def _problem(answer: httpx.Response) -> Mapping[str, Json]:
    try:
        problem = answer.json()
    except ValueError:
        return {"detail": answer.text[:200]}
    return problem if isinstance(problem, dict) else {}
