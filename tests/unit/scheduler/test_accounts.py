"""Which accounts a responsibility needs, and who has them all."""

from __future__ import annotations

import pytest

from services.scheduler.accounts.domain import (
    CheckedPages,
    PageAccounts,
    by_client,
    depending_on,
    with_members,
)
from services.scheduler.responsibilities.domain import Wanted
from shared.events.disciplines import Discipline

COMMUNITY = Discipline.COMMUNITY
INSTA = PageAccounts("insta", "roast", ("jana", "tom"))
BLUE = PageAccounts("blue", "roast", ("mira", "tom"))
OTHER = PageAccounts("other", "works", ())
CHECKED = CheckedPages(by_client([INSTA, BLUE, OTHER]))


def holders(
    checked: CheckedPages, page_id: str | None, discipline: Discipline = COMMUNITY
) -> set[str] | None:
    found = checked.holders(Wanted("roast", page_id, discipline, owner=None))
    return None if found is None else set(found)


def test_a_page_needs_its_own_account_and_one_that_is_not_checked_none() -> None:
    assert holders(CHECKED, "insta") == {"jana", "tom"}
    assert holders(CHECKED, "site") is None
    assert holders(CheckedPages(), "insta") is None


def test_the_client_as_a_whole_needs_all_accounts_of_its_pages() -> None:
    assert holders(CHECKED, None) == {"tom"}


@pytest.mark.parametrize("discipline", list(Discipline))
def test_only_work_on_the_platform_needs_one(discipline: Discipline) -> None:
    needing = {"publishing", "community", "page_organisation"}
    for page_id in ("insta", None):
        assert (holders(CHECKED, page_id, discipline) is not None) == (discipline in needing)


def test_pages_with_people_of_their_own_and_archived_ones_are_not_the_clients() -> None:
    own = CHECKED.staffed(own=["insta:community"], following=[])
    assert holders(own, None) == {"mira", "tom"}
    assert holders(own, None, Discipline.PUBLISHING) == {"tom"}, "it is for one discipline"
    assert holders(own.staffed(own=[], following=["insta:community"]), None) == {"tom"}
    archived = CheckedPages(CHECKED.pages, archived={"blue"})
    assert holders(archived, None) == {"jana", "tom"}
    assert holders(CheckedPages(CHECKED.pages, {"blue", "insta"}), None) is None


def test_a_list_names_everybody_once_and_counts_its_versions() -> None:
    changed = with_members(INSTA, ["tom", "mira", "tom"])
    assert (changed.members, changed.version) == (("mira", "tom"), 2)


def test_what_may_have_to_be_decided_anew_is_known_by_its_name() -> None:
    assert depending_on("roast", "insta") == {
        f"{place}:{discipline}"
        for place in ("insta", "roast")
        for discipline in ("publishing", "community", "page_organisation")
    }
