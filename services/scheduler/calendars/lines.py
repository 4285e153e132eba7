"""The lines of a calendar file, and whether it is one at all. Pure.

A line that begins with a blank goes on with the one before it (RFC 5545, 3.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from services.scheduler.calendars.problems import Problem, Unreadable

__all__ = ["Line", "lines_of"]

Line = int
"""Its number in the file, from 1."""

_EVENT = "VEVENT"
_CONTENT = re.compile(r"([A-Za-z0-9-]+)(?:;[^:]*)?:(.*)")


def lines_of(data: bytes) -> tuple[str, list[Line]]:
    """The text, and where each event begins. Raises `Unreadable`."""
    text = _decoded(data)
    begins: list[Line] = []
    open_: list[str] = []
    number = 0
    for number, line in _unfolded(text):
        found = _CONTENT.match(line)
        name, value = found.groups() if found else ("", "")
        name, value = name.upper(), value.strip().upper()
        if not open_ and (name, value) != ("BEGIN", "VCALENDAR"):
            raise Unreadable(Problem.NO_CALENDAR, number)
        if not found:
            raise Unreadable(Problem.BAD_LINE, number)
        if name == "BEGIN":
            open_.append(value)
            if value == _EVENT:
                begins.append(number)
        elif name == "END" and open_.pop() != value:
            raise Unreadable(Problem.BAD_NESTING, number)
    if open_ or not number:
        raise Unreadable(Problem.BAD_NESTING if open_ else Problem.NO_CALENDAR, number or 1)
    return text, begins


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Unreadable(Problem.BAD_ENCODING, line) from None


def _unfolded(text: str) -> Iterator[tuple[Line, str]]:
    """Each with the number of its first line, without empty ones."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.split("\n"), 1):
        line_ = line.removesuffix("\r")
        if parts and line_[:1] in (" ", "\t"):
            parts.append(line_[1:])
            continue
        if parts:
            yield first, "".join(parts)
        parts, first = ([line_] if line_.strip() else []), number
    if parts:
        yield first, "".join(parts)
