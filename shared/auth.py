"""Who is asking, which clients they may see, and what they may do.

Identities travel in signed tokens (JWT, HS256): in the session cookie of a browser, as a bearer
token of another system, or in a link. Each token is good for one `purpose` only, so a link to
acknowledge a brief never opens a session.

    python -m shared.auth --sub=… --name=… --role=lead      # prints a token, reads AUTH_SECRET
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jwt

from shared.clock import Clock, utc_now
from shared.errors import NotSignedIn

__all__ = [
    "COOKIE",
    "PERMISSIONS",
    "SESSION",
    "SIGN_IN",
    "SYSTEM_SCOPE",
    "Identity",
    "Permission",
    "Role",
    "Scope",
    "Tokens",
    "is_public",
    "public",
]

F = TypeVar("F", bound=Callable[..., Any])

COOKIE = "understudy_session"
SESSION = "session"
SIGN_IN = "sign_in"
DEFAULT_TIME_ZONE = "Europe/Berlin"

_ALGORITHM = "HS256"
_ISSUER = "understudy"
_SECRET_LENGTH = 32  # below that HS256 is weaker than its hash


class Role(StrEnum):
    """LEAD: a team lead. MEMBER: a person of the team. OPS: runs the installation. SYSTEM: another
    system, by bearer token. CONTACT: a client's own person, who sees nothing internal."""

    LEAD = "lead"
    MEMBER = "member"
    OPS = "ops"
    SYSTEM = "system"
    CONTACT = "contact"


class Permission(StrEnum):
    """Each route demands one of these; the comment is its meaning."""

    PLANNER_READ = "planner.read"  # see clients, pages, campaigns, content items, tasks
    PLANNER_WRITE = "planner.write"  # change content items and tasks
    PLANNER_MANAGE = "planner.manage"  # create and change clients, pages, campaigns
    TEAM_READ = "team.read"  # see members, qualifications, responsibilities, coverage, handovers
    TEAM_WRITE = "team.write"  # change members, qualifications, responsibilities
    ABSENCE_REPORT_OWN = "absence.report_own"  # report, change, end one's own absence
    ABSENCE_REPORT_ANY = "absence.report_any"  # the same for anybody
    ABSENCE_READ_PRIVATE = "absence.read_private"  # see the kind and note of others' absences
    LEAVE_DECIDE = "leave.decide"  # see, approve and decline requests for leave
    RISK_READ = "risk.read"  # see on whom how much hangs, and what each of the team has to do
    ROTA_OWN = "rota.own"  # take open shifts, offer and accept swaps, wish for shifts
    INBOX_READ = "inbox.read"  # see conversations and messages
    INBOX_WRITE = "inbox.write"  # claim, answer, close, reassign conversations
    INBOX_MANAGE = "inbox.manage"  # set up sources and their secrets
    NOTIFICATIONS_READ_OWN = "notifications.read_own"  # see and acknowledge one's own briefs
    NOTIFICATIONS_READ_ALL = "notifications.read_all"  # see everybody's, and their deliveries
    NOTIFICATIONS_DECIDE = "notifications.decide"  # end the uncertainty of an unknown delivery
    OPERATIONS = "operations"  # see parked records and dead letters, release, resend


_EVERYBODY = frozenset({Role.LEAD, Role.MEMBER})
_LEADS = frozenset({Role.LEAD})

PERMISSIONS: Mapping[Permission, frozenset[Role]] = {
    Permission.PLANNER_READ: _EVERYBODY | {Role.OPS, Role.SYSTEM},
    Permission.PLANNER_WRITE: _EVERYBODY | {Role.SYSTEM},
    Permission.PLANNER_MANAGE: _LEADS | {Role.SYSTEM},
    Permission.TEAM_READ: _EVERYBODY | {Role.OPS, Role.SYSTEM},
    Permission.TEAM_WRITE: _LEADS | {Role.SYSTEM},
    Permission.ABSENCE_REPORT_OWN: _EVERYBODY,
    Permission.ABSENCE_REPORT_ANY: _LEADS | {Role.SYSTEM},
    Permission.ABSENCE_READ_PRIVATE: _LEADS,
    Permission.LEAVE_DECIDE: _LEADS,
    Permission.RISK_READ: _LEADS | {Role.SYSTEM},
    Permission.ROTA_OWN: _EVERYBODY,
    Permission.INBOX_READ: _EVERYBODY | {Role.SYSTEM},
    Permission.INBOX_WRITE: _EVERYBODY,
    Permission.INBOX_MANAGE: _LEADS | {Role.OPS, Role.SYSTEM},
    Permission.NOTIFICATIONS_READ_OWN: _EVERYBODY | {Role.OPS},
    Permission.NOTIFICATIONS_READ_ALL: _LEADS | {Role.OPS},
    Permission.NOTIFICATIONS_DECIDE: _LEADS | {Role.OPS},
    Permission.OPERATIONS: frozenset({Role.OPS}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The clients that may be seen; None means all of them."""

    clients: frozenset[str] | None

    def allows(self, client_id: str | None) -> bool:
        """What belongs to no client is internal: it takes the whole agency's scope."""
        return self.clients is None or client_id in self.clients

    def mongo(self, field: str = "client_id") -> dict[str, Any]:
        """The filter every query of the scope's holder must contain."""
        return {} if self.clients is None else {field: {"$in": sorted(self.clients)}}


SYSTEM_SCOPE = Scope(clients=None)
"""For handlers and jobs only: a route takes the scope of its caller."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`tz` is the IANA time zone to show times in; `lang` None leaves it to the browser."""

    member_id: str
    name: str
    role: Role
    scope: Scope
    tz: str = DEFAULT_TIME_ZONE
    lang: str | None = None

    def may(self, permission: Permission) -> bool:
        return self.role in PERMISSIONS[permission]


def public(endpoint: F) -> F:
    """Marks the endpoint of a route that anybody may ask, signed in or not."""
    endpoint.__dict__["public"] = True
    return endpoint


def is_public(endpoint: object) -> bool:
    return bool(getattr(endpoint, "public", False))


class Tokens:
    """Issues and verifies. All services of an installation share the secret."""

    def __init__(self, secret: str, clock: Clock = utc_now) -> None:
        if len(secret) < _SECRET_LENGTH:
            raise ValueError(f"the secret must have at least {_SECRET_LENGTH} characters")
        self._secret = secret
        self._clock = clock

    def issue(self, identity: Identity, expires_in: timedelta, *, purpose: str = SESSION) -> str:
        """`purpose` may name one thing, as in `acknowledge:<notification id>`."""
        now = self._clock()
        clients = identity.scope.clients
        claims: dict[str, Any] = {
            "iss": _ISSUER,
            "sub": identity.member_id,
            "name": identity.name,
            "role": identity.role.value,
            "clients": None if clients is None else sorted(clients),
            "tz": identity.tz,
            "lang": identity.lang,
            "purpose": purpose,
            "iat": int(now.timestamp()),
            "exp": int((now + expires_in).timestamp()),
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def verify(self, token: str, purpose: str = SESSION) -> Identity:
        """Raises `NotSignedIn` if the token is forged, expired or for another purpose."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                # The time is compared below, with our clock.
                options={
                    "require": ["exp", "sub", "iss"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            if claims["purpose"] != purpose or claims["exp"] <= self._clock().timestamp():
                raise NotSignedIn
            return _identity(claims)
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError):
            raise NotSignedIn from None


def _identity(claims: Mapping[str, Any]) -> Identity:
    clients = claims["clients"]
    return Identity(
        member_id=claims["sub"],
        name=claims["name"],
        role=Role(claims["role"]),
        scope=Scope(None if clients is None else frozenset(clients)),
        tz=claims["tz"],
        lang=claims["lang"],
    )


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}") from None


def main(arguments: list[str] | None = None) -> int:
    """Print a token: for another system, or the sign-in link of the first member."""
    parser = argparse.ArgumentParser(prog="python -m shared.auth", description=main.__doc__)
    parser.add_argument("--sub", required=True, help="the member's id, or a system's name")
    parser.add_argument("--name", required=True, help="the name shown to others")
    parser.add_argument("--role", required=True, choices=[role.value for role in Role])
    parser.add_argument(
        "--client", action="append", help="an allowed client's id, once for each (default: all)"
    )
    parser.add_argument(
        "--tz", type=_time_zone, default=DEFAULT_TIME_ZONE, help="IANA name (%(default)s)"
    )
    parser.add_argument("--lang", choices=["de", "en"], help="default: the browser's")
    parser.add_argument(
        "--purpose", default=SESSION, help=f"default: {SESSION}, a bearer token; {SIGN_IN}: a link"
    )
    parser.add_argument("--hours", type=float, default=12.0, help="how long it is good for")
    options = parser.parse_args(arguments)
    try:
        tokens = Tokens(os.environ.get("AUTH_SECRET", ""))
    except ValueError as error:
        parser.error(f"AUTH_SECRET: {error}")
    identity = Identity(
        member_id=options.sub,
        name=options.name,
        role=Role(options.role),
        scope=Scope(frozenset(options.client) if options.client else None),
        tz=options.tz,
        lang=options.lang,
    )
    token = tokens.issue(identity, timedelta(hours=options.hours), purpose=options.purpose)
    sys.stdout.write(f"{token}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
