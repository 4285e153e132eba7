"""What the inbox's panes show, gathered from the stores for one reader."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.inbox.conversations.domain import Conversation, ConversationId, Message, Note
from services.inbox.conversations.listing import Listing, Shown
from services.inbox.conversations.store import Load
from services.inbox.conversations.usecases import Stores
from services.inbox.directory.store import Cover, Member, Page
from shared.auth import Identity, Scope
from shared.errors import NotFound
from shared.events.planner import Platform

__all__ = ["ListPane", "PageCount", "Row", "Thread", "digest", "read_list", "read_thread"]

MANY = 1_000
"""Done conversations are counted up to here."""


@dataclass(frozen=True, slots=True)
class Team:
    """Who is who and where: what rows and threads need to name people and pages."""

    members: Mapping[str, Member]
    pages: Mapping[str, Page]
    coverage: Mapping[str, Cover]

    def member(self, id: str | None) -> Member | None:
        """None for nobody; somebody unknown is named by their id."""
        if id is None:
            return None
        return self.members.get(id) or Member(id, id, "", 0, Scope(None), active=True, present=True)

    def name(self, id: str | None) -> str:
        member = self.member(id)
        return "" if member is None else member.name

    def page(self, conversation: Conversation) -> Page:
        """It is known, or the message would not have been routed; and stays with its client."""
        return self.pages[conversation.page_id]

    def cover(self, page: Page) -> Cover | None:
        """Who acts for the page's community: by its own responsibility, else by the client's."""
        for id in (f"{page.id}:community", f"{page.client_id}:community"):
            if id in self.coverage:
                return self.coverage[id]
        return None

    def stands_in(self, conversation: Conversation) -> bool:
        """Whether its holder has it for somebody else."""
        if conversation.holding.home is not None:
            return True
        cover = self.coverage.get(conversation.responsibility_id)
        if cover is None or conversation.holder is None:
            return False
        return conversation.holder == cover.acting != cover.owner


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in the list."""

    id: ConversationId
    author: str
    platform: Platform
    at: datetime
    excerpt: str
    page: str
    waiting_since: datetime
    open: bool
    holder: Member | None
    state: str
    home: str
    done_at: datetime | None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class PageCount:
    """A page among the views, with who acts and how many of its conversations are open."""

    page: Page
    acting: Member | None
    state: str
    open: int


@dataclass(frozen=True, slots=True)
class ListPane:
    """The views with their counts, and the rows of the chosen one."""

    listing: Listing
    reader: Member | None
    counts: Mapping[str, int]
    homes: Sequence[tuple[Member, int]]
    own: int
    pages: Sequence[PageCount]
    holders: Sequence[Member]
    rows: Sequence[Row]
    total: int
    more: str | None

    @property
    def page_options(self) -> list[tuple[str, str]]:
        """For a select: two pages of one name differ in their platform."""
        return [
            (each.page.id, f"{each.page.name}, {each.page.platform.value.capitalize()}")
            for each in self.pages
        ]

    @property
    def holder_options(self) -> list[tuple[str, str]]:
        return [(member.id, member.name) for member in self.holders]


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation with what was said and noted, in the order of time."""

    conversation: Conversation
    page: Page
    client: str
    holder: Member | None
    state: str
    home: Member | None
    owner: Member | None
    acting: Member | None
    done_by: str
    entries: Sequence[Message | Note]
    names: Mapping[str, str]
    earlier: int
    assignable: Sequence[Member]


def digest(*shown: object) -> str:
    """Equal for equal content, so that what has not changed need not be drawn again."""
    return hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()


async def read_list(stores: Stores, caller: Identity, listing: Listing) -> ListPane:
    team = await _team(stores, caller.scope)
    loads = await stores.conversations.loads(caller.scope)
    done = await stores.conversations.count_done(caller.scope, at_most=MANY)
    found = await stores.conversations.select(
        caller.scope,
        listing.selection(caller.member_id),
        cursor=listing.cursor,
        limit=listing.rows,
    )
    mine = [load for load in loads if load.holder == caller.member_id]
    homes = Counter[str]()
    for load in mine:
        if load.home is not None:
            homes[load.home] += load.count
    return ListPane(
        listing=listing,
        reader=team.member(caller.member_id),
        counts={
            Shown.MINE: _sum(mine),
            Shown.UNASSIGNED: _sum(load for load in loads if load.holder is None),
            Shown.ALL: _sum(loads),
            Shown.DONE: done,
        },
        homes=[(one, n) for id, n in homes.items() if (one := team.member(id)) is not None],
        own=_sum(load for load in mine if load.home is None),
        pages=_page_counts(team, loads),
        holders=_holders(team, loads),
        rows=[_row(team, one) for one in found.items],
        total=done if listing.view is Shown.DONE else _total(loads, listing, caller),
        more=listing.more(found.cursor),
    )


async def read_thread(
    stores: Stores, caller: Identity, id: ConversationId, *, messages: int
) -> Thread:
    """With the latest `messages`, and all notes since. Raises `NotFound`, also out of scope."""
    conversation = await stores.conversations.get(caller.scope, id)
    if conversation is None:
        raise NotFound
    team = await _team(stores, caller.scope)
    latest = await stores.messages.latest(caller.scope, id, cursor=None, limit=messages)
    notes = await stores.notes.of(caller.scope, id)
    page = team.page(conversation)
    cover = team.cover(page)
    clients = {one.id: one.name for one in await stores.directory.clients(caller.scope)}
    return Thread(
        conversation=conversation,
        page=page,
        client=clients.get(page.client_id, ""),
        holder=team.member(conversation.holder),
        state="deputy" if team.stands_in(conversation) else "owner",
        home=team.member(conversation.holding.home),
        owner=team.member(cover.owner) if cover else None,
        acting=team.member(cover.acting) if cover else None,
        done_by=team.name(conversation.done_by),
        entries=_in_order(latest.items, notes, whole=latest.cursor is None),
        names={note.author: team.name(note.author) for note in notes},
        earlier=conversation.messages - len(latest.items),
        assignable=[
            member
            for member in team.members.values()
            if member.active and member.present and member.scope.allows(conversation.client_id)
        ],
    )


async def _team(stores: Stores, scope: Scope) -> Team:
    return Team(
        members=await stores.directory.members(),
        pages={page.id: page for page in await stores.directory.pages(scope)},
        coverage=await stores.directory.coverage(scope),
    )


def _page_counts(team: Team, loads: Sequence[Load]) -> list[PageCount]:
    open_by_page = Counter[str]()
    for load in loads:
        open_by_page[load.page_id] += load.count
    return [
        PageCount(page, *_acting(team, page), open_by_page[page.id])
        for page in team.pages.values()
        if not page.archived or open_by_page[page.id]
    ]


def _acting(team: Team, page: Page) -> tuple[Member | None, str]:
    cover = team.cover(page)
    if cover is None or cover.acting is None:
        return None, "gap"
    return team.member(cover.acting), "owner" if cover.acting == cover.owner else "deputy"


def _holders(team: Team, loads: Sequence[Load]) -> list[Member]:
    """Whoever has open conversations, by name."""
    holders = {load.holder for load in loads}
    found = [one for id in holders if (one := team.member(id)) is not None]
    return sorted(found, key=lambda member: member.name)


def _row(team: Team, conversation: Conversation) -> Row:
    page = team.page(conversation)
    return Row(
        id=conversation.id,
        author=conversation.author_name,
        platform=page.platform,
        at=conversation.latest[0],
        excerpt=conversation.excerpt,
        page=page.name,
        waiting_since=conversation.waiting_since,
        open=conversation.open,
        holder=team.member(conversation.holder),
        state="deputy" if team.stands_in(conversation) else "owner",
        home=team.name(conversation.holding.home),
        done_at=conversation.done_at,
    )


def _total(loads: Iterable[Load], listing: Listing, caller: Identity) -> int:
    """How many open conversations the listing has, beyond those shown."""
    wanted: list[tuple[str, str | None]] = []
    if listing.view is Shown.MINE:
        wanted.append(("holder", caller.member_id))
    if listing.view is Shown.UNASSIGNED:
        wanted.append(("holder", None))
    if listing.own:
        wanted.append(("home", None))
    given = {"page_id": listing.page, "holder": listing.holder, "home": listing.home}
    wanted += [(name, value) for name, value in given.items() if value is not None]
    return _sum(
        load for load in loads if all(getattr(load, name) == value for name, value in wanted)
    )


def _sum(loads: Iterable[Load]) -> int:
    return sum(load.count for load in loads)


def _in_order(
    latest_first: Sequence[Message], notes: Sequence[Note], *, whole: bool
) -> list[Message | Note]:
    """Notes stand among the messages shown; older ones come with the older messages."""
    messages = sorted(latest_first, key=lambda message: message.order)
    since = None if whole or not messages else messages[0].sent_at
    shown = [note for note in notes if since is None or note.written_at >= since]
    return sorted([*messages, *shown], key=_time)


def _time(entry: Message | Note) -> datetime:
    return entry.sent_at if isinstance(entry, Message) else entry.written_at
