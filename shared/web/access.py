"""Who asks, and whether they may: every route declares a permission or is public.

@router.get("/tasks")
async def list_tasks(identity: Annotated[Identity, require(Permission.PLANNER_READ)]) -> …:
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection

from shared.auth import COOKIE, Identity, Permission, Tokens, is_public
from shared.errors import Forbidden, NotSignedIn

__all__ = ["Access", "Caller", "Guard", "accesses", "identify", "require"]


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


class Guard:
    """A dependency of the whole application, so it is solved before a route's own ones: who may
    not ask does not learn from the answer what else was wrong."""

    def __init__(self) -> None:
        self._by_route: dict[int, Access] = {}

    async def __call__(self, request: Request) -> None:
        access = self._demanded(request)
        if access.public:
            return
        caller = await _caller(request)
        if not access.permissions or not all(map(caller.may, access.permissions)):
            raise Forbidden

    def _demanded(self, request: Request) -> Access:
        if not self._by_route:
            self._by_route = {id(access.route): access for access in accesses(request.app)}
        return self._by_route[id(request.scope["route"])]


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
