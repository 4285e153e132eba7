"""Who asks, and whether they may: every route declares a permission or is public.

@router.get("/tasks")
async def list_tasks(identity: Annotated[Identity, require(Permission.PLANNER_READ)]) -> …:
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection

from shared.auth import COOKIE, Identity, Permission, Tokens, is_public
from shared.errors import Forbidden, NotSignedIn

__all__ = ["Access", "Caller", "Router", "accesses", "guard", "identify", "require"]


def identify(connection: HTTPConnection, tokens: Tokens) -> Identity | None:
    """Who asks, by bearer token or session cookie. None: nobody, or not any more."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = connection.cookies.get(COOKIE, "")
    if not token:
        return None
    try:
        return tokens.verify(token.strip())
    except NotSignedIn:
        return None


async def _caller(request: Request) -> Identity:
    identity: Identity | None = request.state.identity
    if identity is None:
        raise NotSignedIn
    return identity


Caller = Annotated[Identity, Depends(_caller)]
"""Anybody who is signed in. It names no permission: routes use `require`."""


class _Require:
    """The dependency behind `require`, told apart from others when routes are walked."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, caller: Caller) -> Identity:
        if not caller.may(self.permission):
            raise Forbidden
        return caller


def require(permission: Permission) -> Any:
    """A dependency that gives the caller's `Identity` if their role has the permission."""
    return Depends(_Require(permission))


async def guard(request: Request) -> None:
    """A dependency of everything, so it is solved before a route's own ones: who may not ask does
    not learn from the answer what else was wrong."""
    route: APIRoute = request.scope["route"]
    if is_public(route.endpoint):
        return
    caller = await _caller(request)
    demanded = set(_permissions(route.dependant))
    if not demanded or not all(map(caller.may, demanded)):
        raise Forbidden


class Router(APIRouter):
    """The routes of a feature, behind the guard from where they are declared.

    FastAPI would add it to what an application includes too, and for that build each route a second
    time, at the first request: half a second of the scheduler's start.
    """

    def __init__(self, *, dependencies: Sequence[Any] = (), **options: Any) -> None:
        super().__init__(dependencies=[Depends(guard), *dependencies], **options)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route demands. No permission and not public: a mistake."""

    route: APIRoute
    path: str
    methods: frozenset[str]
    permissions: frozenset[Permission]
    public: bool


def accesses(app: FastAPI) -> Iterator[Access]:
    """Every route of the application, so that a test can walk them. Mounted files are public."""
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, APIRoute):
            yield Access(
                route=context.original_route,
                path=context.path or "",
                methods=frozenset(context.methods or ()),
                permissions=frozenset(_permissions(context.dependant)),
                public=is_public(context.endpoint),
            )


def _permissions(dependant: Dependant) -> Iterator[Permission]:
    if isinstance(dependant.call, _Require):
        yield dependant.call.permission
    for needed in dependant.dependencies:
        yield from _permissions(needed)
