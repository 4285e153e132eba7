"""What surrounds every answer: headers, traces, probes, documents, sessions, the root path."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from shared.auth import COOKIE, Tokens
from shared.observability import correlation_id
from shared.service import Service
from shared.settings import ServiceSettings
from shared.ui.ui import Ui
from shared.web import create_app
from shared.web.session import is_local
from tests.integration.web.conftest import LEAD, MEMBER, PUBLIC_URL, SECRET, As

HOUR = timedelta(hours=1)


# Traces


async def test_a_correlation_id_is_taken_or_made(ask: As) -> None:
    before = correlation_id.get()
    given = await ask(LEAD).get("/", headers={"X-Correlation-ID": "order-66.a_b"})
    assert given.headers["x-correlation-id"] == "order-66.a_b"
    for unsound in ("short", "x" * 65, "with blank", 'quote"quote', ""):
        made = await ask(LEAD).get("/", headers={"X-Correlation-ID": unsound})
        assert re.fullmatch("[0-9a-f]{32}", made.headers["x-correlation-id"])
    assert correlation_id.get() == before


async def test_a_request_is_logged_by_its_template_without_secrets(ask: As) -> None:
    with capture_logs() as lines:
        await ask(LEAD).get("/fail/canary?token=canary", headers={"X-Correlation-ID": "c-123456"})
        await ask(LEAD).get("/session?token=canary")
        await ask(LEAD).get("/canary")
    told = [line for line in lines if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in told] == [
        ("/fail/{how}", 500), ("/session", 401), ("unmatched", 404),
    ]  # fmt: skip
    assert "canary" not in str(told)


async def test_time_is_kept_by_route_and_never_by_path(ask: As) -> None:
    def count(method: str, route: str, status: str) -> float:
        labels = {"service": "notes", "method": method, "route": route, "status": status}
        name = "understudy_http_request_seconds_count"
        return REGISTRY.get_sample_value(name, labels) or 0

    before = count("PUT", "/api/v1/notes/{note_id}", "200")
    for note_id in ("a", "b"):
        await ask(LEAD).put(f"/api/v1/notes/{note_id}", headers={"If-Match": '"1"'})
    await ask(LEAD).request("BREW", "/pot")
    await ask(LEAD).get("/static/base.css")
    assert count("PUT", "/api/v1/notes/{note_id}", "200") == before + 2
    assert count("other", "unmatched", "404")
    assert count("GET", "static", "200")
    exposed = (await ask(None).get("/metrics")).text
    assert "/api/v1/notes/a" not in exposed
    assert "BREW" not in exposed


# Headers


@pytest.mark.parametrize("path", ["/", "/nothing", "/fail/x", "/static/base.css", "/healthz"])
async def test_every_answer_has_the_security_headers(ask: As, path: str) -> None:
    headers = (await ask(LEAD).get(path)).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "unsafe-inline" not in re.sub(
        "style-src-attr [^;]+", "", headers["content-security-policy"]
    )
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


async def test_caching_is_private_unless_a_route_says_otherwise(ask: As) -> None:
    assert (await ask(LEAD).get("/")).headers["cache-control"] == "private, no-cache"
    assert "public" in (await ask(LEAD).get("/static/base.css")).headers["cache-control"]


# Probes and documents


async def test_alive_without_any_engine(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = ServiceSettings(
        kafka_bootstrap_servers="127.0.0.1:1",
        mongodb_uri="mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100",
        port=1,
        root_path="/notes",
        auth_secret=SecretStr(SECRET),
    )
    service = Service("notes", nowhere)
    ui = Ui("notes", tmp_path_factory.mktemp("none"), root_path="/notes")
    app = create_app(service, routers=[], ui=ui)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"{PUBLIC_URL}/notes") as client:
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        ready = await client.get("/readyz")
        assert ready.status_code == 503
        assert "mongodb" in ready.json()["missing"]
    await service.mongo.close()


async def test_the_json_api_is_described_without_other_hosts(ask: As) -> None:
    document = (await ask(None).get("/api/openapi.json")).json()
    assert document["servers"] == [{"url": "/notes"}]
    assert "201" in document["paths"]["/api/v1/notes"]["post"]["responses"]
    page = await ask(None).get("/api/docs")
    assert not re.search(r"(src|href)=\"https?:", page.text)
    assert "'sha256-" in page.headers["content-security-policy"]
    for path in re.findall(r'(?:src|href)="(/notes/[^"]+)"', page.text):
        assert (await ask(None).get(path.removeprefix("/notes"))).status_code == 200, path


async def test_the_front_door_may_take_off_the_prefix_or_not(app: FastAPI, tokens: Tokens) -> None:
    headers = {"Authorization": f"Bearer {tokens.issue(LEAD, HOUR)}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url=PUBLIC_URL, headers=headers
    ) as client:
        assert (await client.get("/notes/")).text == "all notes"
        assert (await client.get("/")).text == "all notes"
        assert (await client.get("/gone")).json()["instance"] == "/notes/gone"
        assert (await client.get("/notes/gone")).json()["instance"] == "/notes/gone"
        assert (await client.get("/notesbook")).status_code == 404


# Sessions


async def test_a_sign_in_link_opens_a_session(ask: As, tokens: Tokens) -> None:
    link = tokens.issue(MEMBER, HOUR, purpose="sign_in")
    response = await ask(None).get("/session", params={"token": link, "to": "/inbox/?mine=1"})
    assert response.status_code == 303
    assert response.headers["location"] == "/inbox/?mine=1"
    name, _, rest = response.headers["set-cookie"].partition("=")
    token, *attributes = rest.split("; ")
    assert name == COOKIE
    assert tokens.verify(token) == MEMBER
    assert {"HttpOnly", "Path=/", "SameSite=lax"} <= set(attributes)
    assert "Secure" not in attributes


async def test_a_session_token_is_no_sign_in_link(ask: As, tokens: Tokens) -> None:
    response = await ask(None).get("/session", params={"token": tokens.issue(MEMBER, HOUR)})
    assert response.status_code == 401
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.test", "https://evil.test", "/\\evil.test", "\\\\evil.test", "evil", "/\t/evil.test",
     "javascript:alert(1)", "/ok\r\nSet-Cookie: a=b", ""],
)  # fmt: skip
async def test_a_sign_in_link_leads_nowhere_else(ask: As, tokens: Tokens, elsewhere: str) -> None:
    assert not is_local(elsewhere)
    link = tokens.issue(MEMBER, HOUR, purpose="sign_in")
    response = await ask(None).get("/session", params={"token": link, "to": elsewhere})
    assert response.headers["location"] == "/"


async def test_signing_out_forgets_the_session(ask: As, tokens: Tokens) -> None:
    client = ask(None)
    await client.get("/session", params={"token": tokens.issue(LEAD, HOUR, purpose="sign_in")})
    assert (await client.get("/")).status_code == 200
    response = await client.post("/session/end", headers={"Origin": PUBLIC_URL})
    assert response.headers["location"] == f"{PUBLIC_URL}/sign-in"
    assert (await client.get("/")).status_code == 401
