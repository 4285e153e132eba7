"""The demo while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from deploy.local import prerequisites, stack
from deploy.local.demo.agency.people import AGENCY
from deploy.local.demo.api import Api, Impatient, Refused, opened
from deploy.local.demo.community import PLATFORM
from deploy.local.demo.filling import fill, is_filled, mark_filled
from deploy.local.demo.stage import Stage
from deploy.local.processes import ProcessFailed
from deploy.local.programs import auth_secret
from deploy.local.settings import SERVICES, LocalSettings
from deploy.local.supervisor import Report

__all__ = ["SERVICE_ENV", "FillingFailed", "fill_completely", "run"]

SERVICE_ENV: Mapping[str, Mapping[str, str]] = {
    "scheduler": {"AGENCY_NAME": AGENCY, "AGENCY_COUNTRY": "DE", "AGENCY_REGION": "SN"},
    "notifier": {"MAIL_FROM": "Understudy <understudy@haselbach-kern.example>"},
}


class FillingFailed(ProcessFailed):
    """The agency is not complete. The next start goes on from there."""


async def run(settings: LocalSettings, report: Report = print) -> int:
    """Everything up, filled in if it is not yet, until cancelled."""
    await stack.prepare(settings, report=report)
    prerequisites.check_ports(settings, also=("platform_port", "sign_in_port"))
    async with stack.Stack(settings, service_env=SERVICE_ENV, report=report) as everything:
        await everything.start_engines()
        await everything.start_services(demo=True)
        if not is_filled(settings):
            report("\nFilling in the agency, through the services' APIs")
            async with opened(settings.public_url, auth_secret(settings)) as api:
                await fill_completely(api, report)
            mark_filled(settings)
        report(_links(settings))
        await asyncio.Event().wait()
    return 0


async def fill_completely(api: Api, report: Report) -> Stage:
    """Also lets people write on the platform by themselves. Raises `FillingFailed`."""
    try:
        stage = await fill(api, report)
        await api.as_system().put(f"{PLATFORM}/chatter", {"on": True})
        return stage
    except (Refused, Impatient) as failure:
        raise FillingFailed(
            f"The agency could not be filled in: {failure}\n"
            "Start the demo again to go on from there, or make demo-reset to begin anew."
        ) from failure


def _links(settings: LocalSettings) -> str:
    url = settings.public_url
    rows = {
        "Start here": f"{url}/sign-in?to=/scheduler/",
        "Coverage board": f"{url}/scheduler/",
        "Inbox": f"{url}/inbox/",
        "Plan": f"{url}/planner/",
        "Notifications": f"{url}/notifier/",
        "Platform": f"{url}/platform/   (write to a page as a follower)",
        "Mail": f"{settings.mail}/   (a Maildir; nothing leaves this machine)",
        "API docs": "  ".join(f"{url}/{service}/api/docs" for service in SERVICES),
    }
    listed = "\n".join(f"  {name:<15} {where}" for name, where in rows.items())
    return (
        f"\n{AGENCY} is open:\n\n{listed}\n\n"
        "Sign in as Lena Vogt, press “Report sick” on the coverage board for Jana Hoffmann and\n"
        "watch her work move. Then write to Rösterei Morgenrot on the platform: who gets it?\n\n"
        "Ctrl-C ends it; the next start finds everything as it was."
    )
