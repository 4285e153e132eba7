"""The first member of an empty agency, and the link with which they sign in.

    python -m services.scheduler.setup --name "Lena Vogt" --email lena@agency.example

Reads the same environment as the service. Everybody else is added by that first lead.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from urllib.parse import quote
from zoneinfo import available_timezones

from services.scheduler.app import NAME
from services.scheduler.desk import open_desk
from services.scheduler.members.domain import Member
from services.scheduler.members.usecases import (
    LINK_GOOD_FOR,
    NewMember,
    add_first_member,
    identity_of,
)
from services.scheduler.settings import SchedulerSettings
from shared.auth import SIGN_IN, Role, Tokens
from shared.errors import AppError
from shared.service import Service

__all__ = ["main", "set_up"]


async def set_up(settings: SchedulerSettings, new: NewMember) -> Member:
    """Add the first member. Raises `NotEmpty` if there is one."""
    service = Service(NAME, settings)
    try:
        desk = open_desk(
            service, settings.zone, settings.key_ring, most_at_once=settings.most_at_once
        )
        return await service.outbox.transaction(
            lambda tx: add_first_member(tx, desk, new, service.clock())
        )
    finally:
        await service.mongo.close()


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    settings = SchedulerSettings()
    new = NewMember(
        name=options.name,
        email=options.email,
        language=options.language,
        time_zone=options.time_zone or settings.agency_time_zone,
        role=Role.LEAD,
        clients=None,
    )
    try:
        member = asyncio.run(set_up(settings, new))
    except AppError as error:
        sys.stderr.write(f"{error.title}. {error.remedy}\n")
        return 1
    tokens = Tokens(settings.auth_secret.get_secret_value())
    token = tokens.issue(identity_of(member), LINK_GOOD_FOR, purpose=SIGN_IN)
    sys.stdout.write(f"{settings.public_url}{settings.root_path}/session?token={quote(token)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.scheduler.setup",
        description="Create the first lead of an empty agency and print their sign-in link.",
    )
    parser.add_argument("--name", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--language", choices=["de", "en"], default="de")
    parser.add_argument(
        "--time-zone", choices=sorted(available_timezones()), metavar="ZONE", help="IANA name"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
