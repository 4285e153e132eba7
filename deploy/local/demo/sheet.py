"""Receipts as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["NOBODY", "receipt_lines", "table"]

Json = Any
NOBODY = "nobody (gap)"
_LONGEST = 44
_HEAD = ("", "Item", "From", "To", "Service", "ms")


def receipt_lines(receipt: Json) -> Iterable[str]:
    """Every item, who had it and has it, in which service, and how many milliseconds after the
    commit of the report its chunk was committed. `*`: outside what the absent member answers for.
    """
    own = {leg["place"]["responsibility_id"] for leg in receipt["handover"]["legs"]}
    rows = [
        (
            str(item["number"]),
            item["label"] + ("" if item["place"]["responsibility_id"] in own else " *"),
            _name(item["from_member"]),
            _name(item["to"]),
            item["service"],
            str(item["after"]),
        )
        for item in receipt["items"]
    ]
    return table(_HEAD, rows, right=(0, 5))


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]
) -> Iterable[str]:
    """Lines; the columns `right` are aligned to the right."""
    cells = [[_shortened(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for number, row in enumerate(cells):
        yield (
            "  "
            + "  ".join(
                cell.rjust(width) if column in right else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
        )
        if number == 0:
            yield "  " + "  ".join("─" * width for width in widths)


def _name(face: Json) -> str:
    return NOBODY if face is None else str(face["name"])


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 1]}…"
