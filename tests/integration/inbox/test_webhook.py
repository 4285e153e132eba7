"""The signed webhook: signatures, rotation, replay, bad bodies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from services.inbox.app import create_app
from services.inbox.directory.store import Directory
from services.inbox.settings import InboxSettings
from shared.events.planner import PageChanged
from shared.outbox import Transaction
from shared.service import Service
from tests.integration.inbox.conftest import As
from tests.integration.inbox.source import Source, body_of, problem, signed, source_of
from tests.integration.inbox.team import LEAD, OUTSIDER, TOM, setting


@pytest.fixture
async def inbox(settings: InboxSettings) -> AsyncIterator[FastAPI]:
    """Not started: it has been told of the pages, and what it accepts stays in its outbox."""
    app = create_app(settings)
    service: Service = app.state.service
    directory: Directory = app.state.directory
    await service._create_indexes()

    async def told(tx: Transaction) -> None:
        for event in setting():
            if isinstance(event, PageChanged):
                await directory.put_page(tx.session, event)

    await service.outbox.transaction(told)
    yield app
    await service.mongo.close()


@pytest.fixture
async def source(ask: As) -> Source:
    return await source_of(ask, "morgenrot")


async def test_the_signature_is_over_the_raw_body(source: Source) -> None:
    spaced = json.dumps(body_of(1), indent=3).encode()
    headers = signed(source.secrets[0], spaced)
    compact = json.dumps(body_of(1)).encode()
    assert problem(await source.send(compact, headers=headers)) == (401, "invalid_signature")
    assert (await source.send(spaced, headers=headers)).status_code == 202


async def test_a_missing_header_is_refused(source: Source) -> None:
    raw = json.dumps(body_of(1)).encode()
    for left_out in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        headers = signed(source.secrets[0], raw)
        del headers[left_out]
        refused = await source.send(raw, headers=headers)
        assert problem(refused) == (401, "invalid_signature"), left_out


async def test_a_malformed_signature_is_refused(source: Source) -> None:
    raw = json.dumps(body_of(1)).encode()
    for signature in ("", "v1", "v1,", "v1,äöü", "v2,AAAA", "v1,AAAA v1", ","):
        headers = signed(source.secrets[0], raw) | {"webhook-signature": signature}
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        refused = await source.send(raw, headers=httpx.Headers(encoded))
        assert problem(refused) == (401, "invalid_signature"), signature


async def test_a_replay_outside_of_the_window_is_refused(source: Source) -> None:
    raw = json.dumps(body_of(1)).encode()
    for minutes in (-6, 6):
        at = datetime.now(UTC) + timedelta(minutes=minutes)
        refused = await source.send(raw, headers=signed(source.secrets[0], raw, at=at))
        assert problem(refused) == (401, "stale_signature"), minutes


async def test_an_unknown_source_is_answered_like_a_wrong_signature(
    source: Source, ask: As
) -> None:
    raw = json.dumps(body_of(1)).encode()
    wrong = await source.send(raw, secret="whsec_bm9uZQ==")
    unknown = await ask(None).post(
        "/webhooks/nobody", content=raw, headers=signed("whsec_bm9uZQ==", raw)
    )
    assert problem(unknown) == problem(wrong) == (401, "invalid_signature")
    differing = {"instance", "correlation_id"}
    assert {key: value for key, value in unknown.json().items() if key not in differing} == {
        key: value for key, value in wrong.json().items() if key not in differing
    }


async def test_while_a_secret_is_rotated_both_are_valid(source: Source) -> None:
    await source.rotate(hours=24)
    first, second = source.secrets
    assert (await source.send(body_of(1), secret=first)).status_code == 202
    assert (await source.send(body_of(2), secret=second)).status_code == 202
    await source.rotate(hours=24)
    assert problem(await source.send(body_of(3), secret=first)) == (401, "invalid_signature")
    assert (await source.send(body_of(3), secret=second)).status_code == 202


async def test_without_an_overlap_the_old_secret_ends_at_once(source: Source) -> None:
    await source.rotate(hours=0)
    first, second = source.secrets
    assert problem(await source.send(body_of(1), secret=first)) == (401, "invalid_signature")
    assert (await source.send(body_of(1), secret=second)).status_code == 202


async def test_a_signed_body_that_is_not_json_is_told_so(source: Source) -> None:
    for body in (b"", b"{", b'{"type": "message.received", "data": "\\ud800"}'):
        assert problem(await source.send(body)) == (400, "malformed_json"), body
    assert (await source.send(body_of(1))).status_code == 202


async def test_another_type_is_refused_by_its_name(source: Source) -> None:
    response = await source.send({"type": "message.deleted", "data": {}})
    assert problem(response) == (422, "invalid_request")
    assert [fault["pointer"] for fault in response.json()["errors"]] == ["/type"]


async def test_an_impossible_time_is_refused(source: Source) -> None:
    for sent_at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        response = await source.send(body_of(1, sent_at=sent_at))
        assert problem(response) == (422, "invalid_messages"), sent_at


async def test_a_secret_is_shown_once(source: Source, ask: As) -> None:
    for path in (f"/api/v1/sources/{source.id}", "/api/v1/sources"):
        text = (await ask(LEAD).get(path)).text
        assert source.id in text
        assert source.secrets[0] not in text
        assert "whsec_" not in text


async def test_sources_are_for_those_who_manage_them_and_within_their_scope(
    source: Source, ask: As
) -> None:
    assert problem(await ask(TOM).get("/api/v1/sources")) == (403, "forbidden")
    assert problem(await ask(None).get("/api/v1/sources")) == (401, "not_signed_in")
    elsewhere = LEAD.__class__("lena", "Lena", LEAD.role, OUTSIDER.scope)
    assert (await ask(elsewhere).get("/api/v1/sources")).json()["items"] == []
    for response in (
        await ask(elsewhere).get(f"/api/v1/sources/{source.id}"),
        await ask(elsewhere).delete(f"/api/v1/sources/{source.id}", headers={"If-Match": '"1"'}),
    ):
        assert problem(response) == (404, "not_found")
    made = await ask(elsewhere).post("/api/v1/sources", json={"page_id": "morgenrot"})
    assert problem(made) == (422, "unknown_page")


async def test_a_removed_source_takes_nothing(source: Source, ask: As) -> None:
    stale = await ask(LEAD).delete(f"/api/v1/sources/{source.id}", headers={"If-Match": '"9"'})
    assert problem(stale) == (412, "stale_version")
    gone = await ask(LEAD).delete(f"/api/v1/sources/{source.id}", headers={"If-Match": '"1"'})
    assert gone.status_code == 204
    assert problem(await source.send(body_of(1))) == (401, "invalid_signature")


async def test_creating_a_source_with_the_same_key_makes_one(source: Source, ask: As) -> None:
    key = {"Idempotency-Key": "one"}
    first, second = [
        await ask(LEAD).post("/api/v1/sources", json={"page_id": "auental"}, headers=key)
        for _ in range(2)
    ]
    assert first.json() == second.json()
    other = await ask(LEAD).post("/api/v1/sources", json={"page_id": "radwerk"}, headers=key)
    assert problem(other) == (422, "idempotency_key_reused")
    assert len((await ask(LEAD).get("/api/v1/sources")).json()["items"]) == 2
