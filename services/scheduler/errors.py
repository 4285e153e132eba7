"""Refusals that more than one feature of the scheduler knows."""

from __future__ import annotations

from shared.errors import N_, InvalidRequest, StaleVersion

__all__ = ["UnknownClient", "UnknownPage", "check_version"]


def check_version(given: int, present: int) -> None:
    """Raises `StaleVersion` if the caller decided on another version than the stored one."""
    if given != present:
        raise StaleVersion(given=given, present=present)


class UnknownClient(InvalidRequest):
    code = "unknown_client"
    title = N_("There is no such client")
    detail = N_("The planner has told nothing of a client {client}, or you have no access to it.")
    remedy = N_("Choose one of the clients; a new one is known here a moment after it is created.")


class UnknownPage(InvalidRequest):
    code = "unknown_page"
    title = N_("There is no such page")
    detail = N_("The planner has told nothing of a page {page} of this client.")
    remedy = N_("Choose one of the pages; a new one is known here a moment after it is created.")
