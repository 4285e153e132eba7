"""What is said about a request that contains something else than it may."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Literal

import pytest
from pydantic import Field

from shared.errors import InvalidRequest
from shared.web import StrictModel
from shared.web.forms import parsed


class Everything(StrictModel):
    """A field of each sort that request bodies have."""

    text: str = Field("x", min_length=1, max_length=3)
    number: int = Field(1, ge=1, le=9)
    share: float = Field(0.5, multiple_of=0.5)
    ticked: bool = True
    day: date = date(2027, 3, 1)
    at: datetime = datetime(2027, 3, 1)  # noqa: DTZ001 - only its type matters
    clock: time = time(9)
    many: list[str] = Field(["x"], min_length=1, max_length=2)
    named: dict[str, int] = Field(default_factory=dict)
    weeks: Literal[1, 2, 4] = 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("text", "", "This is needed."),
        ("text", "long", "This is too long: at most {max_length} characters."),
        ("text", 3, "This must be a text."),
        ("number", "x", "This must be a whole number."),
        ("number", 1.5, "This must be a whole number."),
        ("number", "9" * 5_000, "This number is too large."),
        ("number", 10, "This must be at most {le}."),
        ("share", "much", "This must be a number."),
        ("share", [], "This must be a number."),
        ("share", 0.3, "This must be a multiple of {multiple_of}."),
        ("ticked", "perhaps", "This must be true or false."),
        ("ticked", [], "This must be true or false."),
        ("day", "tomorrow", "This must be a date."),
        ("day", "", "This is needed."),
        ("day", [], "This must be a date."),
        ("at", "noon", "This must be a date and time (RFC 3339)."),
        ("at", [], "This must be a date and time (RFC 3339)."),
        ("clock", "25:00", "This must be a time of day."),
        ("clock", "", "This is needed."),
        ("clock", [], "This must be a time of day."),
        ("many", [], "This is needed."),
        ("many", ["x"] * 3, "These are too many: at most {max_length}."),
        ("many", "x", "This must be a list."),
        ("named", "x", "This must be an object."),
        ("other", "x", "There is no such field here."),
    ],
)
def test_it_says_in_plain_words_what_is_wrong_where(field: str, value: Any, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(Everything, {field: value})

    [error] = refused.value.errors
    assert (error.pointer, error.message) == (f"/{field}", said)


def test_what_is_allowed_is_listed_without_words_of_one_language() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(Everything, {"weeks": 3})

    [error] = refused.value.errors
    assert error.params["expected"] == "1, 2, 4"
