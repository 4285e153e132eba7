"""What of the inbox is shown: the part of a page's address that its links carry on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query

from services.inbox.conversations.store import Selection, View
from shared.events.inbox import ConversationStatus

__all__ = ["ROWS", "Listing", "Shown", "listing"]

ROWS = 25
"""Rows that "Show more" adds."""

_MOST_ROWS = 100  # of one page, so that it stays small; then the next page begins

_Id = Annotated[str | None, Query(max_length=100)]


class Shown(StrEnum):
    """The views at the left."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    ALL = "all"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Listing:
    """`home` narrows `MINE` to what is held for somebody, `own` to what is not. `cursor` is where
    the list begins, `rows` how many of them are shown."""

    view: Shown = Shown.MINE
    page: str | None = None
    holder: str | None = None
    home: str | None = None
    own: bool = False
    cursor: str | None = None
    rows: int = ROWS

    def query(self, **changes: Any) -> str:
        """`?view=mine&…`"""
        given = replace(self, **changes).given()
        return f"?{urlencode(given)}" if given else ""

    def given(self) -> dict[str, str]:
        """By name; what is as always is left out."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: str(value)
            for name, value in fields.items()
            if value is not None and value != _DEFAULTS[name]
        }

    def only(self, view: Shown, **fields: Any) -> str:
        """The query of another view, from its start."""
        return Listing(view, **fields).query()

    def more(self, following: str | None) -> str | None:
        """The query that shows what comes next; None at the end of the list."""
        if following is None:
            return None
        if self.rows + ROWS <= _MOST_ROWS:
            return self.query(rows=self.rows + ROWS)
        return self.query(cursor=following, rows=ROWS)

    def selection(self, caller: str) -> Selection:
        done = self.view is Shown.DONE
        return Selection(
            caller=caller,
            view=View.ALL if done else View(self.view),
            status=ConversationStatus.DONE if done else ConversationStatus.OPEN,
            page_id=self.page,
            holder=self.holder,
            home=self.home,
            at_home=self.own,
        )


_DEFAULTS = {name: getattr(Listing(), name) for name in Listing.__slots__}


async def listing(
    view: Shown = Shown.MINE,
    page: _Id = None,
    holder: _Id = None,
    home: _Id = None,
    own: bool = False,  # noqa: FBT001, FBT002 (a query parameter)
    cursor: Annotated[str | None, Query(max_length=2_000)] = None,
    rows: Annotated[int, Query(ge=1, le=_MOST_ROWS)] = ROWS,
) -> Listing:
    """The dependency of the pages. An empty filter is none."""
    return Listing(view, page or None, holder or None, home or None, own, cursor or None, rows)
