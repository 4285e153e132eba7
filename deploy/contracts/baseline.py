"""What each release promised: its documents, kept in the tree."""

from __future__ import annotations

from pathlib import Path

from deploy.contracts.documents import FOLDER, Documents, kept, text_of

__all__ = ["RELEASED", "AlreadyReleased", "keep", "last_release"]

RELEASED = FOLDER / "released"


class AlreadyReleased(Exception):
    """What a release promised is never written anew."""


def keep(version: str, documents: Documents, releases: Path = RELEASED) -> None:
    """Raises `AlreadyReleased`."""
    folder = releases / version
    if folder.exists():
        raise AlreadyReleased(
            f"Release {version} has its contracts already. Raise the version in pyproject.toml and "
            "shared/asyncapi.py first."
        )
    folder.mkdir(parents=True)
    for service, document in documents.items():
        (folder / f"{service}.json").write_text(text_of(document))


def last_release() -> tuple[str, Documents]:
    """Its version and its documents."""
    last = max(RELEASED.iterdir(), key=_order)
    return last.name, kept(last)


def _order(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in folder.name.split("."))
