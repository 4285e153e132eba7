"""Every route of the inbox asks who is there; what it tells about itself names nobody."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from shared.auth import Permission
from shared.mongo import Mongo
from shared.web.access import accesses
from tests.integration.inbox.conftest import As
from tests.integration.inbox.source import problem
from tests.integration.inbox.team import LEAD, OUTSIDER, TOM
from tests.integration.inbox.test_intake import messages, set_up, taken_in
from tests.integration.inbox.world import World
from tests.support.waiting import eventually

WRITES = {"POST", "DELETE", "PUT", "PATCH"}
MAY_WRITE = {Permission.INBOX_WRITE, Permission.INBOX_MANAGE, Permission.OPERATIONS}
PUBLIC = {
    "/api/docs", "/api/openapi.json", "/asyncapi", "/healthz", "/language", "/metrics", "/readyz",
    "/theme", "/webhooks/{source_id}",
}  # fmt: skip


async def test_the_webhook_alone_is_public_of_what_concerns_the_inbox(inbox: FastAPI) -> None:
    found = list(accesses(inbox))
    assert {access.path for access in found if access.public} == PUBLIC
    for access in found:
        assert access.public != bool(access.permissions), access.path
        if access.methods & WRITES and not access.public:
            assert access.permissions & MAY_WRITE, access.path


async def test_nobody_gets_anything_without_an_identity(inbox: FastAPI, ask: As) -> None:
    for access in accesses(inbox):
        if access.public:
            continue
        path = access.path.format(conversation_id="c", source_id="s")
        for method in access.methods:
            response = await ask(None).request(method, path)
            assert response.status_code == 401, (method, path)


async def test_pages_of_another_client_are_nowhere_seen(
    world: World, inbox: FastAPI, database: Mongo, ask: As
) -> None:
    await set_up(world, database)
    await world.says(messages(3, "morgenrot", authors=1))
    await taken_in(database, 3)
    stored = await database.collection("conversations").find_one({})
    assert stored is not None
    person = {"accept": "text/html"}
    for path in ("/?view=all", "/?view=all&page=morgenrot", "/?view=all&holder=jana", "/refresh"):
        shown = (await ask(OUTSIDER).get(path, headers=person)).text
        assert "Katrin" not in shown
        assert "Morgenrot" not in shown
    path = f"/conversations/{stored['_id']}"
    assert (await ask(OUTSIDER).get(path, headers=person)).status_code == 404
    assert (await ask(OUTSIDER).get(f"/refresh?current={stored['_id']}")).status_code == 404
    for what in ("claim", "release", "done", "reopen"):
        form = {"version": str(stored["version"])}
        assert (await ask(OUTSIDER).post(f"{path}/{what}", data=form)).status_code == 404
    assert (await ask(OUTSIDER).post(f"{path}/notes", data={"text": "x"})).status_code == 404


async def test_unrouted_messages_are_for_the_whole_agencys_scope(
    world: World, inbox: FastAPI, ask: As
) -> None:
    await world.says(messages(3, "nowhere"))

    async def told() -> bool:
        found = (await ask(LEAD).get("/api/v1/unrouted")).json()["items"]
        return [(one["page_id"], one["messages"]) for one in found] == [("nowhere", 3)]

    await eventually(told)
    assert problem(await ask(TOM).get("/api/v1/unrouted")) == (403, "forbidden")
    narrow = LEAD.__class__("lena", "Lena", LEAD.role, OUTSIDER.scope)
    assert problem(await ask(narrow).get("/api/v1/unrouted")) == (403, "forbidden")


async def test_metrics_count_and_name_nobody(
    world: World, inbox: FastAPI, database: Mongo, ask: As
) -> None:
    await set_up(world, database)
    sent = messages(6, "morgenrot", authors=2)
    await world.says([*sent, sent[0], *messages(1, "nowhere")])
    await taken_in(database, 6)

    async def measured() -> bool:
        told = (await ask(None).get("/metrics")).text
        return (
            "understudy_inbox_conversations_open 2.0" in told
            and "understudy_inbox_conversations_uncovered 0.0" in told
            and "understudy_inbox_unrouted_messages 1.0" in told
        )

    await eventually(measured)
    told = (await ask(None).get("/metrics")).text
    assert 'understudy_inbox_messages_total{outcome="new"}' in told
    for name in ("jana", "Katrin", "morgenrot", "rowa", "author1"):
        assert name not in told


@pytest.mark.parametrize("path", ["/api/openapi.json", "/asyncapi", "/api/docs"])
async def test_it_describes_itself(inbox: FastAPI, ask: As, path: str) -> None:
    response = await ask(None).get(path)
    assert response.status_code == 200
