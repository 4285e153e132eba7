"""Every pair of colours that carries text keeps WCAG's 4.5:1, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import shared.ui

_TOKENS = (Path(shared.ui.__file__).parent / "static" / "tokens.css").read_text()
_GROUNDS = ("canvas", "surface", "sunken", "hover", "weekend", "past")
_STATUSES = (
    "draft", "review", "changes", "approved", "scheduled", "published", "failed", "unknown",
)  # fmt: skip
_PEOPLE = [f"p{number}" for number in range(9)]

PAIRS = [
    *[(ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in _GROUNDS],
    *[("accent", ground) for ground in (*_GROUNDS, "accent-bg", "accent-wash")],
    *[("ink", ground) for ground in ("accent-bg", "accent-wash", "note-bg")],
    ("on-accent", "accent"),
    ("surface", "ink"),
    ("rail-ink", "rail-bg"),
    ("rail-strong", "rail-bg"),
    ("rail-strong", "rail-selected"),
    ("rail-count", "rail-count-bg"),
    *[(status, f"{status}-bg") for status in _STATUSES],
    *[(status, ground) for status in _STATUSES for ground in ("surface", "canvas", "sunken")],
    ("gap", "gap-bg"),
    ("note", "note-bg"),
    *[(person, f"{person}-bg") for person in _PEOPLE],
    *[(person, "surface") for person in _PEOPLE],
]


def _theme(selector: str) -> dict[str, str]:
    block = _TOKENS[_TOKENS.index(selector) :]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block[: block.index("\n}")]))


THEMES = {
    "light": _theme('[data-theme="light"] {'),
    "dark": _theme('[data-theme="dark"] {'),
    "auto, dark": _theme('[data-theme="auto"] {'),
}


def _luminance(colour: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
def test_text_is_legible(theme: str) -> None:
    colours = THEMES[theme]
    weak = {
        f"{ink} on {ground}": round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground in PAIRS
        if contrast(colours[ink], colours[ground]) < 4.5
    }
    assert weak == {}


def test_dark_is_the_same_by_choice_and_by_system() -> None:
    assert THEMES["auto, dark"] == THEMES["dark"]
    assert THEMES["light"].keys() == THEMES["dark"].keys()


def test_no_colour_is_written_outside_the_tokens() -> None:
    static = Path(shared.ui.__file__).parent / "static"
    strays = {
        sheet.name: found
        for sheet in static.glob("*.css")
        if sheet.name != "tokens.css"
        and (found := re.findall(r": [^;{}]*(#[0-9a-fA-F]{3,8})\b", sheet.read_text()))
    }
    assert strays == {}
