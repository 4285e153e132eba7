"""Reads calendar files without trusting them.

A few bytes of a rule can keep a program busy for ever ("each 30 February"), and the libraries have
no limit. So each file is read in a process of its own, which gets neither settings nor secrets, and
is over after some seconds, whatever the file says.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from services.scheduler.calendars.child import ANSWER, QUESTION, Answer, Question
from services.scheduler.calendars.file import CalendarFile
from services.scheduler.calendars.problems import Problem
from shared.errors import N_, FieldError, InvalidRequest

__all__ = ["CalendarReader", "CalendarUnreadable"]

_AT_ONCE = 2
_SECONDS = 30.0
"""On a busy machine; of its own time, the process has less."""
_CHILD = "services.scheduler.calendars.child"
_ROOT = Path(__file__).parents[3]
_ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH")

_log = structlog.get_logger(__name__)

_WORDS: Mapping[Problem, str] = {
    Problem.NO_CALENDAR: N_("Line {line}: this is no calendar (iCalendar, .ics)."),
    Problem.BAD_ENCODING: N_("Line {line}: this is not UTF-8."),
    Problem.BAD_FORMAT: N_("One of its time zones or another part cannot be read."),
    Problem.BAD_LINE: N_("Line {line}: this is no line of a calendar."),
    Problem.BAD_NESTING: N_("Line {line}: what is opened is not closed in order."),
    Problem.NO_START: N_("The event in line {line} has no start."),
    Problem.BAD_EVENT: N_("The event in line {line} has times that cannot be read."),
    Problem.UNKNOWN_ZONE: N_("The event in line {line} is in a time zone that is unknown."),
    Problem.TOO_MUCH: N_("To work out its events would take too long."),
}


class CalendarReader:
    def __init__(self, seconds: float = _SECONDS) -> None:
        self._seconds = seconds
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def read(self, data: bytes, zone: ZoneInfo, now: datetime) -> CalendarFile:
        """See `file.read`. Raises `CalendarUnreadable`."""
        if not data:
            raise CalendarUnreadable(errors=[FieldError("/file", N_("The file is empty."))])
        async with self._slots:
            answer = await self._answer(data, Question(zone.key, now))
        if answer.found is None:
            problem = answer.problem or Problem.TOO_MUCH
            said = FieldError("/file", _WORDS[problem], {"line": answer.line})
            raise CalendarUnreadable(errors=[said])
        return answer.found

    async def _answer(self, data: bytes, question: Question) -> Answer:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _CHILD,
            cwd=_ROOT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # a traceback could quote the file
        )
        asked = QUESTION.dump_json(question) + b"\n" + data
        try:
            async with asyncio.timeout(self._seconds):
                said, _ = await child.communicate(asked)
        except TimeoutError:
            return Answer(problem=Problem.TOO_MUCH)
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        if child.returncode:
            _log.warning("calendar file not read", returncode=child.returncode, bytes=len(data))
            return Answer(problem=Problem.TOO_MUCH)
        return ANSWER.validate_json(said)


class CalendarUnreadable(InvalidRequest):
    code = "calendar_unreadable"
    title = N_("The calendar file cannot be used")
    detail = N_("Nothing of it was taken.")
    remedy = N_("Export the calendar again, or type the days yourself.")
