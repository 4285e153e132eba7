"""Who may ask what: identities, permissions, foreign pages, and every route's declaration."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from shared.auth import COOKIE, Identity, Permission, Tokens
from shared.web import Caller
from shared.web.access import accesses
from tests.integration.web.conftest import CONTACT, LEAD, MEMBER, PUBLIC_URL, As

HOUR = timedelta(hours=1)
BROWSER = {"Accept": "text/html"}


@pytest.fixture
def cookie(tokens: Tokens) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={tokens.issue(LEAD, HOUR)}"}


async def code(response: httpx.Response) -> tuple[int, str | None]:
    found = response.headers.get("content-type") == "application/problem+json"
    return response.status_code, response.json()["code"] if found else None


async def test_nobody_is_asked_to_sign_in(ask: As) -> None:
    response = await ask(None).get("/api/v1/notes")
    assert await code(response) == (401, "not_signed_in")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_person_is_sent_to_sign_in_and_back(ask: As) -> None:
    response = await ask(None).get("/", headers=BROWSER)
    assert response.status_code == 303
    assert response.headers["location"] == f"{PUBLIC_URL}/sign-in?to=/notes/"


async def test_htmx_is_told_to_send_the_person_there(ask: As) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"{PUBLIC_URL}/notes/list?x=1"}
    response = await ask(None).post("/notes", headers=headers)
    assert response.status_code == 401
    assert response.headers["hx-redirect"] == f"{PUBLIC_URL}/sign-in?to=/notes/list"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_bearer_and_cookie_are_as_good(
    ask: As, tokens: Tokens, cookie: dict[str, str], scheme: str
) -> None:
    bearer = {"Authorization": f"{scheme} {tokens.issue(LEAD, HOUR)}"}
    for headers in (cookie, bearer):
        assert (await ask(None).get("/api/v1/notes", headers=headers)).status_code == 200


async def test_old_forged_and_foreign_tokens_are_nobody(ask: As, tokens: Tokens) -> None:
    for token in (
        tokens.issue(LEAD, -HOUR),
        tokens.issue(LEAD, HOUR, purpose="sign_in"),
        Tokens("another secret that is as long as ours").issue(LEAD, HOUR),
        "x",
    ):
        for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"{COOKIE}={token}"}):
            response = await ask(None).get("/api/v1/notes", headers=headers)
            assert response.status_code == 401


async def test_a_bad_bearer_token_is_not_saved_by_a_good_cookie(
    ask: As, cookie: dict[str, str]
) -> None:
    headers = {**cookie, "Authorization": "Bearer x"}
    assert (await ask(None).get("/api/v1/notes", headers=headers)).status_code == 401


async def test_a_role_without_the_permission(ask: As) -> None:
    assert await code(await ask(CONTACT).get("/api/v1/notes")) == (403, "forbidden")


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "same-site"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC_URL}, True),
        ({"Origin": PUBLIC_URL}, False),
        ({"Origin": "http://inside:8001", "Host": "inside:8001"}, False),
        ({"Origin": "http://evil.test"}, True),
        ({"Origin": "http://understudy.test.evil.test"}, True),
        ({"Origin": "null"}, True),
        ({}, True),
    ],
)
async def test_another_site_cannot_use_the_cookie(
    ask: As, cookie: dict[str, str], headers: dict[str, str], refused: bool
) -> None:
    response = await ask(None).post("/notes", data={"text": "abc"}, headers={**cookie, **headers})
    assert await code(response) == ((403, "cross_site") if refused else (200, None))
    assert (await ask(None).get("/api/v1/notes", headers={**cookie, **headers})).status_code == 200


async def test_without_a_cookie_there_is_nothing_to_steal(ask: As) -> None:
    headers = {"Origin": "http://elsewhere.test", "Sec-Fetch-Site": "cross-site"}
    response = await ask(MEMBER).post("/notes", data={"text": "abc"}, headers=headers)
    assert response.status_code == 200


def test_every_route_declares_what_it_demands(app: FastAPI) -> None:
    found = {(access.path, method): access for access in accesses(app) for method in access.methods}
    assert found[("/api/v1/notes", "GET")].permissions == {Permission.PLANNER_READ}
    assert found[("/live", "GET")].permissions == {Permission.PLANNER_READ}
    assert found[("/webhook", "POST")].public
    undeclared = [
        key for key, access in found.items() if not access.permissions and not access.public
    ]
    assert undeclared == []
    public = {path for (path, _), access in found.items() if access.public}
    assert public == {
        "/api/docs", "/api/openapi.json", "/asyncapi", "/healthz", "/language", "/metrics",
        "/readyz", "/session", "/session/end", "/theme", "/webhook",
    }  # fmt: skip


async def test_a_route_without_a_declaration_is_found_and_closed(app: FastAPI, ask: As) -> None:
    careless = APIRouter(prefix="/nested")

    @careless.get("/oops")
    async def oops(_: Caller) -> None: ...

    app.include_router(careless, prefix="/api")
    undeclared = [each for each in accesses(app) if not each.permissions and not each.public]
    assert [each.path for each in undeclared] == ["/api/nested/oops"]
    assert await code(await ask(LEAD).get("/api/nested/oops")) == (403, "forbidden")


@pytest.mark.parametrize("identity", [None, CONTACT])
async def test_the_walk_agrees_with_the_answers(
    app: FastAPI, ask: As, identity: Identity | None
) -> None:
    client = ask(identity)
    for access in accesses(app):
        if access.public:
            continue
        for method in access.methods:
            response = await client.request(method, access.path.replace("{", "").replace("}", ""))
            assert response.status_code == (401 if identity is None else 403), access
