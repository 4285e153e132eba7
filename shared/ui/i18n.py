"""Languages: which one a reader gets, and the gettext catalogues compiled in memory.

Message ids are the English texts. Every other language has one `.po` file per catalogue:
`shared/ui/locale/<lang>/LC_MESSAGES/shared.po` and one per service. In Python, mark a text with
`N_` where it is written and translate it where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from io import BytesIO
from pathlib import Path

from babel import negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from shared.errors import N_

__all__ = [
    "LANGUAGES",
    "N_",
    "SOURCE_LANGUAGE",
    "choose_language",
    "load_translations",
    "read_catalogue",
]

SOURCE_LANGUAGE = "en"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch"}


def choose_language(cookie: str | None, accept_language: str | None) -> str:
    """The reader's own choice, else what the browser prefers, else English."""
    if cookie is not None and cookie in LANGUAGES:
        return cookie
    preferred = _preferred(accept_language or "")
    return negotiate_locale(preferred, list(LANGUAGES), sep="-") or SOURCE_LANGUAGE


def _preferred(accept_language: str) -> list[str]:
    weighted = []
    for part in accept_language.split(","):
        tag, _, parameter = part.strip().partition(";")
        try:
            quality = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            weighted.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]


def load_translations(folders: Iterable[Path]) -> dict[str, NullTranslations]:
    """One merged catalogue per language from all `.po` files under the locale `folders`. They are
    read once in a process."""
    folders = tuple(folders)
    return {language: _load(language, folders) for language in LANGUAGES}


@cache
def _load(language: str, folders: tuple[Path, ...]) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    merged = Catalog(locale=language)
    for folder in folders:
        for path in sorted((folder / language / "LC_MESSAGES").glob("*.po")):
            for message in read_catalogue(path, language):
                if message.id:
                    merged.add(message.id, message.string, context=message.context)
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return Translations(compiled)


def read_catalogue(path: Path, language: str) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


if __name__ == "__main__":
    from shared.ui.catalogues import main

    raise SystemExit(main())
