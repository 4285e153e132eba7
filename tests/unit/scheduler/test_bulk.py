"""The same change to many places."""

from __future__ import annotations

import pytest

from services.scheduler.responsibilities.bulk import Change, How, Ticked, wanted_by
from services.scheduler.responsibilities.domain import Responsibility
from shared.errors import InvalidRequest
from shared.events.disciplines import Discipline

COPY = Discipline.COPYWRITING
TICKED = Ticked("roast", None, COPY, 3)


def people_after(change: Change, *people: str, follows: bool = False) -> tuple[str, ...] | None:
    """None: the place stays as it is."""
    found = [Responsibility("roast", None, COPY, people[0], people[1:], follows)] if people else []
    wanted = wanted_by(change, [TICKED], {one.id: one for one in found})
    if not wanted:
        return None
    [only] = wanted
    assert only.version == TICKED.version
    return () if only.owner is None else (only.owner, *only.deputies)


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        (Change(How.REPLACE, "jana", "nora"), ("jana", "tom"), ("nora", "tom")),
        (Change(How.REPLACE, "tom", "nora"), ("jana", "tom"), ("jana", "nora")),
        (Change(How.REPLACE, "jana", "tom"), ("jana", "tom"), ("tom",)),
        (Change(How.REPLACE, "tom", "jana"), ("jana", "tom"), ("jana",)),
        (Change(How.REPLACE, "mira", "nora"), ("jana", "tom"), None),
        (Change(How.OWNER, "nora"), ("jana", "tom"), ("nora", "tom")),
        (Change(How.OWNER, "tom"), ("jana", "tom"), ("tom",)),
        (Change(How.OWNER, "jana"), ("jana", "tom"), None),
        (Change(How.OWNER, "nora"), (), ("nora",)),
        (Change(How.DEPUTY, "nora"), ("jana", "tom"), ("jana", "tom", "nora")),
        (Change(How.DEPUTY, "jana"), ("jana", "tom"), None),
        (Change(How.DEPUTY, "nora"), (), None),
        (Change(How.REMOVE, "jana"), ("jana", "tom"), ("tom",)),
        (Change(How.REMOVE, "tom"), ("jana", "tom"), ("jana",)),
        (Change(How.REMOVE, "jana"), ("jana",), ()),
        (Change(How.REMOVE, "nora"), ("jana", "tom"), None),
    ],
)
def test_owner_and_deputies(
    change: Change, before: tuple[str, ...], after: tuple[str, ...] | None
) -> None:
    assert people_after(change, *before) == after


def test_a_page_that_follows_has_nobody_of_its_own_yet() -> None:
    assert people_after(Change(How.OWNER, "nora"), "jana", "tom", follows=True) == ("nora",)
    assert people_after(Change(How.REPLACE, "jana", "nora"), "jana", follows=True) is None


def test_a_tick_names_its_place() -> None:
    assert Ticked.parse("roast||copywriting|3") == TICKED
    assert Ticked.parse("roast|page|design|0").id == "page:design"
    for text in ("", "roast||nothing|1", "roast||design|x", "a|b|c"):
        with pytest.raises(InvalidRequest):
            Ticked.parse(text)
