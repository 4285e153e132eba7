"""The part of a page's address that its links carry on."""

from __future__ import annotations

from services.inbox.conversations.listing import ROWS, Listing, Shown
from services.inbox.conversations.store import View
from shared.events.inbox import ConversationStatus


def test_what_is_as_always_is_left_out() -> None:
    assert Listing().query() == ""
    assert Listing(Shown.ALL, page="p&1").query() == "?view=all&page=p%261"


def test_another_view_begins_at_its_start() -> None:
    deep = Listing(Shown.ALL, cursor="abc", rows=75)
    assert deep.only(Shown.MINE, home="jana") == "?home=jana"


def test_more_rows_are_added_until_the_page_is_long_and_then_the_next_begins() -> None:
    listing = Listing(Shown.ALL)
    assert listing.more(None) is None
    assert listing.more("abc") == f"?view=all&rows={2 * ROWS}"
    assert Listing(Shown.ALL, rows=4 * ROWS).more("abc") == "?view=all&cursor=abc"


def test_the_view_is_a_selection() -> None:
    mine = Listing(Shown.MINE, own=True).selection("tom")
    assert (mine.view, mine.caller, mine.at_home) == (View.MINE, "tom", True)
    done = Listing(Shown.DONE).selection("tom")
    assert (done.view, done.status) == (View.ALL, ConversationStatus.DONE)
