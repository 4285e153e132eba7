"""Keeping the gettext catalogues in step with the texts: `python -m shared.ui.i18n …`.

    extract     count the texts of each catalogue
    update      add new texts to the .po files and drop those no longer used
    check       fail for texts that are missing, stale, fuzzy, untranslated or lose a placeholder

A text that `shared` already has is translated there and not asked of the services again.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from shared.ui.i18n import LANGUAGES, SOURCE_LANGUAGE, read_catalogue

__all__ = ["Source", "main", "problems", "sources"]

_ROOT = Path(__file__).resolve().parents[2]
_PLACEHOLDER = re.compile(r"%\(\w+\)|\{\w+\}")
_METHODS = [("**/templates/**.*", "jinja2"), ("**.py", "python")]
_OPTIONS = {
    "**/templates/**.*": {
        "encoding": "utf-8",
        "extensions": "jinja2.ext.do",
        "silent": "false",
        "trimmed": "true",
    }
}


@dataclass(frozen=True, slots=True)
class Source:
    """A folder whose texts have a catalogue of their own, and where that lies."""

    name: str
    folder: Path
    locale: Path

    def path(self, language: str) -> Path:
        return self.locale / language / "LC_MESSAGES" / f"{self.name}.po"


def sources(root: Path = _ROOT) -> list[Source]:
    """`shared` first, then every service."""
    services = sorted(path.parent for path in (root / "services").glob("*/__init__.py"))
    return [
        Source("shared", root / "shared", root / "shared" / "ui" / "locale"),
        *(Source(folder.name, folder, folder / "locale") for folder in services),
    ]


def templates(root: Path = _ROOT) -> Iterator[tuple[Source, Catalog]]:
    """The texts found in each source, without what `shared` has already."""
    common: Catalog | None = None
    for source in sources(root):
        found = _extract(source.folder, root)
        if common is None:
            common = found
        else:
            for message in [each for each in found if each.id and _key(each) in _keys(common)]:
                found.delete(message.id, message.context)
        yield source, found


def _extract(folder: Path, root: Path) -> Catalog:
    catalogue = Catalog(project="Understudy", charset="utf-8")
    for name, line, text, comments, context in extract_from_dir(
        str(folder), _METHODS, _OPTIONS, comment_tags=("Translators:",), strip_comment_tags=True
    ):
        where = (folder / name).relative_to(root).as_posix()
        catalogue.add(text, None, [(where, line)], auto_comments=comments, context=context)
    return catalogue


def update(names: Collection[str] = (), root: Path = _ROOT) -> None:
    """Writes the named catalogues, or all of them."""
    for source, template in templates(root):
        if (names and source.name not in names) or not _keys(template):
            continue
        for language in _targets():
            _update_one(source.path(language), language, template)


def _update_one(path: Path, language: str, template: Catalog) -> None:
    if path.exists():
        catalogue = read_catalogue(path, language)
    else:
        catalogue = Catalog(
            locale=language,
            project="Understudy",
            version="1",
            header_comment=f"# {LANGUAGES[language]}: texts of {path.stem}.",
            msgid_bugs_address="see CONTRIBUTING",
            last_translator="the Understudy team",
            language_team=LANGUAGES[language],
            charset="utf-8",
            fuzzy=False,
        )
    catalogue.update(template, no_fuzzy_matching=True, update_creation_date=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file,
            catalogue,
            width=100,
            sort_by_file=True,
            ignore_obsolete=True,
            include_lineno=False,
        )


def problems(root: Path = _ROOT) -> list[str]:
    """What `check` complains about; empty if every text is translated."""
    found = []
    for source, template in templates(root):
        for language in _targets():
            path = source.path(language)
            catalogue = read_catalogue(path, language) if path.exists() else Catalog()
            name = f"{source.name} ({language})"
            found += [f"{name}: {problem}" for problem in _compare(template, catalogue)]
    return found


def _compare(template: Catalog, catalogue: Catalog) -> Iterator[str]:
    wanted, present = _keys(template), _keys(catalogue)
    for key in sorted(wanted.keys() - present.keys()):
        yield f"missing: {key[1]!r}"
    for key in sorted(present.keys() - wanted.keys()):
        yield f"stale: {key[1]!r}"
    for key in sorted(wanted.keys() & present.keys()):
        yield from _flaws(present[key], catalogue)


def _flaws(message: Message, catalogue: Catalog) -> Iterator[str]:
    text = _first(message.id)
    translations = (
        [message.string] if isinstance(message.string, str) else list(message.string or ())
    )
    if message.fuzzy:
        yield f"fuzzy: {text!r}"
    if not all(translations):
        yield f"untranslated: {text!r}"
        return
    for error in message.check(catalogue):
        yield f"{error}: {text!r}"
    originals = [message.id] if isinstance(message.id, str) else message.id
    if _placeholders(translations) != _placeholders(originals):
        yield f"other placeholders: {text!r}"


def _placeholders(texts: Iterable[str]) -> set[str]:
    """`%(name)s` of templates and `{name}` of errors. A singular may do without: "1 person"."""
    return {name for text in texts for name in _PLACEHOLDER.findall(text)}


def _targets() -> list[str]:
    return [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def _keys(catalogue: Iterable[Message]) -> Mapping[tuple[str, str], Message]:
    return {_key(message): message for message in catalogue if message.id}


def _key(message: Message) -> tuple[str, str]:
    return (message.context or "", _first(message.id))


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m shared.ui.i18n",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=["extract", "update", "check"])
    parser.add_argument("catalogue", nargs="*", help="only these are updated, e.g. planner")
    options = parser.parse_args(arguments)
    if options.command == "update":
        update(options.catalogue)
    if options.command == "check":
        found = problems()
        sys.stdout.writelines(f"{problem}\n" for problem in found)
        return 1 if found else 0
    for source, template in templates():
        sys.stdout.write(f"{source.name}: {len(_keys(template))} texts\n")
    return 0
