"""Responsibilities as a table for spreadsheets: one line per place, people by e-mail address. Pure.

    client,page,platform,discipline,owner,deputies
    Rösterei Morgenrot,,,copywriting,jana@agency.example,"tom@agency.example, mira@agency.example"
    Rösterei Morgenrot,Morgenrot Kaffee,instagram,community,,

An empty page is the client as a whole. An empty owner says nothing of a place that has nobody, and
lets a page that has somebody follow the client.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.scheduler.directory.store import Client, Page
from services.scheduler.members.domain import Member
from services.scheduler.responsibilities.domain import (
    MOST_AT_ONCE,
    Responsibility,
    Wanted,
)
from shared.errors import N_, AppError, InvalidRequest
from shared.events.disciplines import Discipline
from shared.ui.words import WORDS

__all__ = [
    "Comparison",
    "Known",
    "NotASheet",
    "Row",
    "compare",
    "decoded",
    "read_sheet",
    "write_sheet",
]

T = TypeVar("T")

COLUMNS = ("client", "page", "platform", "discipline", "owner", "deputies")
_NEEDED = ("client", "discipline", "owner")
_DELIMITERS = ",;\t"
_BETWEEN_PEOPLE = re.compile(r"[,;|\n]")
# A spreadsheet takes what begins like this for a formula.
_FORMULA = ("=", "+", "-", "@", "\t")


class NotASheet(InvalidRequest):
    code = "not_a_sheet"
    title = N_("This is not a table of responsibilities")
    detail = N_("The first line must name the columns {columns}.")
    remedy = N_("Export the present table, change it, and save it as CSV.")


class TooManyLines(InvalidRequest):
    code = "too_many_lines"
    title = N_("The table is too long")
    detail = N_("At most {most} lines can be taken at once.")
    remedy = N_("Split it, by client for example.")


class BadLine(InvalidRequest):
    """What is wrong with one line of a sheet; nobody raises it."""

    code = "bad_line"


@dataclass(frozen=True)
class Known:
    """Whom and what a line can name: also who has left, if they are named at present."""

    clients: Mapping[str, Client]
    pages: Mapping[str, Page]
    members: Mapping[str, Member]


@dataclass(frozen=True, slots=True)
class Row:
    """`line` counts from 1, with the header. Either `wanted` or `problem`."""

    line: int
    wanted: Wanted | None = None
    problem: AppError | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a sheet would change. `before` by id."""

    changes: tuple[tuple[int, Wanted], ...]
    unchanged: int
    before: Mapping[str, Responsibility]


def decoded(raw: bytes) -> str:
    """As spreadsheets save it: UTF-8 or UTF-16 with their mark, else Windows' western alphabet."""
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if raw.startswith(mark):
            try:
                return raw.decode(encoding)
            except UnicodeDecodeError:
                continue
    return raw.decode("cp1252", errors="replace")


# Out


def write_sheet(
    places: Iterable[tuple[Client, Page | None, Discipline, Responsibility | None]],
    members: Mapping[str, Member],
    delimiter: str = ",",
) -> str:
    """A line for each place; without people where nobody is responsible or the page follows."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for client, page, discipline, found in places:
        own = () if found is None or found.follows else found.people
        owner, *deputies = (members[one].email for one in own) if own else ("",)
        cells = (
            client.name,
            page.name if page else "",
            page.platform.value if page else "",
            discipline.value,
            owner,
            ", ".join(deputies),
        )
        writer.writerow([_harmless(cell) for cell in cells])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _as_written(text: str) -> str:
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


# In


def read_sheet(text: str, known: Known) -> list[Row]:
    """Each line that says something. Raises `NotASheet`, `TooManyLines`."""
    lines = _lines(text)
    find = _Finder(known)
    rows: list[Row] = []
    first: dict[str, int] = {}
    for number, cells in lines:
        if len(rows) >= MOST_AT_ONCE:
            raise TooManyLines(most=MOST_AT_ONCE)
        try:
            wanted = find.wanted(cells)
        except BadLine as problem:
            rows.append(Row(number, problem=problem))
            continue
        line = first.setdefault(wanted.id, number)
        if line == number:
            rows.append(Row(number, wanted=wanted))
        else:
            twice = BadLine(N_("The same place is in line {line}."), line=line)
            rows.append(Row(number, problem=twice))
    return rows


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip()), delimiter=delimiter)
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        if not set(_NEEDED) <= set(header):
            raise NotASheet(columns=", ".join(COLUMNS))
        for cells in reader:
            if any(cell.strip() for cell in cells):
                named = zip(header, map(_as_written, cells), strict=False)
                yield reader.line_num, dict.fromkeys(COLUMNS, "") | dict(named)
    except csv.Error as error:
        raise NotASheet(columns=", ".join(COLUMNS)) from error


class _Finder:
    """Finds what a line names: by name as people see it, or by id."""

    def __init__(self, known: Known) -> None:
        self._clients = _by_name(known.clients.values(), lambda one: (one.name, one.id))
        self._pages = _by_name(known.pages.values(), lambda one: (one.name, one.id))
        self._members = _by_name(known.members.values(), lambda one: (one.email, one.name, one.id))
        self._disciplines = {
            _key(name): one for one in Discipline for name in (one.value, WORDS[one])
        }

    def wanted(self, cells: Mapping[str, str]) -> Wanted:
        client = self._client(cells["client"])
        page = self._page(client, cells["page"], cells["platform"])
        discipline = self._disciplines.get(_key(cells["discipline"]))
        if discipline is None:
            raise BadLine(N_("There is no discipline {name}."), name=cells["discipline"])
        owner = self._member(cells["owner"]) if cells["owner"] else None
        names = [one.strip() for one in _BETWEEN_PEOPLE.split(cells["deputies"])]
        deputies = tuple(self._member(name) for name in names if name)
        if owner is None and deputies:
            raise BadLine(N_("There are deputies, but no owner."))
        return Wanted(client.id, page.id if page else None, discipline, owner, deputies)

    def _client(self, name: str) -> Client:
        found = self._clients.get(_key(name), ())
        if not found:
            raise BadLine(N_("There is no client {name}."), name=name)
        if len(found) > 1:
            raise BadLine(N_("There are several clients {name}; write the id."), name=name)
        return found[0]

    def _page(self, client: Client, name: str, platform: str) -> Page | None:
        if not name:
            return None
        found = [one for one in self._pages.get(_key(name), ()) if one.client_id == client.id]
        if platform:
            found = [one for one in found if _key(platform) == one.platform.value]
        if not found:
            raise BadLine(N_("{client} has no page {name}."), client=client.name, name=name)
        if len(found) > 1:
            if platform:
                raise BadLine(N_("There are several pages {name}; write the id."), name=name)
            raise BadLine(N_("There are several pages {name}; write the platform."), name=name)
        return found[0]

    def _member(self, name: str) -> str:
        found = self._members.get(_key(name), ())
        if not found:
            raise BadLine(N_("Nobody in the team is called {name}."), name=name)
        if len(found) > 1:
            raise BadLine(N_("Several are called {name}; write the e-mail address."), name=name)
        return found[0].id


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _by_name(things: Iterable[T], names: Callable[[T], Sequence[str]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for thing in things:
        for key in {_key(name) for name in names(thing)}:
            found.setdefault(key, []).append(thing)
    return found


def compare(rows: Iterable[Row], before: Mapping[str, Responsibility]) -> Comparison:
    """What differs from what there is; with the versions that this was decided on."""
    changes, unchanged = [], 0
    for row in rows:
        if row.wanted is None:
            continue
        found = before.get(row.wanted.id)
        if _same(row.wanted, found):
            unchanged += 1
        else:
            version = found.version if found else 0
            changes.append((row.line, replace(row.wanted, version=version)))
    return Comparison(tuple(changes), unchanged, before)


def _same(wanted: Wanted, found: Responsibility | None) -> bool:
    if found is None or found.follows:
        return wanted.owner is None
    return found.people == (wanted.owner, *wanted.deputies)
