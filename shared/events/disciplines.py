"""The ten disciplines of a social media team, as every contract spells them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Discipline"]


class Discipline(StrEnum):
    """One kind of work. `publishing` and `community` always belong to one page."""

    PAGE_ORGANISATION = "page_organisation"
    CONTENT_PLANNING = "content_planning"
    RESEARCH = "research"
    EDITORIAL_PLAN = "editorial_plan"
    COPYWRITING = "copywriting"
    DESIGN = "design"
    PUBLISHING = "publishing"
    CLIENT_CONTACT = "client_contact"
    REPORTING = "reporting"
    COMMUNITY = "community"

    @property
    def per_page(self) -> bool:
        """Whether the discipline's work always belongs to one page."""
        return self in (Discipline.PUBLISHING, Discipline.COMMUNITY)
