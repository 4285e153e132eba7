"""Cursors walk a list to its end, and foreign ones are refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import InvalidRequest
from shared.paging import Order

BY_DUE = Order("tasks", ("due_at", 1), ("_id", 1))
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


def test_a_cursor_points_behind_its_row() -> None:
    cursor = BY_DUE.cursor({"due_at": AT, "_id": "a"})
    assert BY_DUE.after(cursor) == {
        "$or": [{"due_at": {"$gt": AT}}, {"due_at": AT, "_id": {"$gt": "a"}}]
    }
    assert BY_DUE.after(None) == {}


def test_an_instant_keeps_its_offset() -> None:
    other = datetime.fromisoformat("2026-11-24T10:30:00+01:00")
    assert BY_DUE.after(BY_DUE.cursor({"due_at": other, "_id": "a"}))["$or"][0] == {
        "due_at": {"$gt": AT}
    }


def test_the_page_ends_where_nothing_is_left() -> None:
    rows = [{"due_at": AT + timedelta(hours=n), "_id": str(n)} for n in range(3)]
    assert BY_DUE.split(rows, 2) == (rows[:2], BY_DUE.cursor(rows[1]))
    assert BY_DUE.split(rows, 3) == (rows, None)
    assert BY_DUE.split([], 3) == ([], None)


def test_fields_inside_documents() -> None:
    order = Order("x", ("sla.due_at", -1), ("_id", 1))
    assert order.cursor({"sla": {"due_at": 1}, "_id": "a"}) != order.cursor(
        {"sla": None, "_id": "a"}
    )


def forged(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "%%%",
        "ä",
        forged(b"[]"),
        forged(b'123456["2026","a"]'),
        Order("conversations", ("due_at", 1), ("_id", 1)).cursor({"due_at": AT, "_id": "a"}),
        Order("tasks", ("_id", 1)).cursor({"_id": "a"}),
    ],
)
def test_what_is_no_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        BY_DUE.after(cursor)
    assert raised.value.errors[0].pointer == "query:cursor"


def test_a_changed_letter_is_refused() -> None:
    cursor = BY_DUE.cursor({"due_at": AT, "_id": "abcdef"})
    for place in range(len(cursor)):
        changed = "A" if cursor[place] != "A" else "B"
        with pytest.raises(InvalidRequest):
            BY_DUE.after(cursor[:place] + changed + cursor[place + 1 :])


@pytest.mark.parametrize(
    "keys", [[{"$gt": ""}, "a"], [["a"], "a"], [{"t": "2026-11-24T09:30"}, "a"]]
)
def test_no_operator_gets_into_the_filter(keys: list[Any]) -> None:
    """Not even by somebody who knows how the checksum is made."""
    body = json.dumps(keys).encode()
    raw = BY_DUE._checksum(body) + body
    with pytest.raises(InvalidRequest):
        BY_DUE.after(base64.urlsafe_b64encode(raw).decode())
