"""Refusals that more than one feature of the planner knows.

`check_version` is what `If-Match` comes down to; the store's guard on the version is what makes
it hold against somebody who saves at the same moment.
"""

from __future__ import annotations

from typing import Literal

from shared.errors import N_, FieldError, InvalidRequest, StaleVersion

__all__ = ["UnknownReference", "check_version"]


class UnknownReference(InvalidRequest):
    """A body names something that does not exist, or not for this client or this caller."""

    code = "unknown_reference"
    title = N_("The request names something that does not exist here")

    def __init__(self, pointer: str, what: Literal["client", "page", "campaign"]) -> None:
        message = _NO_SUCH[what]
        super().__init__(message, errors=[FieldError(pointer, message)])


_NO_SUCH = {
    "client": N_("There is no such client."),
    "page": N_("There is no such page, or it belongs to something else."),
    "campaign": N_("This client has no such campaign."),
}


def check_version(given: int, present: int) -> None:
    """Raises `StaleVersion` if the caller decided on another version than the stored one."""
    if given != present:
        raise StaleVersion(given=given, present=present)
