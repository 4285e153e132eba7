"""A small agency, made over HTTP: what the end-to-end and the kill tests work with.

One client with two pages. Jana is community manager of the first page and copywriter; Tom is her
deputy and Mira his; Lena leads. Every call is repeated until it is answered, with the same
`Idempotency-Key`, as a careful client of the API does it while processes are killed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from standardwebhooks import Webhook
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared.auth import Identity, Role, Scope, Tokens
from tests.support.engines import AUTH_SECRET
from tests.support.waiting import eventually

__all__ = ["Agency", "NotNow", "signed"]

_DISCIPLINES = ("copywriting", "community", "publishing", "design")
_PATIENCE_SECONDS = 90


class NotNow(Exception):
    """The answer says to try again."""


class Agency:
    """Ids of members, pages and sources by their names, once it is built."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=20)
        self._lead = _token("setup", "Setup", Role.LEAD)
        self.members: dict[str, str] = {}
        self.client = ""
        self.pages: list[str] = []
        self.sources: list[dict[str, str]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._http.aclose()

    async def build(self) -> None:
        client = await self.post("/planner/api/v1/clients", {"name": "Rösterei Morgenrot"})
        self.client = client["id"]
        for name, platform in (("Morgenrot", "instagram"), ("Morgenrot Leipzig", "mastodon")):
            page = {"client_id": self.client, "name": name, "platform": platform}
            self.pages.append((await self.post("/planner/api/v1/pages", page))["id"])
        for name, role in (
            ("Jana", "member"),
            ("Tom", "member"),
            ("Mira", "member"),
            ("Lena", "lead"),
        ):
            await self._hire(name, role)
        await self._cover()
        for page_id in self.pages:
            source = await self.post("/inbox/api/v1/sources", {"page_id": page_id})
            self.sources.append({"id": source["id"], "secret": source["secret"]})

    async def _hire(self, name: str, role: str) -> None:
        body = {
            "name": f"{name} Muster",
            "email": f"{name.lower()}@example.org",
            "role": role,
            "clients": [self.client],
        }
        member_id = (await self.post("/scheduler/api/v1/members", body))["id"]
        self.members[name] = member_id
        for discipline in _DISCIPLINES:
            await self.qualify(name, discipline)

    async def qualify(self, name: str, discipline: str) -> None:
        path = f"/scheduler/api/v1/members/{self.members[name]}/qualifications"
        await self.post(path, {"discipline": discipline, "level": 2})

    async def _cover(self) -> None:
        await self.put(
            f"/scheduler/api/v1/clients/{self.client}/leads",
            {"members": [self.members["Lena"]]},
            if_match=0,
        )
        places = [
            *((None, discipline) for discipline in ("copywriting", "design")),
            *(
                (page, discipline)
                for page in self.pages
                for discipline in ("community", "publishing")
            ),
        ]
        wanted = [self._wanted(name, page, "Jana", ("Tom", "Mira")) for page, name in places]
        await self.post("/scheduler/api/v1/assignments", {"assignments": wanted})

    async def make_responsible(
        self, discipline: str, page_id: str | None, owner: str, deputies: Sequence[str]
    ) -> None:
        body = self._wanted(discipline, page_id, owner, deputies)
        await self.post("/scheduler/api/v1/responsibilities", body)

    def _wanted(
        self, discipline: str, page_id: str | None, owner: str, deputies: Sequence[str]
    ) -> dict[str, Any]:
        return {
            "client_id": self.client,
            "page_id": page_id,
            "discipline": discipline,
            "owner": self.members[owner],
            "deputies": [self.members[name] for name in deputies],
        }

    # What happens in it

    async def task(self, number: int, discipline: str = "copywriting") -> str:
        due = datetime.now(UTC) + timedelta(days=1, minutes=number)
        body = {
            "client_id": self.client,
            "discipline": discipline,
            "title": f"Task {number}",
            "due_at": due.isoformat(),
        }
        created: str = (await self.post("/planner/api/v1/tasks", body))["id"]
        return created

    async def report_sick(self, name: str) -> dict[str, Any]:
        """{absence: {...}, handover_id}"""
        body = {"member_id": self.members[name], "kind": "sick", "note": "canary-3f9a"}
        reported: dict[str, Any] = await self.post("/scheduler/api/v1/absences", body)
        return reported

    async def return_to_work(self, absence_id: str) -> dict[str, Any]:
        """Ends the absence, whatever version it has."""
        path = f"/scheduler/api/v1/absences/{absence_id}"
        absence = await self.get(path)
        ended: dict[str, Any] = await self.post(f"{path}/end", {}, if_match=absence["version"])
        return ended

    async def receipt_closed(self, handover_id: str, timeout: float = 60) -> dict[str, Any]:
        async def completed() -> dict[str, Any] | None:
            handover = await self.get(f"/scheduler/api/v1/handovers/{handover_id}")
            return handover if handover["state"] == "completed" else None

        found: dict[str, Any] | None = await eventually(
            completed, timeout=timeout, what="the receipt is closed"
        )
        assert found is not None
        return found

    async def deliver(self, source: Mapping[str, str], messages: Sequence[Any]) -> None:
        """As a platform does."""
        body = json.dumps({"type": "message.received", "data": messages})
        await self._ask("POST", f"/inbox/webhooks/{source['id']}", signed(source, body), body)

    # HTTP

    async def get(self, path: str) -> Any:
        return await self._call("GET", path)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        if_match: int | None = None,
        by: str | None = None,
    ) -> Any:
        """`by`: the name of the member who asks; None: the lead that has set everything up."""
        return await self._call("POST", path, body, if_match, by)

    def _token_of(self, name: str) -> str:
        return _token(self.members[name], f"{name} Muster", Role.MEMBER)

    async def put(self, path: str, body: Mapping[str, Any], *, if_match: int | None = None) -> Any:
        return await self._call("PUT", path, body, if_match)

    async def try_patch(self, path: str, body: Mapping[str, Any], if_match: int) -> httpx.Response:
        """Once, whatever the answer."""
        headers = {"Authorization": f"Bearer {self._lead}", "If-Match": f'"{if_match}"'}
        return await self._http.patch(path, json=body, headers=headers)

    async def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        if_match: int | None = None,
        by: str | None = None,
    ) -> Any:
        token = self._lead if by is None else self._token_of(by)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        return await self._ask(method, path, headers, "" if body is None else json.dumps(body))

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: str) -> Any:
        headers = {**headers, "Content-Type": "application/json"}
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((NotNow, httpx.TransportError)),
            wait=wait_random_exponential(multiplier=0.05, max=1),
            stop=stop_after_delay(_PATIENCE_SECONDS),
            reraise=True,
        ):
            with attempt:
                response = await self._http.request(method, path, content=body, headers=headers)
                if response.status_code >= 500 or _not_known_yet(response):
                    raise NotNow(response.text)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()


def signed(source: Mapping[str, str], body: str) -> dict[str, str]:
    """The headers with which a platform delivers the body."""
    message_id, now = uuid4().hex, datetime.now(UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(source["secret"]).sign(message_id, now, body),
    }


def _not_known_yet(response: httpx.Response) -> bool:
    """The service has not heard of the client or page from the planner."""
    return response.is_client_error and response.json()["code"] in {
        "assignments_refused",
        "unknown_client",
        "unknown_page",
    }


def _token(member_id: str, name: str, role: Role) -> str:
    identity = Identity(member_id=member_id, name=name, role=role, scope=Scope(None))
    return Tokens(AUTH_SECRET).issue(identity, timedelta(hours=2))
