"""What each release promised: its documents, kept in the tree."""

from __future__ import annotations

from pathlib import Path

from deploy.contracts.documents import FOLDER, Documents, kept, text_of

__all__ = ["RELEASED", "keep", "last_release"]

RELEASED = FOLDER / "released"


def keep(version: str, documents: Documents) -> None:
    folder = RELEASED / version
    folder.mkdir(parents=True, exist_ok=True)
    for service, document in documents.items():
        (folder / f"{service}.json").write_text(text_of(document))


def last_release() -> tuple[str, Documents]:
    """Its version and its documents."""
    last = max(RELEASED.iterdir(), key=_order)
    return last.name, kept(last)


def _order(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in folder.name.split("."))
