"""What a line of a mail says: ill, since when, until when. Pure.

    ill [since MOMENT] [until MOMENT | for N hours, days, weeks | until further notice]
        [, anything else]

with nothing before it but a greeting and words like “I am”. Short and predictable: whoever writes
“Tom is ill” or “no longer ill” does not report sick, and is told what would be understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.scheduler.absences.mailbox.dates import read_moment
from services.scheduler.absences.period import When

__all__ = ["LONGEST_LINE", "SickCall", "is_greeting", "read_line"]

LONGEST_LINE = 200
"""Characters that are looked at."""


@dataclass(frozen=True, slots=True)
class SickCall:
    """In the member's local time. `starts` None: now; `ends` None: until further notice.
    `end_understood` False: an end was named, but not in words that are understood."""

    starts: When | None
    ends: When | None
    end_understood: bool = True


_REPLY = re.compile(r"^(?:\s*(?:re|aw|fw|fwd|wg)\s*:)+\s*", re.IGNORECASE)
_GREETING = re.compile(
    r"^\s*(?:hallo|hi|hello|hey|moin|servus|guten\s+(?:morgen|tag|abend)|good\s+(?:morning|evening)"
    r"|dear|liebe[rs]?|sehr\s+geehrte[rs]?)\b[^,!.:\n]{0,60}(?:[,!.]|$)\s*",
    re.IGNORECASE,
)
_BEFORE = (
    r"(?:ich|i|bin|am|i['\u2019]?m|leider|unfortunately|sorry|heute|today|calling|call|reporting|report"
    r"|in|off|feeling|feel|melde|mich)"
)
_ILL = (
    r"(?:krank(?:gemeldet|meldung|geschrieben)?|erkrankt|sick(?:\s+(?:leave|note))?"
    r"|ill|unwell)"
)
_SICK = re.compile(rf"^\W*((?:{_BEFORE}\b\W*)*){_ILL}(?!\w)", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?:nicht\s+(?:mehr|länger)|no\s+(?:longer|more)|not\s+any|anymore|any\s+more|vorbei"
    r"|(?:bin|am|feel)\s+(?:(?:ich|jetzt|wieder|again|now)\s+)*(?:gesund|fit|healthy|better))\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"^[^,.;!]*\?")
_TODAY = re.compile(r"\b(?:heute|today)\b", re.IGNORECASE)
_TODAY_FIRST = re.compile(r"^\W*(?:heute|today)\b", re.IGNORECASE)
_SINCE = re.compile(
    r"^[\s:,]*(?:(?:heute|today)\s+)?(?P<word>seit|since|ab|from)\s+", re.IGNORECASE
)
_UNTIL = re.compile(
    r"\b(?:bis|until|till|til|through)\s+"
    r"(?:(?:voraussichtlich|einschließlich|inklusive|including|and\s+including|zum|probably)\s+)*",
    re.IGNORECASE,
)
_FURTHER_NOTICE = re.compile(r"^(?:auf\s+weiteres|further\s+notice)\b", re.IGNORECASE)
_FOR = re.compile(
    r"\b(?:für|for)\s+(?P<n>\d{1,2}|an?|eine?n?|one|zwei|two|drei|three)\s+"
    r"(?P<unit>stunden?|hours?|tage?n?|days?|wochen?|weeks?)\b",
    re.IGNORECASE,
)
_LASTING = re.compile(r"^[\s:,]*(?:(?:voraussichtlich|probably)\s+)*(?:für|for)\b", re.IGNORECASE)
_AND_MORE = re.compile(r"^\W*(?:heute|today)\W+(?:und|and)\b", re.IGNORECASE)
_SINCE_ENDS = re.compile(rf"(?=,|\b(?:für|for)\b)|(?={_UNTIL.pattern})", re.IGNORECASE)
_NUMBERS = {"zwei": 2, "two": 2, "drei": 3, "three": 3}
_GOES_ON = re.compile(
    r"^\s*(?:$|[,;.!:()\u2013-]|(?:bis|until|till|til|through|für|for|heute|today)\b)",
    re.IGNORECASE,
)


def is_greeting(line: str) -> bool:
    """Whether the line says nothing but hello."""
    return bool(_GREETING.match(line)) and not _GREETING.sub("", line).strip()


def read_line(line: str, now: datetime) -> SickCall | None:
    """None if it does not say that the sender is ill. `now` is the sender's local time."""
    line = _GREETING.sub("", _REPLY.sub("", line[:LONGEST_LINE]))
    found = _SICK.match(line)
    if found is None or _OVER.search(line) or _QUESTION.search(line):
        return None
    rest = line[found.end() :]
    today = bool(_TODAY.search(found[0]) or _TODAY_FIRST.match(rest))
    starts: When | None = None
    if since := _SINCE.match(rest):
        past = since["word"].casefold() in ("seit", "since")
        begin = _SINCE_ENDS.split(rest[since.end() :], maxsplit=1)[0]
        starts = read_moment(begin, now, past=past)
        if starts is None:
            return None
        rest = rest[since.end() + len(begin) :]
    if not _GOES_ON.match(rest):
        return None
    return _ending(starts, rest, now, today=today or bool(_TODAY_FIRST.match(rest)))


def _ending(starts: When | None, rest: str, now: datetime, *, today: bool) -> SickCall:
    if until := _UNTIL.search(rest):
        named = rest[until.end() :]
        if _FURTHER_NOTICE.match(named):
            return SickCall(starts, None)
        ends = read_moment(named, now)
        return SickCall(starts, ends, end_understood=ends is not None)
    if lasting := _FOR.search(rest):
        return SickCall(starts, _after(lasting, starts or now))
    if _LASTING.match(rest) or _AND_MORE.match(rest):
        return SickCall(starts, None, end_understood=False)
    return SickCall(starts, now.date() if today and _begins_on(starts, now) else None)


def _begins_on(starts: When | None, now: datetime) -> bool:
    return starts is None or _day(starts) == now.date()


def _day(when: When) -> date:
    return when.date() if isinstance(when, datetime) else when


def _after(lasting: re.Match[str], begin: When) -> When:
    """Of days the one on which it begins is the first. Not to the second: an hour from 9:42:17 is
    until 10:42."""
    named = lasting["n"].casefold()
    unit = lasting["unit"].casefold()
    count = max(int(named) if named.isdigit() else _NUMBERS.get(named, 1), 1)
    if unit.startswith(("stunde", "hour")) and isinstance(begin, datetime):
        return begin.replace(second=0, microsecond=0) + timedelta(hours=count)
    days = 7 * count if unit.startswith(("woche", "week")) else count
    return _day(begin) + timedelta(days=days - 1)
