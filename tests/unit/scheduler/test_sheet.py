"""Responsibilities as a table: what goes out comes in again, and what is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scheduler.directory.store import Client, Page
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import Responsibility, Wanted
from services.scheduler.responsibilities.sheet import (
    Known,
    NotASheet,
    compare,
    decoded,
    read_sheet,
    write_sheet,
)
from shared.auth import Role
from shared.errors import fill
from shared.events.disciplines import Discipline
from shared.events.planner import Platform

COPY, COMMUNITY = Discipline.COPYWRITING, Discipline.COMMUNITY
CLIENTS = {
    "roast": Client("roast", "Rösterei, Morgenrot", "UTC", archived=False),
    "twin1": Client("twin1", "Twin", "UTC", archived=False),
    "twin2": Client("twin2", "Twin", "UTC", archived=False),
}


def _page(id: str, name: str, platform: Platform) -> Page:
    return Page(id, "roast", name, platform, "", archived=False)


PAGES = {
    "insta": _page("insta", "Kaffee", Platform.INSTAGRAM),
    "masto": _page("masto", "Kaffee", Platform.MASTODON),
    "odd": _page("odd", '=cmd|"x"', Platform.BLUESKY),
}


def _member(id: str, name: str) -> Member:
    email = f"{id}@agency.example"
    return Member(id, name, "XX", 1, email, "de", "UTC", Role.MEMBER, None)


MEMBERS = {
    "jana": _member("jana", "Jana Hoffmann"),
    "tom": _member("tom", "Tom Berger"),
    "max1": _member("max1", "Max Roth"),
    "max2": _member("max2", "Max Roth"),
}
KNOWN = Known(CLIENTS, PAGES, MEMBERS)
HEAD = "client,page,platform,discipline,owner,deputies\n"


def one(line: str) -> Wanted:
    [row] = read_sheet(HEAD + line, KNOWN)
    assert row.problem is None, row.problem
    assert row.wanted is not None
    return row.wanted


def problem(line: str) -> str:
    [row] = read_sheet(HEAD + line, KNOWN)
    assert row.wanted is None
    assert row.problem is not None
    return fill(row.problem.detail, row.problem.params)


def test_people_are_named_by_address_or_by_name() -> None:
    wanted = one(
        '"Rösterei, Morgenrot",,,copywriting,JANA@agency.example,"Tom  Berger; max1@agency.example"'
    )
    assert wanted == Wanted("roast", None, COPY, "jana", ("tom", "max1"))


def test_a_page_is_found_by_its_name_and_platform() -> None:
    wanted = one('"rösterei, morgenrot",kaffee,Mastodon,Community,tom@agency.example,')
    assert wanted == Wanted("roast", "masto", COMMUNITY, "tom")


def test_ids_do_as_well() -> None:
    assert one("twin1,,,design,jana,") == Wanted("twin1", None, Discipline.DESIGN, "jana")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Nobody,,,design,jana,", "There is no client Nobody."),
        ("Twin,,,design,jana,", "There are several clients Twin; write the id."),
        ("roast,Tee,,design,jana,", "Rösterei, Morgenrot has no page Tee."),
        ("roast,Kaffee,,design,jana,", "There are several pages Kaffee; write the platform."),
        ("roast,Kaffee,bluesky,design,jana,", "Rösterei, Morgenrot has no page Kaffee."),
        ("twin1,Kaffee,mastodon,design,jana,", "Twin has no page Kaffee."),
        ("roast,,,dancing,jana,", "There is no discipline dancing."),
        ("roast,,,design,nobody,", "Nobody in the team is called nobody."),
        ("roast,,,design,Max Roth,", "Several are called Max Roth; write the e-mail address."),
        ("roast,,,design,,tom", "There are deputies, but no owner."),
        ("roast", "There is no discipline ."),
    ],
)
def test_what_is_wrong_with_a_line_is_said(line: str, why: str) -> None:
    assert problem(line) == why


def test_lines_are_counted_as_an_editor_does() -> None:
    text = HEAD + '\nroast,,,design,"jana\n",\n,,,,,\nroast,,,nothing,jana,\n'
    rows = read_sheet(text, KNOWN)
    assert [(row.line, row.problem is None) for row in rows] == [(4, True), (6, False)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter(delimiter: str) -> None:
    text = f"discipline{delimiter}client{delimiter}owner\ndesign{delimiter}roast{delimiter}jana\n"
    [row] = read_sheet(text, KNOWN)
    assert row.wanted == Wanted("roast", None, Discipline.DESIGN, "jana")


@pytest.mark.parametrize("text", ["", "\n\n", "just text", "client;owner\nroast;jana\n", '"'])
def test_what_is_no_sheet_is_refused_whole(text: str) -> None:
    with pytest.raises(NotASheet):
        read_sheet(text, KNOWN)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_as_spreadsheets_save_it(encoding: str) -> None:
    assert decoded("Rösterei".encode(encoding)) == "Rösterei"


def test_nothing_that_a_spreadsheet_would_run_goes_out() -> None:
    own = Responsibility("roast", "odd", COMMUNITY, "jana")
    text = write_sheet([(CLIENTS["roast"], PAGES["odd"], COMMUNITY, own)], MEMBERS)
    assert ",=cmd" not in text
    assert ',"=cmd' not in text
    [row] = read_sheet(text, KNOWN)
    assert row.wanted == Wanted("roast", "odd", COMMUNITY, "jana")


people = st.lists(st.sampled_from(["jana", "tom", "max1", "max2"]), unique=True, min_size=1)
places = st.tuples(st.sampled_from([None, "insta", "masto", "odd"]), st.sampled_from(Discipline))


@given(st.dictionaries(places, people), st.sampled_from(",;\t"))
def test_what_went_out_and_comes_in_changes_nothing(
    wanted: dict[tuple[str | None, Discipline], list[str]], delimiter: str
) -> None:
    there = [
        Responsibility("roast", page, discipline, one[0], tuple(one[1:]))
        for (page, discipline), one in wanted.items()
    ]
    out = [
        (CLIENTS["roast"], PAGES.get(each.page_id or ""), each.discipline, each) for each in there
    ]
    rows = read_sheet(write_sheet(out, MEMBERS, delimiter), KNOWN)
    compared = compare(rows, {each.id: each for each in there})
    assert not compared.changes
    assert compared.unchanged == len(there)


def test_one_place_in_two_lines_is_no_decision() -> None:
    rows = read_sheet(
        HEAD + "roast,,,design,jana,\ntwin1,,,design,jana,\nroast,,,design,tom,\n", KNOWN
    )
    assert [row.problem is None for row in rows] == [True, True, False]
    assert rows[2].problem is not None
    assert rows[2].problem.params == {"line": 2}


def test_an_empty_owner_asks_nothing_of_a_place_that_has_nobody() -> None:
    rows = read_sheet(HEAD + "roast,,,design,,\nroast,,,copywriting,,\n", KNOWN)
    own = Responsibility("roast", None, COPY, "jana", version=4)
    compared = compare(rows, {own.id: own})
    assert compared.changes == ((3, Wanted("roast", None, COPY, None, (), 4)),)
