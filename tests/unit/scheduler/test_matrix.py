"""What the cells of the responsibility matrix say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.scheduler.accounts.domain import CheckedPages, PageAccounts
from services.scheduler.coverage.person import Person, Stretch, WhyNot
from services.scheduler.directory.store import Client, Page
from services.scheduler.members.view import Face
from services.scheduler.qualifications.domain import SOON
from services.scheduler.responsibilities.domain import Responsibility
from services.scheduler.responsibilities.matrix import (
    Cell,
    Kind,
    Knowledge,
    Trouble,
    lines,
)
from shared.events.disciplines import Discipline
from shared.events.planner import Platform

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ROAST = Client("roast", "Roast", "UTC", archived=False)
PAGE = Page("page", "roast", "Page", Platform.MASTODON, "@page", archived=False)
COPY, COMMUNITY = Discipline.COPYWRITING, Discipline.COMMUNITY

PEOPLE = {
    "jana": Person("jana", True, None, {COPY: None, COMMUNITY: None}),
    "tom": Person("tom", True, None, {COPY: None, COMMUNITY: None}, (Stretch(NOW, None),)),
    "soon": Person("soon", True, None, {COPY: NOW + SOON}),
    "later": Person("later", True, None, {COPY: NOW + SOON + timedelta(seconds=1)}),
    "lapsed": Person("lapsed", True, None, {COPY: NOW}),
    "other": Person("other", True, frozenset({"other"}), {COPY: None}),
}
FACES = {id: Face(id, id.title(), id[:2].upper(), 1, present=True) for id in PEOPLE}


def cell(
    discipline: Discipline,
    *found: Responsibility,
    page: Page | None = None,
    uncovered: str | None = None,
    accounts: tuple[PageAccounts, ...] = (),
) -> Cell:
    knowledge = Knowledge(
        {one.id: one for one in found},
        PEOPLE,
        FACES,
        frozenset([uncovered] if uncovered else []),
        CheckedPages({"roast": accounts}),
        NOW,
    )
    [only] = knowledge.cells(ROAST, page, [discipline])
    return only


def of_client(*people: str, discipline: Discipline = COPY) -> Responsibility:
    return Responsibility("roast", None, discipline, people[0], people[1:])


def of_page(*people: str, discipline: Discipline = COPY, follows: bool = False) -> Responsibility:
    return Responsibility("roast", "page", discipline, people[0], people[1:], follows)


def test_own_people_beat_the_clients() -> None:
    both = of_client("jana"), of_page("tom")
    assert cell(COPY, *both, page=PAGE).kind is Kind.OWN
    assert [one.member.member_id for one in cell(COPY, *both, page=PAGE).people] == ["tom"]


def test_a_page_without_its_own_or_that_follows_has_the_clients() -> None:
    assert cell(COPY, of_client("jana"), page=PAGE).kind is Kind.CLIENT
    follows = of_page("jana", follows=True)
    shown = cell(COPY, of_client("jana"), follows, page=PAGE)
    assert (shown.kind, shown.version) == (Kind.CLIENT, follows.version)


def test_work_of_pages_is_lacking_at_the_page_and_all_other_at_the_client() -> None:
    assert cell(COMMUNITY, page=PAGE).troubles == (Trouble.LACKING,)
    assert cell(COMMUNITY).kind is Kind.FREE
    assert cell(COPY).troubles == (Trouble.LACKING,)
    assert cell(COPY, page=PAGE).kind is Kind.FREE


def test_whoever_is_away_is_able_all_the_same() -> None:
    shown = cell(COPY, of_client("jana", "tom"))
    assert shown.troubles == ()
    assert [one.why for one in shown.people] == [None, WhyNot.AWAY]


def test_what_is_wrong_is_said_the_worst_first() -> None:
    gap = cell(COPY, of_client("lapsed", "other"), uncovered="roast:copywriting")
    assert gap.troubles == (Trouble.GAP, Trouble.UNABLE, Trouble.ALONE)
    assert cell(COPY, of_client("jana")).troubles == (Trouble.ALONE,)
    assert cell(COPY, of_client("jana", "tom", "lapsed")).troubles == (Trouble.UNABLE,)


def test_a_qualification_that_ends_within_thirty_days_is_shown() -> None:
    assert cell(COPY, of_client("soon", "jana")).troubles == (Trouble.EXPIRING,)
    assert cell(COPY, of_client("later", "jana")).troubles == ()


def test_who_has_no_account_on_the_page_could_not_do_it() -> None:
    only_tom = (PageAccounts("page", "roast", ("tom",)),)
    shown = cell(
        COMMUNITY,
        of_page("jana", "tom", discipline=COMMUNITY),
        page=PAGE,
        accounts=only_tom,
    )
    assert [one.why for one in shown.people] == [WhyNot.NO_ACCOUNT, WhyNot.AWAY]
    assert shown.troubles == (Trouble.UNABLE, Trouble.ALONE)
    assert cell(COPY, of_client("jana", "tom"), accounts=only_tom).troubles == ()


def test_what_is_wrong_with_the_clients_people_is_said_once() -> None:
    assert cell(COPY, of_client("jana"), page=PAGE).troubles == ()


def test_clients_come_with_their_pages_by_name_and_nothing_that_is_archived() -> None:
    def page(id: str, name: str, *, archived: bool = False) -> Page:
        return Page(id, "roast", name, Platform.MASTODON, "", archived)

    pages = [page("2", "zeta"), page("1", "Alpha"), page("3", "Old", archived=True)]
    old = Client("old", "Old", "UTC", archived=True)
    found = [(client.id, one and one.id) for client, one in lines([ROAST, old], pages)]
    assert found == [("roast", None), ("roast", "1"), ("roast", "2")]
