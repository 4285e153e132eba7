"""Every failure is answered with a stable code, in the form its caller can read."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.integration.web.conftest import LEAD, MEMBER, As

JSON = {"Content-Type": "application/json"}
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["code"] == code
    assert document["type"] == f"urn:understudy:problem:{code}"
    assert document["status"] == status
    assert document["title"]
    assert document["instance"] == response.request.url.path
    assert document["correlation_id"] == response.headers["x-correlation-id"]
    return document


@pytest.mark.parametrize("body", [b'{"text": ', b"", b"\xff\xfe", b"[1,]", b"nul"])
async def test_malformed_json(ask: As, body: bytes) -> None:
    response = await ask(LEAD).post("/api/v1/notes", content=body, headers=JSON)
    if body:
        problem(response, 400, "malformed_json")
    else:
        problem(response, 422, "invalid_request")


async def test_fields_that_do_not_fit_are_named_without_their_values(ask: As) -> None:
    body = {"text": "canary" * 9, "at": "2026-11-24T10:00:00", "a/b~c": 1}
    document = problem(await ask(LEAD).post("/api/v1/notes", json=body), 422, "invalid_request")
    assert {each["pointer"]: each["message"] for each in document["errors"]} == {
        "/text": "This is too long: at most 20 characters.",
        "/at": "The time needs its offset from UTC.",
        "/a~1b~0c": "There is no such field here.",
    }
    assert "canary" not in str(document)


async def test_our_own_validators_speak_in_our_words(ask: As) -> None:
    response = await ask(LEAD).post("/api/v1/notes", json={"text": "  "})
    document = problem(response, 422, "invalid_request")
    assert document["errors"] == [{"pointer": "/text", "message": "This must not be blank."}]


async def test_a_body_that_does_not_say_it_is_json(ask: As) -> None:
    response = await ask(LEAD).post(
        "/api/v1/notes", content=b'{"text": "a"}', headers={"Content-Type": "text/plain"}
    )
    problem(response, 422, "invalid_request")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x"])
async def test_parameters(ask: As, query: str) -> None:
    response = await ask(LEAD).get(f"/api/v1/notes?{query}")
    document = problem(response, 422, "invalid_request")
    assert document["errors"][0]["pointer"] == f"query:{query.partition('=')[0]}"


async def test_unknown_paths_and_methods(ask: As) -> None:
    problem(await ask(LEAD).get("/api/v1/nothing"), 404, "not_found")
    problem(await ask(None).get("/api/v1/nothing"), 404, "not_found")
    response = await ask(LEAD).patch("/api/v1/notes")
    problem(response, 405, "method_not_allowed")
    assert "POST" in response.headers["allow"]


async def test_a_failure_of_a_feature(ask: As) -> None:
    document = problem(await ask(LEAD).delete("/api/v1/notes/pinned"), 409, "pinned")
    assert document["detail"] == "<b>Budget</b> is pinned and stays as it is."
    problem(await ask(LEAD).delete("/api/v1/notes/x"), 404, "not_found")


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [
        (None, 428, "precondition_required"),
        ("7", 422, "invalid_request"),
        ("*", 422, "invalid_request"),
        ('"x"', 422, "invalid_request"),
        ('"1", "2"', 422, "invalid_request"),
    ],
)
async def test_versions_must_be_named(ask: As, header: str | None, status: int, code: str) -> None:
    headers = {} if header is None else {"If-Match": header}
    problem(await ask(LEAD).put("/api/v1/notes/a", headers=headers), status, code)


@pytest.mark.parametrize("header", ['"7"', 'W/"7"'])
async def test_a_version_is_read(ask: As, header: str) -> None:
    response = await ask(LEAD).put("/api/v1/notes/a", headers={"If-Match": header})
    assert response.json() == {"id": "a", "version": 7}


async def test_an_engine_that_is_away(ask: As) -> None:
    response = await ask(LEAD).get("/fail/mongodb")
    problem(response, 503, "temporarily_unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert "27017" not in response.text


async def test_an_unexpected_failure_gives_nothing_away(ask: As) -> None:
    response = await ask(LEAD).get("/fail/otherwise")
    problem(response, 500, "internal_error")
    assert "canary" not in response.text
    assert "RuntimeError" not in response.text


async def test_too_large_bodies_said_or_not(ask: As) -> None:
    large = b"x" * (1024 * 1024 + 1)

    async def unannounced() -> Any:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    problem(await ask(None).post("/webhook", content=large), 413, "too_large")
    problem(await ask(None).post("/webhook", content=unannounced()), 413, "too_large")
    problem(
        await ask(LEAD).post("/api/v1/notes", content=unannounced(), headers=JSON), 413, "too_large"
    )
    assert (await ask(None).post("/webhook", content=large[1:])).json() == {"bytes": 1024 * 1024}


async def test_a_person_gets_a_page(ask: As) -> None:
    response = await ask(LEAD).get("/nothing", headers=BROWSER)
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "<!doctype html>" in response.text
    assert "This does not exist" in response.text
    assert "Nothing was changed." in response.text
    assert "Ruth Okafor" in response.text  # the shell knows who is there
    assert response.headers["x-correlation-id"] in response.text


async def test_a_person_gets_it_in_their_language(ask: As) -> None:
    page = await ask(MEMBER).get("/nothing", headers=BROWSER)
    assert 'lang="de"' in page.text
    document = await ask(LEAD).get("/api/v1/nothing", headers={"Accept-Language": "de"})
    assert document.json()["code"] == "not_found"


async def test_the_json_api_answers_browsers_in_json(ask: As) -> None:
    problem(await ask(LEAD).get("/api/v1/nothing", headers=BROWSER), 404, "not_found")


async def test_a_failed_form_is_answered_in_part_to_htmx(ask: As) -> None:
    response = await ask(LEAD).post("/notes", data={"text": "a"}, headers={"HX-Request": "true"})
    assert response.status_code == 422
    assert "<!doctype html>" not in response.text
    assert "/text" in response.text
    assert "at least 3 characters" in response.text


async def test_html_in_names_is_text(ask: As) -> None:
    response = await ask(LEAD).get("/fail/x", headers=BROWSER)
    assert response.status_code == 500
    assert "canary" not in response.text
