"""Whole page or part, languages, static files, failures: everything but how it looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from shared.errors import N_, AppError, FieldError, StaleVersion
from shared.ui.ui import Toast, Ui

PAGE = """{% extends layout %}
{% from "macros.html" import chip, relative_time %}
{% block title %}Tasks{% endblock %}
{% block toolbar %}<div class="toolbar"><h1>Tasks</h1></div>{% endblock %}
{% block content %}<ul>
{% block rows %}<li>{{ name }} {{ chip("draft") }} {{ relative_time(due) }}</li>{% endblock %}
</ul>{% endblock %}
"""
NOW = datetime(2026, 11, 24, 9, 42, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Somebody:
    name: str = "Tom Berger"
    tz: str = "Asia/Tokyo"
    lang: str | None = None


class Unqualified(AppError):
    status = 409
    code = "unqualified"
    title = N_("Nothing was changed.")
    detail = "{member} has no valid qualification for <{discipline}>."


@pytest.fixture
def ui(tmp_path: Path) -> Ui:
    service = tmp_path / "planner"
    (service / "tasks" / "templates").mkdir(parents=True)
    (service / "tasks" / "templates" / "tasks.html").write_text(PAGE)
    (service / "tasks" / "templates" / "brief.txt").write_text("{{ name }}: {{ due|clock }}")
    return Ui("planner", service, root_path="/planner", clock=lambda: NOW)


@pytest.fixture
async def browser(ui: Ui, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (vendor / "htmx.min.js").write_text("htmx")
    app = FastAPI()
    ui.mount(app, vendor)

    @app.get("/tasks")
    def tasks(request: Request, block: str | None = None, toast: str | None = None) -> HTMLResponse:
        request.state.identity = Somebody()
        return ui.render(
            request,
            "tasks.html",
            block=block,
            name="<Türchen>",
            due=NOW,
            toast=Toast(toast, "/tasks/1/undo") if toast else None,
        )

    @app.get("/stale")
    def stale(request: Request) -> HTMLResponse:
        return ui.error(request, StaleVersion(given=3, present=4), reference="r-1")

    @app.get("/unqualified")
    def unqualified(request: Request) -> HTMLResponse:
        error = Unqualified(
            errors=[FieldError("/to", "100 % {what}", {"what": "wrong"})],
            member="T",
            discipline="d",
        )
        return ui.error(request, error)

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def test_a_page_comes_in_the_shell(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/tasks")
    assert answer.status_code == 200
    assert "<!doctype html>" in answer.text
    assert "<title>Tasks · Understudy</title>" in answer.text
    assert "&lt;Türchen&gt;" in answer.text
    assert "Tom Berger" in answer.text
    assert 'href="/planner/calendar" aria-current="page"' in answer.text
    assert "18:42:07 JST" in answer.text
    assert "HX-Request" in answer.headers["Vary"]


async def test_asked_by_htmx_it_comes_without(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/tasks", headers={"HX-Request": "true"})
    assert "<!doctype html>" not in answer.text
    assert "<h1>Tasks</h1>" in answer.text
    boosted = await browser.get("/tasks", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert "<!doctype html>" in boosted.text


async def test_one_block_comes_alone(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/tasks", params={"block": "rows"})
    assert answer.text.strip().startswith("<li>&lt;Türchen&gt;")
    assert answer.text.strip().endswith("</li>")


async def test_a_toast_is_part_of_the_page_or_comes_out_of_band(browser: httpx.AsyncClient) -> None:
    page = await browser.get("/tasks", params={"toast": "Saved"})
    assert 'action="/planner/tasks/1/undo"' in page.text
    part = await browser.get("/tasks", params={"toast": "Saved"}, headers={"HX-Request": "true"})
    assert 'hx-swap-oob="beforeend"' in part.text


async def test_the_language_is_switched_without_javascript(browser: httpx.AsyncClient) -> None:
    german = await browser.get("/tasks", headers={"Accept-Language": "de"})
    assert 'lang="de"' in german.text
    assert "Entwurf" in german.text
    switched = await browser.get("/language", params={"to": "de", "back": "/planner/tasks?a=1"})
    assert switched.status_code == 303
    assert switched.headers["Location"] == "/planner/tasks?a=1"
    assert "Entwurf" in (await browser.get("/tasks", headers={"Accept-Language": "en"})).text


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil.example", ""])
async def test_a_switch_never_leads_to_another_site(browser: httpx.AsyncClient, back: str) -> None:
    answer = await browser.post("/theme", params={"to": "dark", "back": back})
    assert answer.headers["Location"] == "/planner/"


async def test_the_theme_is_remembered_and_unknown_ones_are_not(browser: httpx.AsyncClient) -> None:
    await browser.get("/theme", params={"to": "neon"})
    assert 'data-theme="auto"' in (await browser.get("/tasks")).text
    await browser.get("/theme", params={"to": "dark"})
    assert 'data-theme="dark"' in (await browser.get("/tasks")).text


async def test_a_forged_theme_cookie_is_ignored(browser: httpx.AsyncClient) -> None:
    browser.cookies.set("understudy_theme", "neon")
    assert 'data-theme="auto"' in (await browser.get("/tasks")).text


async def test_static_files_are_kept_for_good_under_their_hash(
    ui: Ui, browser: httpx.AsyncClient
) -> None:
    address = ui.static_url("tokens.css").removeprefix("/planner")
    assert "immutable" in (await browser.get(address)).headers["Cache-Control"]
    old = await browser.get("/static/tokens.css?v=0123456789ab")
    assert "immutable" not in old.headers["Cache-Control"]
    font = await browser.get("/static/fonts/inter-400.woff2")
    assert "immutable" in font.headers["Cache-Control"]
    assert (await browser.get("/static/none.css")).status_code == 404
    assert (await browser.get("/static/../ui.py")).status_code == 404


async def test_vendored_libraries_are_served_and_pages_do_without(
    ui: Ui, browser: httpx.AsyncClient
) -> None:
    address = ui.static_url("vendor/htmx.min.js").removeprefix("/planner")
    assert (await browser.get(address)).text == "htmx"
    assert (await browser.get("/static/vendor/sse.js")).status_code == 404
    assert "sse.js?v=missing" in (await browser.get("/tasks")).text


async def test_a_failure_says_what_happened_what_was_kept_and_what_to_do(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/stale", headers={"Accept-Language": "de"})
    assert answer.status_code == 412
    for text in (
        "Jemand anders hat das inzwischen geändert",
        "Sie haben Fassung 3 geändert; die jetzige ist 4.",
        "Es wurde nichts geändert.",
        "stale_version",
        "r-1",
    ):
        assert text in answer.text
    part = await browser.get("/stale", headers={"HX-Request": "true"})
    assert "<!doctype html>" not in part.text
    assert "stale_version" in part.text


async def test_texts_of_failures_are_escaped_and_may_contain_percent_signs(
    browser: httpx.AsyncClient,
) -> None:
    answer = await browser.get("/unqualified")
    assert "T has no valid qualification for &lt;d&gt;." in answer.text
    assert "100 % wrong" in answer.text


def test_text_without_a_request(ui: Ui) -> None:
    context: dict[str, Any] = {"name": "A & B", "due": NOW}
    assert ui.text("brief.txt", language="de", **context) == "A & B: 10:42"
    assert ui.text("brief.txt", language="en", time_zone="UTC", **context) == "A & B: 09:42"


def test_two_templates_of_one_name_are_refused(tmp_path: Path) -> None:
    for feature in ("one", "two"):
        (tmp_path / feature / "templates").mkdir(parents=True)
        (tmp_path / feature / "templates" / "same.html").write_text("")
    with pytest.raises(ValueError, match=r"same\.html"):
        Ui("planner", tmp_path, root_path="/planner")
