"""HTML forms: what was typed, as request bodies, and what was wrong with it, by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.errors import AppError, InvalidRequest
from shared.ui.ui import Ui
from shared.web.validation import rejected

__all__ = ["Form", "Refused", "Typed", "local_text", "parsed", "zoned_text"]

M = TypeVar("M", bound=BaseModel)


class Form:
    """What was typed. Fields that were not sent are empty."""

    def __init__(self, data: Mapping[str, list[str]]) -> None:
        self._data = data

    def text(self, name: str) -> str:
        values = self._data.get(name, [""])
        # Browsers send lines with CR LF; texts are kept, compared and shown with LF.
        return values[0].replace("\r\n", "\n")

    def every(self, name: str) -> list[str]:
        return self._data.get(name, [])

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    @property
    def version(self) -> int:
        """The version the form was made from. Raises `InvalidRequest`."""
        version = self.text("version")
        if not version.isdecimal() or len(version) > 18:  # noqa: PLR2004 (digits of a 64-bit number)
            raise InvalidRequest
        return int(version)


async def _typed(request: Request) -> Form:
    """From the body, and from the query for buttons that carry everything in their address."""
    data: dict[str, list[str]] = {}
    for name, value in [*request.query_params.multi_items(), *(await request.form()).multi_items()]:
        if isinstance(value, str):
            data.setdefault(name, []).append(value)
    return Form(data)


Typed = Annotated[Form, Depends(_typed)]


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal in the reader's words: of the whole, and by JSON pointer of single fields."""

    title: str = ""
    detail: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, ui: Ui, request: Request, error: AppError) -> Refused:
        return cls(
            title=ui.translate(request, error.title, error.params),
            detail=ui.translate(request, error.detail, error.params),
            fields={
                each.pointer: ui.translate(request, each.message, each.params)
                for each in error.errors
            },
        )


def parsed(model: type[M], data: Mapping[str, Any]) -> M:
    """Raises `InvalidRequest`, with the pointers and words that the JSON API uses."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise rejected(RequestValidationError(problems)) from None


def zoned_text(typed: str, zone: ZoneInfo, saved: datetime | None = None) -> str | None:
    """A local time as typed (`2026-11-25T09:00`), with its offset; nonsense is left as it is.

    A field that still shows the `saved` instant means that instant: what is shown has no seconds,
    and names two instants when the clocks go back.
    """
    if not typed:
        return None
    if saved is not None and typed == local_text(saved, zone):
        return saved.isoformat()
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    return at.isoformat() if at.tzinfo else at.replace(tzinfo=zone).isoformat()


def local_text(at: datetime | None, zone: ZoneInfo) -> str:
    """An instant as `<input type="datetime-local">` takes it."""
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
