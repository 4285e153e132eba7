"""Every route of every service, and an agency with one of everything to ask them about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from pydantic import SecretStr

from services.inbox.app import create_app as inbox
from services.inbox.settings import InboxSettings
from services.notifier.app import create_notifier as notifier
from services.notifier.settings import NotifierSettings
from services.planner.app import create_app as planner
from services.planner.settings import PlannerSettings
from services.scheduler.app import create_scheduler as scheduler
from services.scheduler.settings import SchedulerSettings
from shared.service import Service
from shared.web.access import Access, accesses
from tests.support.agency import Agency
from tests.support.books import Books
from tests.support.engines import ABSENCE_KEYS, AUTH_SECRET
from tests.support.waiting import eventually

__all__ = ["Route", "every_route", "one_of_everything"]


@dataclass(frozen=True)
class Route:
    """One method of a route."""

    service: str
    method: str
    access: Access

    def path(self, ids: Mapping[str, str]) -> str:
        """With ids that exist, so that what is refused is refused for the right reason."""
        path = re.sub(
            r"{(\w+)(:path)?}", lambda match: ids.get(match[1], "unknown"), self.access.path
        )
        return f"/{self.service}{path}"

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.access.path}"


def every_route() -> list[Route]:
    secret = SecretStr(AUTH_SECRET)
    apps: dict[str, FastAPI] = {
        "planner": planner(PlannerSettings(auth_secret=secret)),
        "scheduler": _scheduler(
            SchedulerSettings(auth_secret=secret, absence_keys=SecretStr(ABSENCE_KEYS))
        ),
        "inbox": inbox(InboxSettings(auth_secret=secret)),
        "notifier": notifier(NotifierSettings(auth_secret=secret)),
    }
    return [
        Route(service, method, access)
        for service, app in apps.items()
        for access in accesses(app)
        for method in sorted(access.methods - {"HEAD"})
    ]


def _scheduler(settings: SchedulerSettings) -> FastAPI:
    return scheduler(Service("scheduler", settings), settings)


async def one_of_everything(agency: Agency, books: Books) -> dict[str, str]:
    """Their ids by the names that paths have for them; all of the agency's one client."""
    task_id = await agency.task(7)
    content = {"client_id": agency.client, "title": "Task 7 content", "text": "kein Warmwasser"}
    content_id = (await agency.post("/planner/api/v1/content", content))["id"]
    campaign = {
        "client_id": agency.client,
        "name": "Task 7 campaign",
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-24",
    }
    campaign_id = (await agency.post("/planner/api/v1/campaigns", campaign))["id"]
    message: dict[str, Any] = {
        "platform_message_id": "m1",
        "author_id": "uwe",
        "author_name": "Uwe Canary",
        "kind": "direct",
        "text": "kein Warmwasser",
        "sent_at": "2026-11-24T08:00:00Z",
    }
    await agency.deliver(agency.sources[0], [message])
    await eventually(lambda: bool(books.rows("inbox", "conversations")))
    leave = {
        "member_id": agency.members["Jana"],
        "kind": "holiday",
        "note": "kein Warmwasser",
        "starts_at": "2031-05-05",
        "ends_at": "2031-05-09",
    }
    leave_id = (await agency.post("/scheduler/api/v1/leave-requests", leave))["id"]
    rota = await _a_rota(agency)
    reported = await agency.report_sick("Jana")
    await agency.receipt_closed(reported["handover_id"])
    await eventually(lambda: bool(books.rows("notifier", "notifications")))
    return {
        "client_id": agency.client,
        "page_id": agency.pages[0],
        "member_id": agency.members["Jana"],
        "task_id": task_id,
        "content_id": content_id,
        "campaign_id": campaign_id,
        "conversation_id": books.rows("inbox", "conversations")[0]["_id"],
        "source_id": agency.sources[0]["id"],
        "leave_id": leave_id,
        **rota,
        "whose": "team",
        "absence_id": reported["absence"]["id"],
        "handover_id": reported["handover_id"],
        "responsibility_id": f"{agency.client}:copywriting",
        "assignment_id": books.rows("scheduler", "assignments")[0]["_id"],
        "notification_id": books.rows("notifier", "notifications")[0]["_id"],
        "discipline": "copywriting",
        "command": "done",
    }


async def _a_rota(agency: Agency) -> dict[str, str]:
    """A week of it, with a swap on offer and a wish; the week after is proposed."""
    api = "/scheduler/api/v1/rota"
    kind = {"name": "Late", "weekdays": [0, 2, 4], "starts": "17:00", "ends": "22:00"}
    group = {
        "name": "Rösterei Morgenrot, evenings",
        "pages": agency.pages,
        "time_zone": "Europe/Berlin",
        "kinds": [kind],
    }
    group_id = (await agency.post(f"{api}/groups", group))["id"]

    async def proposed(first_day: str) -> dict[str, Any]:
        wanted = {"groups": [group_id], "first_day": first_day, "weeks": 1}
        run_id = (await agency.post(f"{api}/runs", wanted))["id"]

        async def found() -> dict[str, Any] | None:
            present: dict[str, Any] = await agency.get(f"{api}/runs/{run_id}")
            return present if present["state"] == "proposed" else None

        run: dict[str, Any] | None = await eventually(found, 60, what="a rota is proposed")
        assert run is not None
        return run

    planned = await proposed("2031-06-02")
    await agency.post(f"{api}/runs/{planned['id']}/apply", {}, if_match=planned["version"])
    names = {id: name for name, id in agency.members.items()}
    shift_id, giver = next(iter(planned["given"].items()))
    taker = next(id for id in names if id != giver and names[id] != "Lena")
    offer = {"shift_id": shift_id, "to": taker}
    wish = {"rather": False, "weekday": 5}
    return {
        "group_id": group_id,
        "shift_id": shift_id,
        "run_id": (await proposed("2031-06-09"))["id"],
        "swap_id": (await agency.post(f"{api}/swaps", offer, by=names[giver]))["id"],
        "wish_id": (await agency.post(f"{api}/wishes", wish, by=names[giver]))["id"],
    }
