"""HTML forms: what was typed, as request bodies, and why it was not taken, by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from shared.errors import AppError, InvalidRequest
from shared.ui.ui import Ui
from shared.ui.words import WORDS
from shared.web.validation import rejected

__all__ = ["Form", "Refused", "Typed", "parsed"]

M = TypeVar("M", bound=BaseModel)

_VERSION_DIGITS = 18  # of a 64-bit number


class Form:
    """What was typed. Fields that were not sent are empty."""

    def __init__(self, data: Mapping[str, list[str]]) -> None:
        self._data = data

    def text(self, name: str) -> str:
        values = self._data.get(name, [""])
        # Browsers send lines with CR LF; texts are kept, compared and shown with LF.
        return values[0].replace("\r\n", "\n")

    def has(self, name: str) -> bool:
        """Whether the field was sent, be it empty."""
        return name in self._data

    def every(self, name: str) -> list[str]:
        """The values of a field that may be there several times, without the empty ones."""
        return [value for value in self._data.get(name, []) if value]

    def optional(self, name: str) -> str | None:
        return self.text(name) or None

    @property
    def version(self) -> int:
        """The version the form was made from. Raises `InvalidRequest`."""
        version = self.text("version")
        if not (version.isascii() and version.isdecimal() and len(version) <= _VERSION_DIGITS):
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

    title: str
    detail: str = ""
    remedy: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, ui: Ui, request: Request, error: AppError) -> Refused:
        def said(text: str, params: Mapping[str, Any]) -> str:
            return ui.translate(request, text, _in_words(ui, request, params))

        return cls(
            title=said(error.title, error.params),
            detail=said(error.detail, error.params),
            remedy=said(error.remedy, error.params),
            fields={each.pointer: said(each.message, each.params) for each in error.errors},
        )


def _in_words(ui: Ui, request: Request, params: Mapping[str, Any]) -> dict[str, Any]:
    """Enum values among the particulars, as people call them."""
    return {
        name: ui.translate(request, WORDS[value])
        if isinstance(value, str) and value in WORDS
        else value
        for name, value in params.items()
    }


def parsed(model: type[M], data: Mapping[str, Any]) -> M:
    """Raises `InvalidRequest`, with the pointers and words that the JSON API uses."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        raise rejected(RequestValidationError(problems)) from None
