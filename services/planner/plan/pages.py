"""What the planner's pages have in common: what they work with, and where a command leads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from services.planner.content.usecases import Desk
from services.planner.plan.forms import local_text
from services.planner.plan.names import Names, load_names
from services.planner.team.store import TeamStore
from shared.auth import Identity
from shared.events.disciplines import Discipline
from shared.service import Service
from shared.ui.ui import Toast, Ui
from shared.web.session import is_local

__all__ = ["Plan", "Planner", "asked_by_htmx"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One request to a page."""

    request: Request
    service: Service
    ui: Ui
    desk: Desk
    team: TeamStore

    @property
    def now(self) -> datetime:
        return self.service.clock()

    async def names(self, who: Identity) -> Names:
        return await load_names(self.desk, self.team, who.scope)

    def said(self, message: str, **params: Any) -> str:
        return self.ui.translate(self.request, message, params)

    def page(
        self, template: str, *, status: int = 200, toast: Toast | None = None, **context: Any
    ) -> Response:
        return self.ui.render(
            self.request, template, status=status, toast=toast, **_WORKING_WITH, **context
        )

    def part(self, template: str, **context: Any) -> str:
        """HTML of a part of a page, for a live stream or an answer to htmx."""
        return self.ui.fragment(self.request, template, **_WORKING_WITH, **context)

    def onward(self, path: str) -> Response:
        """After a form was taken: the page at `path`, so that reloading it sends nothing again."""
        return RedirectResponse(self.ui.url(path), status_code=303)

    def back(self, otherwise: str) -> Response:
        """To the page the form was on, if it is one of ours."""
        came_from = urlsplit(self.request.headers.get("referer", ""))
        path = came_from.path + (f"?{came_from.query}" if came_from.query else "")
        if is_local(path) and path.startswith(self.ui.url("/")):
            return RedirectResponse(path, status_code=303)
        return self.onward(otherwise)


async def _plan(request: Request) -> Plan:
    state = request.app.state
    return Plan(request, state.service, state.ui, state.desk, state.team)


Planner = Annotated[Plan, Depends(_plan)]


def asked_by_htmx(request: Request) -> bool:
    return "hx-request" in request.headers


def typed_at(at: datetime | None, identity: Identity) -> str:
    """An instant as the reader would type it, for the value of a form's field."""
    return local_text(at, ZoneInfo(identity.tz))


# What every template of the plan may use.
_WORKING_WITH: dict[str, Any] = {"typed_at": typed_at, "disciplines": list(Discipline)}
