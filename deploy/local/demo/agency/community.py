"""Sixty conversations of the last two days, as people wrote them on the platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy.local.platform.domain import Kind

__all__ = ["CLAIMS", "OUTSIDE", "Opening", "Said", "openings"]

_SPAN = timedelta(hours=46)
_NOT_JUST_NOW = timedelta(minutes=12)
_BETWEEN = timedelta(minutes=35)

C, D, M = Kind.COMMENT, Kind.DIRECT, Kind.MENTION


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `id` is the platform's."""

    id: str
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Opening:
    """What one author has written to one page, oldest first."""

    page: str
    author: str
    kind: Kind
    post: str | None
    messages: tuple[Said, ...]


# By page: author, kind or the post it comments on, and what was said.
# fmt: off
_TALK: dict[str, list[tuple[str, Kind | str, str | tuple[str, ...]]]] = {
    "morgenrot-instagram": [
        ("Katrin Lohse", D, ("Mein Adventskaffee MR-20418 ist nicht dabei gewesen, nur die Karte.",
                             "Die Karte ist wirklich schön, aber man kann sie nicht trinken.")),
        ("bohnenpost.hh", "advent", "Kann man das Tasting auch als Gutschein verschenken?"),
        ("feinetasse", D, "Ich schreibe über Kaffee. Hätten Sie Lust auf etwas Gemeinsames?"),
        ("kaffeeklatsch_le", "advent", "Wie sind die Öffnungszeiten am 2. Advent?"),
        ("Jörg Thiele", D, "Kann ich im Laden auch auf Rechnung bezahlen? Es ist für den Verein."),
        ("anna.liest", "advent", "Gilt das Gewinnspiel auch, wenn ich schon Kundin bin?"),
        ("roestfreund", "tonic", "Sidamo wieder da? Ich frage für meine Mühle."),
        ("Marlies Haug", D, ("Der Kalender ist ein Geschenk. Kann meine Adresse vom Paket runter?",
                             "Es geht am Freitag raus, steht in der Mail.")),
        ("espressonist", "tonic", "Tonic ja, aber bitte niemals Orange. Zitrone!"),
    ],
    "morgenrot-facebook": [
        ("Renate Golz", "tasting", "Wir wären zu viert, sind die sechs Plätze noch zu haben?"),
        ("Holger Brix", "tasting", "Ist der Keller mit dem Rollstuhl zu erreichen?"),
        ("Sabrina Pfaff", D, "Die Mühle, die Sie empfohlen haben, mahlt jetzt nur noch Staub."),
        ("Uta Wenzel", D, "Haben Sie am 24. vormittags offen?"),
        ("Café Kante", D, ("Wir suchen einen Hausespresso für zwei Läden. Mit wem reden wir?",
                           "Gern telefonisch, vormittags ist es am besten.")),
        ("Dieter Krahl", "tasting", "Beim letzten Mal war es großartig, ich komme wieder."),
    ],
    "auental-facebook": [
        ("Uwe Petersen", "rohr", ("Lindenallee 12: kein Warmwasser seit heute früh.",
                                  "Kaltes kommt, warmes nicht. Drittes Haus von oben.")),
        ("Sabine Grothe", D, "Mein Abschlag wurde zweimal abgebucht, am 1. und am 3. Was nun?"),
        ("M. Kirchhoff", D, "Was ist die Umlage auf Seite 2 der Rechnung, und warum ist sie neu?"),
        ("Nadine Voss", "zaehler", "Der Ableser kam nicht. Ich hatte mir dafür freigenommen."),
        ("Heike Pohl", "zaehler", "Geht der Zählerwechsel auch an einem Samstag?"),
        ("Karl-Heinz Matz", "rohr", "Danke an die Leute im Graben, das war eine kalte Nacht."),
        ("Fam. Oezkan", D, "Wir ziehen am 1. um. Reicht ein Foto vom Zähler?"),
        ("Petra Lindemann", "rohr", "Wird das Wasser heute noch einmal abgestellt?"),
    ],
    "auental-linkedin": [
        ("Dr. Svenja Ackermann", "waerme", "Welche Vorlauftemperatur ist im Quartier geplant?"),
        ("Torben Riis", M, "Gutes Beispiel für andere Städte: @stadtwerke-auental am Mühlgraben."),
        ("Bauhof Nord GmbH", D, "Wir würden gern für den zweiten Abschnitt anbieten. An wen?"),
        ("Lea Fromm", "waerme", "Gibt es 2027 auch duale Studienplätze bei Ihnen?"),
    ],
    "radwerk-instagram": [
        ("lastenesel", "cargo", "Passt ein Kontrabass hinein? Ernst gemeint."),
        ("Mona Ritter", D, "Mein Cargo zieht nach links, seit ich den Kindersitz habe."),
        ("zwei.raeder.elbe", "wintertour", "Sind Spikes nötig oder übertreibe ich?"),
        ("Kai Uhlmann", "cargo", "Wann steht es in Dresden zum Probefahren?"),
        ("Steffi Blum", D, ("Bestellung RE-7731: Tannengrün bestellt, Nachtblau bekommen.",
                            "Es ist auch schön. Aber eben nicht grün.")),
        ("radelnder.pfarrer", "wintertour", "Zehn Uhr wird knapp. Kann ich später dazustoßen?"),
        ("Ole Friis", D, "Liefern Sie nach Dänemark?"),
    ],
    "radwerk-bluesky": [
        ("kettenblatt.example", "riemen", "Riemen. Nach neun Jahren Kette: Riemen."),
        ("Greta Sommer", M, "Hat jemand Erfahrung mit @radwerk-elbtal.example im Gebirge?"),
        ("hannes-faehrt.example", "riemen", "Was kostet der Umbau von Kette auf Riemen bei euch?"),
        ("oelfinger.example", "riemen", "Eure Werkstatt hat recht, und zwar beide Seiten."),
        ("Tina Kolbe", D, "Die Nabe von meinem Reise klickt. Kommt das in die Garantie?"),
    ],
    "radwerk-mastodon": [
        ("@pedal@norden.example", M, "Schönes Licht! Leuchtet es auch im Stand weiter?"),
        ("@frieda@werkstatt.example", M, "Darf ich den Selbsttest für unsere Schule drucken?"),
        ("@nachtfalter@sued.example", "licht", "Bild 3 hat keinen Alt-Text, sonst prima."),
        ("@jens@elbe.example", D, "Wo finde ich die Anleitung für die Federgabel von 2022?"),
        ("@wolke@regen.example", M, "Kommt ihr im Frühling wieder auf die Fahrradmesse?"),
    ],
    "weidenau-instagram": [
        ("Familie Harms", "kamin", "Sind die zwei Sessel noch frei? Wir kommen auch ohne Sessel."),
        ("reiselust_petra", D, "Gebucht ist ein Einzelzimmer, jetzt kommt doch jemand mit."),
        ("Tobias Eng", "gans", "Gibt es das Gänseessen auch ohne Gans?"),
        ("dorfkind.anni", "gans", "Herr Brandt ist eine Legende. Grüßt ihn vom ganzen Tisch 4!"),
        ("Miriam Sasse", D, ("Wir heiraten im Mai und suchen einen Saal für siebzig Leute.",
                             "Am liebsten am 15. oder 22.")),
        ("wanderfreunde.ost", D, "Kann eine Gruppe von elf Leuten mittags einkehren?"),
        ("luisa.unterwegs", "kamin", "Ist das Turmzimmer eigentlich beheizt oder nur der Kamin?"),
        ("Gerd Mahnke", "gans", "Parkplätze am Sonntag, ja oder nein?"),
    ],
    "weidenau-facebook": [
        ("Elke Brandis", "silvester", "Dürfen zwei Hunde mit? Sie fürchten sich vor Raketen."),
        ("Ralf Stegemann", D, "Meine Rechnung enthält ein Frühstück, das ich verschlafen habe."),
        ("Christa Ulm", "silvester", "Gibt es an Silvester Musik oder Ruhe?"),
        ("Anja Kröger", D, "Ich habe meinen roten Schal bei Ihnen vergessen, Zimmer 9."),
        ("Heinz Dorn", "silvester", "Letztes Jahr war es so schön, wir buchen sofort wieder."),
        ("Claudia Rasch", D, "Kann ich den Gutschein meiner Mutter auf mich umschreiben?"),
        ("Bernd Lukas", D, "Wie lange vorher muss ich absagen, falls das Kind krank wird?"),
        ("Yvonne Tietz", "silvester", "Drei Nächte sind mir zu viel. Gehen auch zwei?"),
    ],
}
# fmt: on

OUTSIDE = ("radwerk-bluesky", "Tina Kolbe")
"""Jana has claimed it, though she does not answer for the page."""

CLAIMS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("JH", OUTSIDE),
    ("TB", ("morgenrot-facebook", "Café Kante")),
    ("MA", ("radwerk-instagram", "Steffi Blum")),
    ("LV", ("weidenau-instagram", "Miriam Sasse")),
    ("HS", ("weidenau-facebook", "Anja Kröger")),
)
"""Who has claimed whose conversation, by (page, author)."""


def openings(now: datetime) -> Iterator[Opening]:
    """Spread over the last two days, the pages in turn; ids say which message it is."""
    talks = [
        (page, number, talk) for page, found in _TALK.items() for number, talk in enumerate(found)
    ]
    talks.sort(key=lambda one: (one[1], one[0]))
    step = (_SPAN - _NOT_JUST_NOW) / len(talks)
    for turn, (page, number, (author, where, said)) in enumerate(talks):
        texts = (said,) if isinstance(said, str) else said
        begun = now - _SPAN + turn * step
        kind, post = (where, None) if isinstance(where, Kind) else (C, where)
        yield Opening(
            page,
            author,
            kind,
            post,
            tuple(
                Said(f"{page}-{number}-{part}", text, min(begun + part * _BETWEEN, now))
                for part, text in enumerate(texts)
            ),
        )
