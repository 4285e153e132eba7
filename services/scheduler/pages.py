"""What the scheduler's pages have in common: what they work with, and where a command leads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import RedirectResponse, Response

from services.scheduler.desk import Desk
from services.scheduler.leave.waiting import count_waiting
from services.scheduler.workingtime.public_holidays import named_days
from shared.auth import Identity
from shared.errors import AppError
from shared.events.disciplines import Discipline
from shared.idempotency import COLLECTION, Once
from shared.service import Service
from shared.ui.ui import Toast, Ui
from shared.web.forms import Form, Refused

__all__ = ["INTO_PAGE", "Screen", "TheScreen"]

INTO_PAGE = {"HX-Retarget": "#main", "HX-Reswap": "innerHTML"}
"""Of a refusal that is told in the page itself: not on top of it, as others are to htmx."""

C = TypeVar("C", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Screen:
    """One request to a page."""

    request: Request
    service: Service
    ui: Ui
    desk: Desk
    waiting: int
    """Requests for leave that wait for the reader's decision."""

    @property
    def now(self) -> datetime:
        return self.service.clock()

    @property
    def language(self) -> str:
        return self.ui.language(self.request)

    @property
    def by_htmx(self) -> bool:
        return "hx-request" in self.request.headers

    @property
    def agency(self) -> str:
        name: str = self.request.app.state.agency_name
        return name

    def holidays(self, first: date, days: int) -> Mapping[date, str]:
        """Public holidays of the agency, in the reader's language."""
        home = self.desk.home
        return {} if home is None else named_days(home, first, days, self.language)

    def said(self, message: str, **params: Any) -> str:
        """A text in the reader's language."""
        return self.ui.translate(self.request, message, params)

    def refused(self, error: AppError | None) -> Refused | None:
        return None if error is None else Refused.of(self.ui, self.request, error)

    def page(
        self,
        template: str,
        *,
        error: AppError | None = None,
        toast: Toast | None = None,
        headers: dict[str, str] | None = None,
        **context: Any,
    ) -> Response:
        """`error`: why what was sent was not taken; the page says so, with its status."""
        return self.ui.render(
            self.request,
            template,
            status=200 if error is None else error.status,
            toast=toast,
            headers=headers,
            **_WORKING_WITH,
            refused=self.refused(error),
            counts={"scheduler": self.waiting},
            **context,
        )

    def part(self, template: str, **context: Any) -> str:
        """HTML of a part of a page, for a live stream."""
        return self.ui.fragment(self.request, template, **_WORKING_WITH, **context)

    def choice_behind(self, path: str, kind: type[C]) -> C:
        """What was chosen on the page from which the request was sent; nothing if that is not the
        one at `path`."""
        headers = self.request.headers
        address = urlsplit(headers.get("hx-current-url") or headers.get("referer") or "")
        if address.path == self.ui.url(path):
            with suppress(ValidationError):
                return kind.model_validate(dict(parse_qsl(address.query)))
        return kind()

    def once(self, typed: Form, caller: Identity, route: str, body: BaseModel) -> Once:
        """Sent twice, by two clicks or by going back, the same form is taken once."""
        content = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        return Once(
            rows=self.service.mongo.collection(COLLECTION),
            clock=self.service.clock,
            key=f"{typed.text('key')}:{content}" if typed.text("key") else None,
            caller=caller.member_id,
            route=route,
        )

    def onward(self, path: str) -> Response:
        """After a form was taken: the page at `path`, so that reloading it sends nothing again."""
        return RedirectResponse(self.ui.url(path), status_code=303)


async def _screen(request: Request) -> Screen:
    state = request.app.state
    who: Identity | None = request.state.identity
    waiting = 0 if who is None else await count_waiting(state.desk, who, state.service.clock())
    return Screen(request, state.service, state.ui, state.desk, waiting)


TheScreen = Annotated[Screen, Depends(_screen)]

# What every template of the scheduler may use.
_WORKING_WITH: dict[str, Any] = {"disciplines": list(Discipline)}
