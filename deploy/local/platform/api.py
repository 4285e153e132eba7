"""The platform for programs: `/platform/api`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from deploy.local.platform.domain import Kind, Network, Page, Post
from deploy.local.platform.life import CHATTER, Life
from deploy.local.platform.store import Store
from deploy.local.platform.words import TOPICS

__all__ = ["Living", "Stored", "existing_page", "router"]

router = APIRouter(prefix="/platform/api")


async def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


async def _life(request: Request) -> Life:
    life: Life = request.app.state.life
    return life


Stored = Annotated[Store, Depends(_store)]
Living = Annotated[Life, Depends(_life)]


async def existing_page(store: Stored, page_id: str) -> Page:
    page = store.page(page_id)
    if page is None:
        raise HTTPException(404, "There is no such page.")
    return page


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageBody(_Body):
    network: Network
    name: str = Field(min_length=1, max_length=200)
    handle: str = Field(default="", max_length=200)
    topic: str = Field(json_schema_extra={"enum": [*TOPICS]})
    webhook_url: str | None = Field(default=None, pattern=r"^https?://")
    webhook_secret: str | None = Field(default=None, pattern=r"^whsec_")
    posts: dict[str, str] = Field(default_factory=dict, description="Texts by the posts' ids")


class MessageBody(_Body):
    """`id` makes writing it twice harmless; `sent_at` is now unless given."""

    id: str | None = Field(default=None, min_length=1, max_length=100)
    author_name: str = Field(min_length=1, max_length=100)
    text: str = Field(min_length=1, max_length=5_000)
    kind: Kind = Kind.DIRECT
    thread: str | None = Field(default=None, max_length=100)
    sent_at: AwareDatetime | None = None


class ChatterBody(_Body):
    on: bool


class State(BaseModel):
    chatter: bool
    messages: int
    waiting: int


@router.get("/pages")
async def list_pages(store: Stored) -> list[dict[str, Any]]:
    return [_shown(page) for page in store.pages()]


@router.put("/pages/{page_id}")
async def put_page(store: Stored, page_id: str, body: PageBody) -> dict[str, Any]:
    """New, or changed. Its secret is never shown again."""
    if body.topic not in TOPICS:
        raise HTTPException(422, f"Nobody can write about {body.topic}.")
    page = Page(page_id, **body.model_dump(exclude={"posts"}))
    store.put_page(page)
    for post_id, text in body.posts.items():
        store.put_post(Post(post_id, page_id, text))
    return _shown(page)


@router.get("/pages/{page_id}/posts")
async def list_posts(
    store: Stored, page: Annotated[Page, Depends(existing_page)]
) -> list[dict[str, Any]]:
    return [asdict(post) for post in store.posts(page.id)]


@router.get("/pages/{page_id}/messages")
async def list_messages(
    store: Stored,
    page: Annotated[Page, Depends(existing_page)],
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[dict[str, Any]]:
    """The latest first; `delivered` once the webhook has taken it."""
    found = store.messages(page.id, limit)
    return [{**asdict(message), "delivered": waiting is None} for message, waiting in found]


@router.post("/pages/{page_id}/messages", status_code=201)
async def post_message(
    life: Living, page: Annotated[Page, Depends(existing_page)], body: MessageBody
) -> dict[str, Any]:
    """Write to the page as an author."""
    message = life.post(
        page,
        author_name=body.author_name,
        text=body.text,
        kind=body.kind,
        thread=body.thread,
        message_id=body.id,
        sent_at=body.sent_at,
    )
    return asdict(message)


@router.get("/state")
async def state(store: Stored) -> State:
    return State(
        chatter=store.is_on(CHATTER),
        messages=store.count_messages(),
        waiting=store.count_waiting(),
    )


@router.put("/chatter")
async def switch_chatter(store: Stored, body: ChatterBody) -> State:
    """Whether people write by themselves."""
    store.turn(CHATTER, on=body.on)
    return await state(store)


def _shown(page: Page) -> dict[str, Any]:
    shown = asdict(page)
    del shown["webhook_secret"]
    return shown
