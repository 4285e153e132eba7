from __future__ import annotations

import pytest

from services.scheduler.members.domain import initials_of, rarest_colour


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Mira Aydin", "MA"),
        ("Jana Hoffmann", "JH"),
        ("Ana Maria de la Cruz", "AC"),
        ("Cher", "C"),
        ("Lena Vogt-Kern", "LK"),
        ("  ", "?"),
        ("ßeta öz", "SSÖ"),
    ],
)
def test_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_the_rarest_colour_is_given_next() -> None:
    assert rarest_colour({}) == 1
    assert rarest_colour({1: 2, 2: 1, 3: 1, 4: 1, 5: 1, 6: 0, 7: 1, 8: 1}) == 6
