"""What members do with conversations over the API, and what outsiders cannot."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.auth import Identity
from shared.mongo import Mongo
from tests.integration.inbox.conftest import As
from tests.integration.inbox.source import problem
from tests.integration.inbox.team import JANA, LEAD, MIRA, OUTSIDER, SYSTEM, TOM, away, back
from tests.integration.inbox.test_intake import messages, set_up, taken_in
from tests.integration.inbox.world import World, rows
from tests.support.waiting import eventually
from tests.unit.inbox.conversing import message

PATH = "/api/v1/conversations"


class Desk:
    """One conversation of the page `morgenrot`, held by Jana, and commands to it."""

    def __init__(self, ask: As, id: str) -> None:
        self._ask = ask
        self.path = f"{PATH}/{id}"

    async def now(self) -> dict[str, Any]:
        response = await self._ask(LEAD).get(self.path)
        assert response.headers["etag"] == f'"{response.json()["version"]}"'
        body: dict[str, Any] = response.json()
        return body

    async def does(
        self, who: Identity, what: str, body: Any = None, *, version: int | None = None
    ) -> httpx.Response:
        version = (await self.now())["version"] if version is None else version
        return await self._ask(who).post(
            f"{self.path}/{what}", json=body, headers={"If-Match": f'"{version}"'}
        )


@pytest.fixture
async def desk(world: World, inbox: FastAPI, database: Mongo, ask: As) -> Desk:
    await set_up(world, database)
    await world.says([message(1, page_id="morgenrot"), message(2, page_id="morgenrot")])
    await taken_in(database, 2)
    [conversation] = await rows(database, "conversations")
    return Desk(ask, conversation["_id"])


async def handed_over(world: World, database: Mongo, epoch: int, events: list[Any]) -> None:
    await world.says(events)

    async def answered() -> bool:
        return bool(await rows(database, "handover_runs", state="answered", epoch=epoch))

    await eventually(answered)


async def jana_falls_ill(world: World, database: Mongo) -> None:
    await handed_over(
        world, database, 2, away("jana", {"morgenrot": "tom", "auental": "tom"}, epoch=2)
    )


async def test_a_sick_call_moves_the_conversation_and_the_return_brings_it_back(
    world: World, database: Mongo, desk: Desk
) -> None:
    await jana_falls_ill(world, database)
    now = await desk.now()
    assert (now["holder"], now["home"]) == ("tom", "jana")
    parts = await world.hears("inbox.handovers", 2)
    assert [part.data["total"] for part in parts] == [None, 1]
    [move] = parts[0].data["moves"]
    assert (move["from_holder"], move["to_holder"], move["move_no"]) == ("jana", "tom", 1)
    assert move["label"] == "Katrin Lohse"
    await handed_over(
        world, database, 3, back("jana", {"morgenrot": "jana", "auental": "jana"}, epoch=3)
    )
    now = await desk.now()
    assert (now["holder"], now["home"]) == ("jana", None)


@pytest.mark.parametrize("what", ["note", "claim"])
async def test_what_the_deputy_has_begun_stays_with_the_deputy(
    world: World, database: Mongo, desk: Desk, ask: As, what: str
) -> None:
    await jana_falls_ill(world, database)
    if what == "note":
        await ask(TOM).post(f"{desk.path}/notes", json={"text": "Paket wird gesucht"})
    else:
        await desk.does(TOM, "claim")
    await handed_over(
        world, database, 3, back("jana", {"morgenrot": "jana", "auental": "jana"}, epoch=3)
    )
    assert (await desk.now())["holder"] == "tom"


async def test_anybody_present_in_scope_may_claim(desk: Desk) -> None:
    response = await desk.does(MIRA, "claim")
    assert (response.status_code, response.json()["holder"]) == (200, "mira")
    assert response.headers["etag"] == f'"{response.json()["version"]}"'


async def test_somebody_who_is_away_may_not_claim(
    world: World, database: Mongo, desk: Desk
) -> None:
    await jana_falls_ill(world, database)
    assert problem(await desk.does(JANA, "claim")) == (409, "member_absent")


async def test_released_it_is_with_who_acts(desk: Desk) -> None:
    await desk.does(MIRA, "claim")
    assert (await desk.does(MIRA, "release")).json()["holder"] == "jana"


async def test_it_is_not_assigned_to_who_cannot_have_it(
    world: World, database: Mongo, desk: Desk
) -> None:
    await jana_falls_ill(world, database)
    for to, status, code in (
        ("jana", 409, "member_absent"),
        ("otto", 409, "member_has_no_access"),
        ("nobody", 422, "unknown_member"),
    ):
        response = await desk.does(LEAD, "assign", {"member_id": to})
        assert problem(response) == (status, code)
    assert (await desk.does(LEAD, "assign", {"member_id": "mira"})).json()["holder"] == "mira"


async def test_done_and_opened_again(desk: Desk) -> None:
    before = await desk.now()
    done = (await desk.does(JANA, "done")).json()
    assert (done["status"], done["done_by"], done["holder"]) == ("done", "jana", "jana")
    assert problem(await desk.does(MIRA, "claim")) == (409, "conversation_done")
    opened = (await desk.does(TOM, "reopen")).json()
    assert opened == before | {"version": opened["version"]}


async def test_opened_again_while_its_holder_is_away_it_is_with_who_acts(
    world: World, database: Mongo, desk: Desk
) -> None:
    await desk.does(JANA, "done")
    await jana_falls_ill(world, database)
    opened = (await desk.does(MIRA, "reopen")).json()
    assert (opened["holder"], opened["home"]) == ("tom", None)


async def test_a_stale_version_is_refused_and_a_message_makes_stale(
    world: World, database: Mongo, desk: Desk
) -> None:
    version = (await desk.now())["version"]
    await world.says([message(3, page_id="morgenrot")])
    await taken_in(database, 3)
    stale = await desk.does(JANA, "done", version=version)
    assert problem(stale) == (412, "stale_version")
    assert (await desk.now())["status"] == "open"


async def test_a_move_of_the_handover_makes_no_version_stale(
    world: World, database: Mongo, desk: Desk
) -> None:
    version = (await desk.now())["version"]
    await jana_falls_ill(world, database)
    assert (await desk.does(TOM, "done", version=version)).status_code == 200


async def test_without_a_version_nothing_is_done(desk: Desk, ask: As) -> None:
    response = await ask(TOM).post(f"{desk.path}/done")
    assert problem(response) == (428, "precondition_required")


async def test_of_two_claims_at_once_one_wins(desk: Desk) -> None:
    version = (await desk.now())["version"]
    answers = await asyncio.gather(
        desk.does(TOM, "claim", version=version), desk.does(MIRA, "claim", version=version)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_a_note_is_written_once_and_listed(desk: Desk, ask: As) -> None:
    key = {"Idempotency-Key": "n1"}
    for _ in range(2):
        response = await ask(TOM).post(f"{desk.path}/notes", json={"text": "a"}, headers=key)
        assert response.status_code == 201
    reused = await ask(TOM).post(f"{desk.path}/notes", json={"text": "b"}, headers=key)
    assert problem(reused) == (422, "idempotency_key_reused")
    notes = (await ask(MIRA).get(f"{desk.path}/notes")).json()["items"]
    assert [(note["author"], note["text"]) for note in notes] == [("tom", "a")]


async def test_a_note_must_be_one(desk: Desk, ask: As) -> None:
    for body in ({}, {"text": ""}, {"text": "a", "colour": "red"}):
        refused = await ask(TOM).post(f"{desk.path}/notes", json=body)
        assert problem(refused) == (422, "invalid_request"), body


async def test_another_clients_identity_sees_and_changes_nothing(desk: Desk, ask: As) -> None:
    assert (await ask(OUTSIDER).get(PATH)).json() == {"items": [], "next_cursor": None}
    for path in (desk.path, f"{desk.path}/messages", f"{desk.path}/notes"):
        assert problem(await ask(OUTSIDER).get(path)) == (404, "not_found")
    for what in ("claim", "release", "done", "reopen"):
        assert problem(await desk.does(OUTSIDER, what)) == (404, "not_found")
    assigned = await desk.does(OUTSIDER, "assign", {"member_id": "otto"})
    assert problem(assigned) == (404, "not_found")
    noted = await ask(OUTSIDER).post(f"{desk.path}/notes", json={"text": "x"})
    assert problem(noted) == (404, "not_found")
    assert (await desk.now())["holder"] == "jana"


async def test_another_system_reads_but_does_not_decide(desk: Desk, ask: As) -> None:
    assert len((await ask(SYSTEM).get(PATH)).json()["items"]) == 1
    assert problem(await desk.does(SYSTEM, "claim")) == (403, "forbidden")


async def test_commands_are_told_to_others(world: World, desk: Desk) -> None:
    await desk.does(MIRA, "claim")
    await desk.does(MIRA, "done")

    async def told() -> bool:
        changes = await world.hears("community.conversations", 3)
        return [(one.sequence, one.data["status"]) for one in changes[-2:]] == [
            (changes[-1].sequence - 1, "open"), (changes[-1].sequence, "done"),
        ]  # fmt: skip

    await eventually(told)


async def test_filters_combine(world: World, inbox: FastAPI, database: Mongo, ask: As) -> None:
    await set_up(world, database)
    await world.says(messages(6, "morgenrot", authors=6))
    await world.says(messages(6, "auental", authors=6))
    await taken_in(database, 12)
    stored = database.collection("conversations")
    await stored.update_one({"page_id": "morgenrot"}, {"$set": {"holder": "mira"}})
    await stored.update_one({"page_id": "auental"}, {"$set": {"holder": None}})
    expected: list[tuple[dict[str, str], int]] = [
        ({}, 12),
        ({"view": "mine"}, 10),
        ({"view": "unassigned"}, 1),
        ({"page_id": "morgenrot"}, 6),
        ({"client_id": "auen"}, 6),
        ({"holder": "mira"}, 1),
        ({"view": "mine", "page_id": "auental"}, 5),
        ({"status": "done"}, 0),
    ]
    for query, count in expected:
        found = (await ask(JANA).get(PATH, params=query)).json()["items"]
        assert len(found) == count, query


async def test_the_list_pages_to_its_end_by_waiting_time(
    world: World, inbox: FastAPI, database: Mongo, ask: As
) -> None:
    await set_up(world, database)
    await world.says(messages(45, "morgenrot", authors=45))
    await taken_in(database, 45)
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        query = {"limit": 10} | ({"cursor": cursor} if cursor else {})
        page = (await ask(JANA).get(PATH, params=query)).json()
        seen += page["items"]
        if (cursor := page["next_cursor"]) is None:
            break
    assert len({one["id"] for one in seen}) == len(seen) == 45
    assert [one["waiting_since"] for one in seen] == sorted(one["waiting_since"] for one in seen)


async def test_messages_stand_in_the_platforms_order(
    world: World, database: Mongo, desk: Desk, ask: As
) -> None:
    await world.says([message(0, page_id="morgenrot")])
    await taken_in(database, 3)
    first = (await ask(TOM).get(f"{desk.path}/messages", params={"limit": 2})).json()
    rest = (
        await ask(TOM).get(
            f"{desk.path}/messages", params={"limit": 2, "cursor": first["next_cursor"]}
        )
    ).json()
    texts = [one["text"] for one in first["items"] + rest["items"]]
    assert texts == ["text 2", "text 1", "text 0"]
    assert rest["next_cursor"] is None


async def test_a_question_that_makes_no_sense_is_told_so(inbox: FastAPI, ask: As) -> None:
    senseless: list[dict[str, Any]] = [
        {"view": "theirs"}, {"limit": 0}, {"cursor": "x"}, {"status": "asleep"},
    ]  # fmt: skip
    for query in senseless:
        answer = await ask(TOM).get(PATH, params=query)
        assert problem(answer) == (422, "invalid_request"), query
