"""Where the documents are kept, and how they are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

__all__ = ["CATALOGUE", "FOLDER", "Document", "Documents", "golden_events", "kept", "text_of"]

Document: TypeAlias = dict[str, Any]
Documents: TypeAlias = dict[str, Document]
"""By service."""

_ROOT = Path(__file__).parents[2]
FOLDER = _ROOT / "docs" / "asyncapi"
CATALOGUE = _ROOT / "docs" / "events.md"
_GOLDEN = _ROOT / "tests" / "contract"


def golden_events() -> dict[str, Mapping[str, Any]]:
    """What producers are tested to emit, by type."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(_GOLDEN.glob("*/*.json"))}


def kept(folder: Path) -> Documents:
    """The documents in a folder."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}


def text_of(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
