"""What of the responsibility matrix is asked for, as the page's address says it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.scheduler.responsibilities.matrix import Cell, Trouble
from shared.events.disciplines import Discipline

__all__ = ["ChosenMatrix", "MatrixChoice"]


class MatrixChoice(BaseModel):
    """Conditions combine. `after`: the client after which the rows begin. `skip`: how many pages of
    the one chosen client are left out before. `selecting`: cells are to be ticked, not opened."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    client: str | None = Field(None, max_length=100)
    discipline: Discipline | None = None
    member: str | None = Field(None, max_length=100)
    trouble: Trouble | None = None
    after: str | None = Field(None, max_length=100)
    skip: int = Field(0, ge=0, le=100_000)
    selecting: bool = Field(default=False, alias="select")

    @field_validator("client", "discipline", "member", "trouble", "after", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: Any) -> Any:
        return None if value == "" else value

    @property
    def filtered(self) -> bool:
        return any((self.client, self.discipline, self.member, self.trouble))

    @property
    def disciplines(self) -> list[Discipline]:
        """The columns."""
        return [self.discipline] if self.discipline else list(Discipline)

    @property
    def marking(self) -> bool:
        """Whether only some cells are meant, and rows that have one."""
        return self.member is not None or self.trouble is not None

    def marks(self, cell: Cell) -> bool:
        """Whether the cell is one of those that person or trouble were chosen for."""
        of_member = self.member is None or cell.names(self.member)
        return of_member and (self.trouble is None or self.trouble in cell.troubles)

    def link(self, **changes: Any) -> str:
        """The query of the page with other choices, beginning with `?`; empty if there are none."""
        chosen = MatrixChoice.model_validate(self.model_dump() | changes)
        values = chosen.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return "?" + urlencode(values) if values else ""


ChosenMatrix = Annotated[MatrixChoice, Query()]
