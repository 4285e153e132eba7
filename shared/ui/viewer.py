"""Who is looking: the language, time zone and instant a page is rendered for.

Templates format through the current viewer, so macros need no context passed to them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.support import NullTranslations

__all__ = ["Viewer", "gettext", "ngettext", "pgettext", "rendering_for", "viewer"]


@dataclass(frozen=True, slots=True)
class Viewer:
    language: str
    time_zone: ZoneInfo
    now: datetime
    translations: NullTranslations


_viewer: ContextVar[Viewer] = ContextVar("viewer")


def viewer() -> Viewer:
    """The viewer of the rendering in progress. Outside of one: LookupError."""
    return _viewer.get()


@contextmanager
def rendering_for(someone: Viewer) -> Iterator[None]:
    token = _viewer.set(someone)
    try:
        yield
    finally:
        _viewer.reset(token)


def gettext(text: str) -> str:
    return viewer().translations.ugettext(text)


def ngettext(one: str, many: str, n: int) -> str:
    return viewer().translations.ungettext(one, many, n)


def pgettext(context: str, text: str) -> str:
    return viewer().translations.upgettext(context, text)
