"""The inbox's copy of clients, pages, members and who acts, as far as it shows or checks them.

clients  {_id, name, archived}
pages    {_id, client_id, name, platform, handle, archived}
members  {_id, name, initials, colour, clients, active, present}
coverage {_id: responsibility id, client_id, page_id, owner, acting}    community only
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shared.auth import Scope
from shared.events.planner import ClientChanged, PageChanged, Platform
from shared.events.scheduler import CoverageChanged, MemberChanged
from shared.mongo import Document, Mongo, Session

__all__ = ["Client", "Cover", "Directory", "Member", "Page"]


@dataclass(frozen=True, slots=True)
class Client:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    client_id: str
    name: str
    platform: Platform
    handle: str
    archived: bool


@dataclass(frozen=True, slots=True)
class Member:
    """`present` is for showing; whoever assigns work asks the presence rows."""

    id: str
    name: str
    initials: str
    colour: int
    scope: Scope
    active: bool
    present: bool

    @property
    def first_name(self) -> str:
        """Colleagues call each other by it, where there is little room."""
        return self.name.split(" ")[0]


@dataclass(frozen=True, slots=True)
class Cover:
    """Who owns a responsibility for community management and who acts; None is a gap. For
    showing, like `Member.present`. `page_id` None: it is the client's."""

    client_id: str
    page_id: str | None
    owner: str
    acting: str | None


class Directory:
    def __init__(self, mongo: Mongo) -> None:
        self._clients = mongo.collection("clients")
        self._pages = mongo.collection("pages")
        self._members = mongo.collection("members")
        self._coverage = mongo.collection("coverage")

    # What the events say

    async def put_client(self, session: Session, client: ClientChanged) -> None:
        await self._clients.replace_one(
            {"_id": client.client_id},
            {"name": client.name, "archived": client.archived},
            upsert=True,
            session=session,
        )

    async def put_page(self, session: Session, page: PageChanged) -> None:
        row = page.model_dump(
            mode="json", include={"client_id", "name", "platform", "handle", "archived"}
        )
        await self._pages.replace_one({"_id": page.page_id}, row, upsert=True, session=session)

    async def put_member(self, session: Session, member: MemberChanged) -> None:
        row = member.model_dump(
            mode="json", include={"name", "initials", "colour", "clients", "active", "present"}
        )
        await self._members.replace_one(
            {"_id": member.member_id}, row, upsert=True, session=session
        )

    async def put_coverage(self, session: Session, cover: CoverageChanged) -> None:
        row = cover.model_dump(include={"client_id", "page_id", "owner", "acting"})
        await self._coverage.replace_one(
            {"_id": cover.responsibility_id}, row, upsert=True, session=session
        )

    # What the inbox asks

    async def clients(self, scope: Scope) -> list[Client]:
        """By name, without archived ones."""
        rows = self._clients.find({"archived": False, **scope.mongo("_id")}).sort("name", 1)
        return [Client(row["_id"], row["name"]) async for row in rows]

    async def pages(self, scope: Scope) -> list[Page]:
        """By name and platform; archived ones as well, since they may have conversations."""
        rows = self._pages.find(scope.mongo()).sort([("name", 1), ("platform", 1)])
        return [_page(row) async for row in rows]

    async def page(self, scope: Scope, page_id: str) -> Page | None:
        row = await self._pages.find_one({"_id": page_id, **scope.mongo()})
        return None if row is None else _page(row)

    async def known_pages(self, session: Session, page_ids: Iterable[str]) -> dict[str, Page]:
        """Those of the pages that are known here. Ingest's own look-up, whoever's they are."""
        rows = self._pages.find({"_id": {"$in": sorted(set(page_ids))}}, session=session)
        return {row["_id"]: _page(row) async for row in rows}

    async def members(self) -> dict[str, Member]:
        """The whole team by id, in the order of names; former members too, since their names
        stand beside what they did."""
        rows = self._members.find({}).sort("name", 1)
        return {row["_id"]: _member(row) async for row in rows}

    async def member(self, session: Session, member_id: str) -> Member | None:
        row = await self._members.find_one({"_id": member_id}, session=session)
        return None if row is None else _member(row)

    async def coverage(self, scope: Scope) -> dict[str, Cover]:
        """By responsibility."""
        return {
            row["_id"]: Cover(row["client_id"], row["page_id"], row["owner"], row["acting"])
            async for row in self._coverage.find(scope.mongo())
        }


def _page(row: Document) -> Page:
    return Page(
        id=row["_id"],
        client_id=row["client_id"],
        name=row["name"],
        platform=Platform(row["platform"]),
        handle=row["handle"],
        archived=row["archived"],
    )


def _member(row: Document) -> Member:
    clients = row["clients"]
    return Member(
        id=row["_id"],
        name=row["name"],
        initials=row["initials"],
        colour=row["colour"],
        scope=Scope(None if clients is None else frozenset(clients)),
        active=row["active"],
        present=row["present"],
    )
