"""Filling in the inbox, the way everything gets there: somebody writes on the platform."""

from __future__ import annotations

import asyncio
from typing import Any

from deploy.local.demo.agency.clients import PAGES, Page
from deploy.local.demo.agency.community import CLAIMS, openings
from deploy.local.demo.agency.people import FIRST
from deploy.local.demo.api import Caller, until
from deploy.local.demo.stage import Stage, patiently

__all__ = ["PLATFORM", "connect_pages", "fill_claims", "fill_conversations"]

PLATFORM = "/platform/api"
_SOURCES = "/inbox/api/v1/sources"
_CONVERSATIONS = "/inbox/api/v1/conversations"


async def connect_pages(stage: Stage) -> str:
    """Each page has a source in the inbox, and its webhook on the platform."""
    lead = stage.as_(FIRST)
    connected = {page["id"] for page in await lead.get(f"{PLATFORM}/pages") if page["webhook_url"]}
    sources = {one["page_id"]: one for one in (await lead.get(_SOURCES))["items"]}
    for page in PAGES:
        if page.key not in connected:
            source = await _source(stage, lead, page, sources.get(stage.pages[page.key]))
            await lead.put(f"{PLATFORM}/pages/{page.key}", _on_platform(page, source))
    return f"{len(PAGES)} pages connected by webhook"


async def _source(
    stage: Stage, lead: Caller, page: Page, there: dict[str, Any] | None
) -> dict[str, Any]:
    """With its secret. That of a source which is there already is not told again: a new one."""
    if there is not None:
        rotated: dict[str, Any] = await lead.command(
            f"{_SOURCES}/{there['id']}/rotate", there["version"], {"overlap_hours": 0}
        )
        return rotated
    body = {"page_id": stage.pages[page.key]}
    created: dict[str, Any] = await patiently(
        lambda: lead.create(_SOURCES, body, f"source:{page.key}"),
        "the inbox knows the pages",
        "unknown_page",
    )
    return created


def _on_platform(page: Page, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "network": page.platform,
        "name": page.name,
        "handle": page.handle,
        "topic": page.topic,
        "webhook_url": source["url"],
        "webhook_secret": source["secret"],
        "posts": {_post_id(page.key, post): text for post, text in page.posts.items()},
    }


async def fill_conversations(stage: Stage) -> str:
    """Written on the platform over the last two days, and now open in the inbox."""
    lead = stage.as_(FIRST)
    wanted = list(openings(stage.now))
    await asyncio.gather(
        *(
            lead.post(
                f"{PLATFORM}/pages/{one.page}/messages",
                {
                    "id": said.id,
                    "author_name": one.author,
                    "kind": one.kind,
                    "thread": _post_id(one.page, one.post) if one.post else None,
                    "text": said.text,
                    "sent_at": said.sent_at.isoformat(),
                },
            )
            for one in wanted
            for said in one.messages
        )
    )
    expected = {(stage.pages[one.page], one.author) for one in wanted}

    async def arrived() -> bool:
        return expected <= (await _open_conversations(lead)).keys()

    await until(arrived, "all conversations are in the inbox")
    return f"{len(expected)} open conversations"


async def fill_claims(stage: Stage) -> str:
    there = await _open_conversations(stage.as_(FIRST))
    for member, (page, author) in CLAIMS:
        conversation = there[stage.pages[page], author]
        if conversation["holder"] != stage.members[member]["id"]:
            await _claim(stage.as_(member), conversation["id"])
    return f"{len(CLAIMS)} of them claimed"


async def _claim(by: Caller, conversation_id: str) -> None:
    path = f"{_CONVERSATIONS}/{conversation_id}"

    async def attempt() -> None:
        await by.command(f"{path}/claim", (await by.get(path))["version"])

    await patiently(attempt, "the inbox knows the members", "unknown_member", "stale_version")


async def _open_conversations(lead: Caller) -> dict[tuple[str, str], dict[str, Any]]:
    """By page and author."""
    found = await lead.all(_CONVERSATIONS)
    return {(one["page_id"], one["author_name"]): one for one in found}


def _post_id(page: str, post: str) -> str:
    return f"{page}/{post}"
