"""Filling in the planner: clients, pages, a campaign, content items and their tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from deploy.local.demo.agency.clients import CAMPAIGN, CLIENTS, PAGES
from deploy.local.demo.agency.people import FIRST
from deploy.local.demo.agency.plan import Post, Progress, Task, instant
from deploy.local.demo.agency.posts import POSTS, TASKS
from deploy.local.demo.api import Caller, Refused
from deploy.local.demo.stage import Stage, calm
from shared.events.planner import ContentStatus

__all__ = ["fill_places", "fill_plan"]

_API = "/planner/api/v1"
_CONTENT = f"{_API}/content"
_TASKS = f"{_API}/tasks"

# What leads to a status, step by step: the status before, and the command.
_TO_REVIEW = ((ContentStatus.DRAFT, "submit"),)
_TO_APPROVED = (*_TO_REVIEW, (ContentStatus.IN_REVIEW, "approve"))
_WAYS: Mapping[ContentStatus, Mapping[ContentStatus, str]] = {
    ContentStatus.DRAFT: {},
    ContentStatus.IN_REVIEW: dict(_TO_REVIEW),
    ContentStatus.CHANGES_REQUESTED: dict(
        (*_TO_REVIEW, (ContentStatus.IN_REVIEW, "request-changes"))
    ),
    ContentStatus.APPROVED: dict(_TO_APPROVED),
    ContentStatus.SCHEDULED: dict((*_TO_APPROVED, (ContentStatus.APPROVED, "schedule"))),
    ContentStatus.PUBLISHED: dict((*_TO_APPROVED, (ContentStatus.APPROVED, "mark-published"))),
}
_APPROVERS = {"morgenrot": "LV", "auental": "NS", "radwerk": "NS", "weidenau": "KK"}


async def fill_places(stage: Stage) -> str:
    lead = stage.as_(FIRST)
    clients = {one["name"]: one["id"] for one in await lead.all(f"{_API}/clients", archived=True)}
    for client in CLIENTS:
        stage.clients[client.key] = clients.get(client.name) or await _add(
            lead, f"{_API}/clients", {"name": client.name}, f"client:{client.key}"
        )
    pages = {
        (one["platform"], one["handle"]): one["id"]
        for one in await lead.all(f"{_API}/pages", archived=True)
    }
    for page in PAGES:
        body = {
            "client_id": stage.clients[page.client],
            "name": page.name,
            "platform": page.platform,
            "handle": page.handle,
        }
        stage.pages[page.key] = pages.get((page.platform, page.handle)) or await _add(
            lead, f"{_API}/pages", body, f"page:{page.key}"
        )
    stage.campaign_id = await _campaign(stage, lead)
    return f"{len(CLIENTS)} clients, {len(PAGES)} pages, 1 campaign"


async def _campaign(stage: Stage, lead: Caller) -> str:
    client_id = stage.clients[CAMPAIGN.client]
    for known in await lead.all(f"{_API}/campaigns", client=client_id):
        if known["name"] == CAMPAIGN.name:
            return str(known["id"])
    body = {
        "client_id": client_id,
        "name": CAMPAIGN.name,
        "starts_on": CAMPAIGN.starts_on.isoformat(),
        "ends_on": CAMPAIGN.ends_on.isoformat(),
    }
    return await _add(lead, f"{_API}/campaigns", body, f"campaign:{CAMPAIGN.key}")


async def _add(caller: Caller, path: str, body: Mapping[str, Any], key: str) -> str:
    return str((await caller.create(path, body, key))["id"])


async def fill_plan(stage: Stage) -> str:
    lead = stage.as_(FIRST)
    await calm(lead)
    known = {(one["client_id"], one["title"]): one for one in await lead.all(_CONTENT)}
    await asyncio.gather(
        *(
            _fill_post(stage, post, known.get((stage.clients[post.client], post.title)))
            for post in POSTS
        )
    )
    tasks = {(one["client_id"], one["title"]): one for one in await lead.all(_TASKS)}
    for client, task in TASKS:
        there = tasks.get((stage.clients[client], task.title))
        await _fill_task(stage, _TASKS, {"client_id": stage.clients[client]}, task, there)
    count = len(TASKS) + sum(len(post.tasks) for post in POSTS)
    return f"{len(POSTS)} content items, {count} tasks"


async def _fill_post(stage: Stage, post: Post, there: dict[str, Any] | None) -> None:
    writer = stage.as_(post.by)
    item = there or await writer.create(_CONTENT, _body(stage, post), f"post:{post.title}")
    path = f"{_CONTENT}/{item['id']}"
    for number, text in enumerate(post.texts[1:], start=2):
        if item["revision"]["number"] < number:
            item = await writer.command(path, item["version"], {"text": text}, by="PATCH")
    tasks = {one["title"]: one for one in await writer.all(_TASKS, content=item["id"])}
    for task in post.tasks:
        await _fill_task(stage, f"{path}/tasks", {}, task, tasks.get(task.title))
    await _advance(stage, post, path, item)


def _body(stage: Stage, post: Post) -> dict[str, Any]:
    return {
        "client_id": stage.clients[post.client],
        "campaign_id": stage.campaign_id if post.campaign else None,
        "title": post.title,
        "text": post.texts[0],
        "variants": [
            {
                "page_id": stage.pages[page],
                "publish_at": when and instant(when, stage.now).isoformat(),
            }
            for page, when in post.pages
        ],
    }


async def _advance(stage: Stage, post: Post, path: str, item: dict[str, Any]) -> None:
    """Step by step to the status it is to have; whoever does the step is the one who would."""
    way = _WAYS[post.status]
    while (status := ContentStatus(item["status"])) in way and status is not post.status:
        command = way[status]
        decides = command in ("approve", "request-changes")
        body: dict[str, Any] | None = {"revision": item["revision"]["number"]} if decides else None
        if body is not None and command == "request-changes":
            body["remark"] = post.remark
        by = stage.as_(_APPROVERS[post.client] if decides else post.by)
        try:
            item = await by.command(f"{path}/{command}", item["version"], body)
        except Refused as refusal:
            if refusal.code != "stale_version":
                raise
            item = await by.get(path)


async def _fill_task(
    stage: Stage,
    path: str,
    place: Mapping[str, str],
    task: Task,
    there: dict[str, Any] | None,
) -> None:
    lead = stage.as_(FIRST)
    body = {
        **place,
        "discipline": task.discipline,
        "title": task.title,
        "due_at": instant(task.due, stage.now).isoformat(),
        "page_id": stage.pages[task.page] if task.page else None,
    }
    where = place.get("client_id", path)
    created = there or await lead.create(path, body, f"task:{where}:{task.title}")
    await _work_on(stage, created, task.progress)


async def _work_on(stage: Stage, task: dict[str, Any], progress: Progress) -> None:
    """By whoever has it."""
    if task["status"] in (progress, Progress.DONE) or progress is Progress.TODO:
        return
    holders = {one["id"]: one for one in stage.members.values()}
    holder = stage.api.as_member(holders[task["holder"]]) if task["holder"] else stage.as_(FIRST)
    step = "start" if progress is Progress.STARTED else "finish"
    await holder.command(f"{_TASKS}/{task['id']}/{step}", task["version"])
