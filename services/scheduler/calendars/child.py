"""Reads one calendar file, in a process of its own: `python -m services.scheduler.calendars.child`.

In: a line of JSON {zone, now}, then the file. Out: JSON of what was found, or of the problem. What
stands in the file is told nowhere else.
"""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from services.scheduler.calendars.file import CalendarFile, read
from services.scheduler.calendars.problems import Problem, Unreadable

__all__ = ["ANSWER", "QUESTION", "Answer", "Question", "main"]

_CPU_SECONDS = 10
_MEMORY = 1024**3


@dataclass(frozen=True, slots=True)
class Question:
    zone: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """`found`, or the `problem` and its line."""

    found: CalendarFile | None = None
    problem: Problem | None = None
    line: int = 0


QUESTION, ANSWER = TypeAdapter(Question), TypeAdapter(Answer)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    question = QUESTION.validate_json(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    try:
        answer = Answer(found=read(data, ZoneInfo(question.zone), question.now))
    except Unreadable as error:
        answer = Answer(problem=error.problem, line=error.line)
    except (MemoryError, RecursionError):
        answer = Answer(problem=Problem.TOO_MUCH)
    sys.stdout.buffer.write(ANSWER.dump_json(answer))


if __name__ == "__main__":
    main()
