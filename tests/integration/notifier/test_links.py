"""The link in a brief: opening it changes nothing, pressing the button takes note once."""

from __future__ import annotations

import re
from datetime import timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from pymongo.database import Database

from services.notifier.briefs.letters import purpose
from shared.auth import Tokens
from shared.clock import utc_now
from tests.integration.notifier.conftest import MIRA, TOM, As, until
from tests.integration.notifier.mail_server import Does, MailServer
from tests.integration.notifier.others import Others, agency, completed, received
from tests.support.engines import AUTH_SECRET

Db = Database[dict[str, Any]]
PAGE = {"Accept": "text/html"}


def link_in(mail: EmailMessage) -> str:
    """Its path below the service's root, as the mail has it."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http\S+/notifier(/acknowledge/\S+)", body.get_content())
    assert found is not None
    return found[1]


@pytest.fixture
async def link(notifier: FastAPI, others: Others, mail_server: MailServer, database: Db) -> str:
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    await until(database, "h1:tom:brief", "sent")
    [mail] = mail_server.taken
    return link_in(mail)


async def test_opening_it_shows_the_brief_and_takes_no_note(
    link: str, ask: As, database: Db
) -> None:
    for _ in range(3):
        page = await ask(None).get(link, headers=PAGE)
        assert page.status_code == 200
        assert "You are standing in for Jana Hoffmann" in page.text
        assert "I have it" in page.text
    row = await until(database, "h1:tom:brief", "sent")
    assert row["acknowledged_at"] is None
    assert database.outbox.count_documents({"topic": "work.acknowledgements"}) == 0


async def test_pressing_the_button_takes_note_once(link: str, ask: As, database: Db) -> None:
    answer = await ask(None).post(link, headers=PAGE)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/notifier{link}"
    noted = (await until(database, "h1:tom:brief", "sent"))["acknowledged_at"]
    assert noted is not None
    await ask(None).post(link, headers=PAGE)
    assert (await until(database, "h1:tom:brief", "sent"))["acknowledged_at"] == noted
    assert database.outbox.count_documents({"topic": "work.acknowledgements"}) == 1
    page = await ask(None).get(link, headers=PAGE)
    assert "You confirmed this" in page.text
    assert "I have it" not in page.text


async def test_the_link_in_a_mail_whose_outcome_was_unknown_proves_that_it_arrived(
    notifier: FastAPI, others: Others, ask: As, mail_server: MailServer, database: Db
) -> None:
    mail_server.tell("tom@agency.example", Does.TAKE_AND_HANG_UP)
    await others.say(*agency(), completed(received("tom", "c1:copywriting"), leads=()))
    await until(database, "h1:tom:brief", "unknown")
    [mail] = mail_server.taken
    await ask(None).post(link_in(mail), headers=PAGE)
    await until(database, "h1:tom:brief", "sent")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_expired_foreign_and_forged_links_say_so_and_change_nothing(
    method: str, link: str, ask: As, database: Db, tokens: Tokens
) -> None:
    path = urlsplit(link).path
    day = timedelta(days=1)
    old = Tokens(AUTH_SECRET, clock=lambda: utc_now() - 8 * day)
    wrong = {
        "expired": old.issue(TOM, 7 * day, purpose=purpose("h1:tom:brief")),
        "another brief's": tokens.issue(TOM, day, purpose=purpose("h2:tom:brief")),
        "a session": tokens.issue(TOM, day),
        "forged": Tokens("x" * 32).issue(TOM, day, purpose=purpose("h1:tom:brief")),
        "none": "",
    }
    for name, token in wrong.items():
        answer = await ask(None).request(
            method, path, params={"token": token}, headers={"Accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "link_not_valid"), name
        page = await ask(None).request(method, path, params={"token": token}, headers=PAGE)
        assert "This link is not valid, or not any more" in page.text, name
    assert (await until(database, "h1:tom:brief", "sent"))["acknowledged_at"] is None


async def test_a_token_for_the_brief_in_another_members_name_is_not_enough(
    link: str, ask: As, tokens: Tokens
) -> None:
    token = tokens.issue(MIRA, timedelta(days=1), purpose=purpose("h1:tom:brief"))
    for method in ("GET", "POST"):
        answer = await ask(None).request(method, urlsplit(link).path, params={"token": token})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_link_opens_no_session(link: str, ask: As) -> None:
    token = link.partition("token=")[2]
    client = ask(None)
    answer = await client.get("/api/v1/notifications", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["code"] == "not_signed_in"
    await client.get(link, headers=PAGE)
    assert not client.cookies


async def test_the_page_speaks_the_readers_language_and_names_the_zone(
    notifier: FastAPI, others: Others, ask: As, mail_server: MailServer, database: Db
) -> None:
    await others.say(*agency(), completed(received("mira", "c1:copywriting"), leads=()))
    await until(database, "h1:mira:brief", "sent")
    [mail] = mail_server.taken
    page = await ask(None).get(link_in(mail), headers={**PAGE, "Accept-Language": "en"})
    assert '<html lang="de"' in page.text
    assert "Europe/Berlin (CET)" in page.text
