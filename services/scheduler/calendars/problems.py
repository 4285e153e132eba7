"""What is wrong with a calendar file, and in which line. Never what stands there."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Problem", "Unreadable"]


class Problem(StrEnum):
    """`BAD_FORMAT`: of something that is no event, a time zone for instance. `TOO_MUCH`: to read it
    would take too long, or too much memory."""

    NO_CALENDAR = "no_calendar"
    BAD_ENCODING = "bad_encoding"
    BAD_FORMAT = "bad_format"
    BAD_LINE = "bad_line"
    BAD_NESTING = "bad_nesting"
    NO_START = "no_start"
    BAD_EVENT = "bad_event"
    UNKNOWN_ZONE = "unknown_zone"
    TOO_MUCH = "too_much"


class Unreadable(Exception):
    """`line` counts from 1; of an event, it is where it begins; 0: no single one."""

    def __init__(self, problem: Problem, line: int = 0) -> None:
        super().__init__(f"{problem} in line {line}")
        self.problem = problem
        self.line = line
