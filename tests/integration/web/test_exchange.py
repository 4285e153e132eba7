"""Idempotency keys and cursors, on the real database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.service import Service
from tests.integration.web.conftest import LEAD, MEMBER, As

KEY = {"Idempotency-Key": "order-1"}


async def count(service: Service, text: str) -> int:
    return await service.mongo.collection("notes").count_documents({"text": text})


async def create(
    client: httpx.AsyncClient, text: str, headers: dict[str, str] | None = None
) -> httpx.Response:
    return await client.post("/api/v1/notes", json={"text": text}, headers=headers)


async def test_the_same_request_again_gets_the_same_answer(ask: As, service: Service) -> None:
    first = await create(ask(LEAD), "one", KEY)
    again = await create(ask(LEAD), "one", KEY)
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    for header in ("etag", "location", "content-type"):
        assert first.headers[header] == again.headers[header]
    assert first.headers["location"] == f"/notes/api/v1/notes/{first.json()['id']}"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await count(service, "one") == 1


async def test_a_differently_written_body_is_the_same_request(ask: As, service: Service) -> None:
    await create(ask(LEAD), "one", KEY)
    again = await ask(LEAD).post(
        "/api/v1/notes", json={"at": None, "client_id": "c1", "text": "one"}, headers=KEY
    )
    assert again.headers["idempotency-replayed"] == "true"


async def test_another_body_is_refused(ask: As, service: Service) -> None:
    await create(ask(LEAD), "one", KEY)
    other = await create(ask(LEAD), "two", KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(service, "two") == 0


async def test_what_is_kept_does_not_tell_equal_bodies(ask: As, service: Service) -> None:
    """A digest of the body alone could be guessed: of what kind is this absence?"""
    for key in ("order-1", "order-2"):
        await create(ask(LEAD), "one", {"Idempotency-Key": key})
    kept = [row async for row in service.mongo.collection("idempotency").find()]
    assert len({row["fingerprint"] for row in kept}) == 2
    assert "order" not in str(kept)


async def test_keys_are_each_callers_own_and_without_one_nothing_is_kept(
    ask: As, service: Service
) -> None:
    for client, headers in (
        (ask(LEAD), KEY), (ask(MEMBER), KEY), (ask(LEAD), None), (ask(LEAD), None),
    ):  # fmt: skip
        response = await create(client, "one", headers)
        assert "idempotency-replayed" not in response.headers
    assert await count(service, "one") == 4


async def test_of_many_at_once_one_is_carried_out(ask: As, service: Service) -> None:
    client = ask(LEAD)
    answers = await asyncio.gather(*(create(client, "one", KEY) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 7
    assert await count(service, "one") == 1


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "with blank"])
async def test_an_unsound_key_is_refused(ask: As, key: str) -> None:
    response = await create(ask(LEAD), "one", {"Idempotency-Key": key})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "header:idempotency-key"


async def test_pages_lead_through_the_whole_list(ask: As, service: Service) -> None:
    notes = service.mongo.collection("notes")
    await notes.delete_many({})
    begin = datetime(2026, 11, 24, tzinfo=UTC)
    # Equal and missing times: the order is total all the same.
    times = [None if n % 5 == 0 else begin + timedelta(minutes=n // 3) for n in range(31)]
    await notes.insert_many(
        {"_id": f"n{n:02}", "client_id": "c1" if n % 2 else "c2", "made_at": at}
        for n, at in enumerate(times)
    )
    for identity, total in ((LEAD, 31), (MEMBER, 15)):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": 4} | ({"cursor": cursor} if cursor else {})
            page = (await ask(identity).get("/api/v1/notes", params=query)).json()
            assert len(page["items"]) == 4 or page["next_cursor"] is None
            seen += page["items"]
            cursor = page["next_cursor"]
        assert len(seen) == len(set(seen)) == total
        stored = await notes.find(identity.scope.mongo()).sort("made_at", -1).to_list(None)
        assert [times[int(name[1:])] for name in seen] == [row["made_at"] for row in stored]
