"""The four clients, their nine pages, and who answers for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from deploy.local.demo.agency.people import CC, CO, CP, CW, DE, EP, PO, PU, RE, RP
from shared.events.disciplines import Discipline
from shared.events.planner import Platform

__all__ = [
    "CAMPAIGN",
    "CLIENTS",
    "LEADS",
    "PAGES",
    "Campaign",
    "Client",
    "Page",
    "Responsibility",
    "responsibilities",
]


@dataclass(frozen=True, slots=True)
class Client:
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """`topic` is what people write about there; `posts` are what they comment on, by key."""

    key: str
    client: str
    platform: Platform
    name: str
    handle: str
    topic: str
    posts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Responsibility:
    """`page` None: for all pages of the client. `people`: the owner, then the deputies."""

    client: str
    page: str | None
    discipline: Discipline
    people: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.page or self.client}:{self.discipline}"


@dataclass(frozen=True, slots=True)
class Campaign:
    key: str
    client: str
    name: str
    starts_on: date
    ends_on: date


CLIENTS = (
    Client("morgenrot", "Rösterei Morgenrot"),
    Client("auental", "Stadtwerke Auental"),
    Client("radwerk", "Radwerk Elbtal"),
    Client("weidenau", "Hotel Haus Weidenau"),
)

LEADS: Mapping[str, tuple[str, ...]] = {
    "morgenrot": ("LV", "KK"),
    "auental": ("LV",),
    "radwerk": ("KK", "LV"),
    "weidenau": ("KK",),
}

PAGES = (
    Page(
        "morgenrot-instagram",
        "morgenrot",
        Platform.INSTAGRAM,
        "Rösterei Morgenrot",
        "@roesterei.morgenrot",
        "coffee",
        {"advent": "So packen wir Advent", "tonic": "Rezept: Espresso-Tonic für kalte Tage"},
    ),
    Page(
        "morgenrot-facebook",
        "morgenrot",
        Platform.FACEBOOK,
        "Rösterei Morgenrot",
        "Rösterei Morgenrot",
        "coffee",
        {"tasting": "Tasting am zweiten Advent: noch sechs Plätze"},
    ),
    Page(
        "auental-facebook",
        "auental",
        Platform.FACEBOOK,
        "Stadtwerke Auental",
        "Stadtwerke Auental",
        "utility",
        {"rohr": "Rohrbruch in der Lindenallee: Stand 9 Uhr", "zaehler": "Zählerwechsel im Winter"},
    ),
    Page(
        "auental-linkedin",
        "auental",
        Platform.LINKEDIN,
        "Stadtwerke Auental",
        "stadtwerke-auental",
        "utility",
        {"waerme": "Fernwärme für das Quartier am Mühlgraben"},
    ),
    Page(
        "radwerk-instagram",
        "radwerk",
        Platform.INSTAGRAM,
        "Radwerk Elbtal",
        "@radwerk.elbtal",
        "bikes",
        {"cargo": "Das neue Elbtal Cargo", "wintertour": "Wintertour am dritten Advent"},
    ),
    Page(
        "radwerk-bluesky",
        "radwerk",
        Platform.BLUESKY,
        "Radwerk Elbtal",
        "@radwerk-elbtal.example",
        "bikes",
        {"riemen": "Riemen oder Kette? Unsere Werkstatt antwortet"},
    ),
    Page(
        "radwerk-mastodon",
        "radwerk",
        Platform.MASTODON,
        "Radwerk Elbtal",
        "@radwerk@elbtal.example",
        "bikes",
        {"licht": "Gut zu sehen: Licht am Rad"},
    ),
    Page(
        "weidenau-instagram",
        "weidenau",
        Platform.INSTAGRAM,
        "Hotel Haus Weidenau",
        "@haus.weidenau",
        "hotel",
        {"kamin": "Kaminabend im Turmzimmer", "gans": "Gänseessen an den Adventssonntagen"},
    ),
    Page(
        "weidenau-facebook",
        "weidenau",
        Platform.FACEBOOK,
        "Hotel Haus Weidenau",
        "Haus Weidenau",
        "hotel",
        {"silvester": "Silvester in Weidenau"},
    ),
)

CAMPAIGN = Campaign(
    "advent", "morgenrot", "Advent 2026", starts_on=date(2026, 11, 23), ends_on=date(2026, 12, 27)
)

_STAFF: Mapping[str, Mapping[Discipline, str]] = {
    "morgenrot": {
        PO: "FR PK", CP: "NS MA", RE: "FR NS", EP: "LV NS", CW: "JH TB FR", DE: "MA IW",
        CC: "LV NS", RP: "PK FR",
    },
    "morgenrot-instagram": {PU: "JH TB", CO: "JH TB IW"},
    "morgenrot-facebook": {PU: "TB PK", CO: "IW TB"},
    "auental": {
        PO: "PK FR", CP: "NS LV", RE: "FR PK", EP: "NS LV", CW: "JH NS", DE: "IW MA",
        CC: "LV NS", RP: "PK FR",
    },
    "auental-facebook": {PU: "TB PK", CO: "JH TB IW"},
    "auental-linkedin": {PU: "TB PK", CO: "IW TB"},
    "radwerk": {
        PO: "FR PK", CP: "JH MA", RE: "NS FR", EP: "NS LV", CW: "TB NS FR", DE: "MA IW",
        CC: "KK LV", RP: "PK FR",
    },
    "radwerk-instagram": {PU: "PK TB", CO: "IW MA"},
    "radwerk-bluesky": {PU: "PK TB", CO: "IW MA"},
    "radwerk-mastodon": {PU: "TB PK", CO: "MA IW"},
    "weidenau": {
        PO: "HS OP", CP: "OP HS", RE: "DL OP", EP: "KK LV", CW: "OP DL", DE: "DL MA",
        CC: "KK LV", RP: "DL HS",
    },
    "weidenau-instagram": {PU: "HS DL", CO: "HS OP"},
    "weidenau-facebook": {PU: "DL HS", CO: "OP HS"},
}  # fmt: skip
"""By client or page: the owner, then the deputies in order."""


def responsibilities() -> Iterator[Responsibility]:
    """All ten disciplines of every client; publishing and community for each page."""
    owners = {page.key: page.client for page in PAGES}
    for place, disciplines in _STAFF.items():
        page = place if place in owners else None
        for discipline, people in disciplines.items():
            client = owners.get(place, place)
            yield Responsibility(client, page, discipline, tuple(people.split()))
