"""The demo's sign-in page: who is offered, what a click does, and that only the demo has it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.sign_in import app as sign_in
from deploy.local.sign_in.settings import SignInSettings
from shared.auth import COOKIE, Role, Tokens
from shared.ui import catalogues
from shared.ui.i18n import read_catalogue
from tests.support.engines import AUTH_SECRET

ROOT = Path(__file__).parents[3]
FRONT_DOOR = "http://127.0.0.1:8080"
OURS = {"Origin": FRONT_DOOR}
JANA = {
    "id": "jana",
    "name": "Jana Hoffmann",
    "initials": "JH",
    "colour": 6,
    "role": "member",
    "clients": ["c1"],
    "time_zone": "Europe/Berlin",
    "present": True,
}
LENA = {**JANA, "id": "lena", "name": "Lena Vogt", "role": "lead", "clients": None}
ANSWERS: Mapping[str, Any] = {
    "/scheduler/api/v1/members": {"items": [JANA, LENA]},
    "/scheduler/api/v1/members/jana/qualifications": [
        {"discipline": "copywriting", "level": 3, "valid_until": None},
        {"discipline": "design", "level": 1, "valid_until": "2020-01-01T00:00:00Z"},
    ],
    "/scheduler/api/v1/members/lena/qualifications": [],
    "/planner/api/v1/clients": {"items": [{"id": "c1", "name": "Rösterei Morgenrot"}]},
}


class Services:
    """Answers for the services, to whoever brings a sound token."""

    def __init__(self) -> None:
        self.there = True

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if not self.there:
            raise httpx.ConnectError("nobody listens")
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert Tokens(AUTH_SECRET).verify(token).role is Role.SYSTEM
        return httpx.Response(200, json=ANSWERS[request.url.path])


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
async def browser(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    monkeypatch.setenv("AUTH_SECRET", AUTH_SECRET)
    app = sign_in.create_app(SignInSettings(), httpx.MockTransport(services.answer))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=FRONT_DOOR) as browser,
    ):
        yield browser


async def test_everybody_is_offered_with_what_they_can_do(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in/", headers={"Accept-Language": "de"})

    assert page.text.index("Lena Vogt") < page.text.index("Jana Hoffmann")
    assert "Teamleitung" in page.text
    assert "sieht Rösterei Morgenrot" in page.text
    assert "(abgelaufen)" in page.text


async def test_one_click_signs_in_for_all_services(browser: httpx.AsyncClient) -> None:
    answer = await browser.post(
        "/sign-in/", data={"person": "jana", "to": "/scheduler/?days=14"}, headers=OURS
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == "/scheduler/?days=14"
    assert "Path=/;" in answer.headers["set-cookie"]
    identity = Tokens(AUTH_SECRET).verify(answer.cookies[COOKIE])
    assert (identity.member_id, identity.role) == ("jana", Role.MEMBER)
    assert identity.scope.clients == frozenset({"c1"})


async def test_the_ops_engineer_can_be_chosen_too(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-in/", data={"person": "ops"}, headers=OURS)

    assert Tokens(AUTH_SECRET).verify(answer.cookies[COOKIE]).role is Role.OPS


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
async def test_it_leads_on_to_our_own_pages_only(
    browser: httpx.AsyncClient, elsewhere: str
) -> None:
    page = await browser.get("/sign-in/", params={"to": elsewhere})
    answer = await browser.post("/sign-in/", data={"person": "jana", "to": elsewhere}, headers=OURS)

    assert "evil" not in page.text.replace("back=%2Fsign-in", "").split("<main")[1]
    assert answer.headers["location"] == "/"


async def test_nobody_unknown_is_signed_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/sign-in/", data={"person": "nobody"}, headers=OURS)

    assert answer.status_code == 404
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}])
async def test_another_site_cannot_sign_a_visitor_in(
    browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await browser.post("/sign-in/", data={"person": "jana"}, headers=headers)

    assert answer.status_code == 403


async def test_while_the_services_are_away_the_page_says_so(
    browser: httpx.AsyncClient, services: Services
) -> None:
    services.there = False

    page = await browser.get("/sign-in/")

    assert page.status_code == 503
    assert "The team cannot be reached" in page.text


async def test_the_page_takes_everything_from_its_own_origin(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/sign-in/")
    addresses = re.findall(r'(?:href|src|action)="([^"#]+)', page.text)

    assert all(address.startswith("/sign-in") for address in addresses)
    for address in addresses:
        if "static/" in address or "/own/" in address:
            assert (await browser.get(address)).status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]


def test_every_text_is_translated() -> None:
    folder = ROOT / "deploy" / "local" / "sign_in"
    own = catalogues._extract(folder, ROOT)
    common = catalogues._keys(catalogues._extract(ROOT / "shared", ROOT))
    german = read_catalogue(folder / "locale/de/LC_MESSAGES/sign_in.po", "de")
    for message in [each for each in own if each.id and catalogues._key(each) in common]:
        own.delete(message.id, message.context)

    assert list(catalogues._compare(own, german)) == []


def test_no_service_can_sign_in_as_anybody() -> None:
    """The page is a process that only the demo starts. What the services have is the link with a
    signed token; their own tests show that nothing else opens a session."""
    sources = [path for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py")]
    imports = re.compile(r"^\s*(?:from|import)\s+deploy\b", re.MULTILINE)
    mentions = re.compile(r"deploy[./]local|sign_in\.app|demo\.caddy")

    assert sources
    assert not [path for path in sources if imports.search(path.read_text())]
    assert not [path for path in sources if mentions.search(path.read_text())]


def test_one_place_alone_opens_sessions() -> None:
    """A cookie of that name is set where a signed token is verified, and in the demo's page."""
    setting = re.compile(r"set_cookie\(\s*COOKIE\b")
    sources = [
        path
        for folder in ("services", "shared", "deploy")
        for path in (ROOT / folder).rglob("*.py")
        if setting.search(path.read_text())
    ]

    assert {path.relative_to(ROOT).as_posix() for path in sources} == {
        "shared/web/session.py",
        "deploy/local/sign_in/app.py",
    }
