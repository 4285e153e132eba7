"""Who calls a route, by what they may do."""

from __future__ import annotations

from typing import Annotated

from shared.auth import Identity, Permission
from shared.web import require

__all__ = ["Manager", "Reader", "Writer"]

Reader = Annotated[Identity, require(Permission.PLANNER_READ)]
"""May see clients, pages, campaigns, content items and tasks."""

Writer = Annotated[Identity, require(Permission.PLANNER_WRITE)]
"""May change content items and tasks."""

Manager = Annotated[Identity, require(Permission.PLANNER_MANAGE)]
"""May create and change clients, pages and campaigns."""
