"""The platform for people: `/platform/`. Works without scripts; there are none."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from deploy.local.platform.api import Living, Stored, existing_page
from deploy.local.platform.domain import Kind, Page
from deploy.local.platform.labels import LABELS
from deploy.local.platform.life import CHATTER
from deploy.local.platform.settings import PlatformSettings
from deploy.local.platform.store import Store
from shared.ui.i18n import choose_language

__all__ = ["router"]

_HERE = Path(__file__).parent
_SHOWN = 30
_LANGUAGE = "platform_language"
_ZONE = ZoneInfo("Europe/Berlin")
_POST = "post:"

Existing = Annotated[Page, Depends(existing_page)]


async def _from_here(request: Request) -> None:
    """Another site must not write in a visitor's name."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "This form was sent from another site.")


router = APIRouter(prefix="/platform", include_in_schema=False, dependencies=[Depends(_from_here)])


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = _clock
    return environment


def _clock(at: datetime) -> str:
    return at.astimezone(_ZONE).strftime("%d.%m. %H:%M")


_TEMPLATES = _templates()


@router.get("/")
async def overview(request: Request, store: Stored, lang: str | None = None) -> Response:
    return _page(request, store, None, lang)


@router.get("/style.css")
async def style() -> Response:
    return FileResponse(_HERE / "static" / "style.css")


@router.get("/pages/{page_id}")
async def show(
    request: Request,
    store: Stored,
    page: Existing,
    lang: str | None = None,
    author_name: str = "",
) -> Response:
    return _page(request, store, page, lang, author_name=author_name)


@router.post("/pages/{page_id}")
async def write(
    life: Living,
    page: Existing,
    author_name: Annotated[str, Form(min_length=1, max_length=100)],
    text: Annotated[str, Form(min_length=1, max_length=5_000)],
    where: Annotated[str, Form(max_length=120)],
) -> Response:
    kind, thread = _addressed(where)
    life.post(page, author_name=author_name, text=text, kind=kind, thread=thread)
    address = f"/platform/pages/{quote(page.id)}?author_name={quote(author_name)}"
    return RedirectResponse(address, status_code=303)


@router.post("/chatter")
async def switch_chatter(store: Stored, on: Annotated[bool, Form()]) -> Response:
    store.turn(CHATTER, on=on)
    return RedirectResponse("/platform/", status_code=303)


def _addressed(where: str) -> tuple[Kind, str | None]:
    """`post:<id>`, `mention`, or a direct message."""
    if where.startswith(_POST):
        return Kind.COMMENT, where.removeprefix(_POST)
    return (Kind.MENTION if where == Kind.MENTION else Kind.DIRECT), None


def _page(
    request: Request, store: Store, chosen: Page | None, lang: str | None, author_name: str = ""
) -> Response:
    settings: PlatformSettings = request.app.state.settings
    language = choose_language(
        lang or request.cookies.get(_LANGUAGE), request.headers.get("accept-language")
    )
    context: dict[str, Any] = {
        "language": language,
        "says": LABELS[language],
        "pages": store.pages(),
        "chosen": chosen,
        "posts": store.posts(chosen.id) if chosen else [],
        "messages": store.messages(chosen.id, _SHOWN) if chosen else [],
        "chatter": store.is_on(CHATTER),
        "rate": f"{settings.messages_per_minute:g}",
        "waiting": store.count_waiting(),
        "sent": bool(author_name),
        "author_name": author_name,
    }
    response = HTMLResponse(_TEMPLATES.get_template("page.html").render(context))
    if lang in LABELS:
        response.set_cookie(_LANGUAGE, language, path="/platform", samesite="lax", httponly=True)
    return response
