"""The sprite has a symbol for every sign that templates and statuses ask for."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import shared.ui
from shared.events.planner import Platform
from shared.ui.ui import PLACES
from shared.ui.words import WORDS, sign

_UI = Path(shared.ui.__file__).parent
_ROOT = _UI.parents[1]
_STATUSES = [
    "draft", "in_review", "changes_requested", "approved", "scheduled", "published", "withdrawn",
    "failed", "overdue", "unknown", "gap", "open", "done", "planned", "sending", "sent", "waiting",
    "acknowledged", "complete", "moving", "note",
]  # fmt: skip


def _symbols() -> set[str]:
    root = ET.parse(_UI / "static" / "icons.svg").getroot()
    return {symbol.attrib["id"] for symbol in root}


def test_every_status_place_and_platform_has_a_symbol() -> None:
    wanted = {
        *(sign(status) for status in _STATUSES),
        *(place.icon for place in PLACES),
        *(f"platform-{platform}" for platform in Platform),
    }
    assert wanted - _symbols() == set()
    assert {*Platform, *_STATUSES} - {"note"} <= WORDS.keys()


def test_templates_ask_for_symbols_that_exist() -> None:
    asked: set[str] = set()
    for template in [
        *_UI.rglob("templates/*.html"),
        *(_ROOT / "services").rglob("templates/*.html"),
    ]:
        asked |= set(re.findall(r"""\bicon\(["']([a-z_-]+)["']""", template.read_text()))
    assert asked - {"status-"} - _symbols() == set()
