"""What people write about, by topic of the page: sentences with gaps, and what fits into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ALWAYS", "FIRST_NAMES", "FOLLOW_UPS", "GREETINGS", "LAST_NAMES", "SIGN_OFFS", "TOPICS",
    "Topic",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Topic:
    """`sentences` have `{gaps}`, each filled with one of the words of its name."""

    sentences: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]


GREETINGS = (
    "", "", "", "Hallo, ", "Hallo zusammen, ", "Guten Tag, ", "Moin, ", "Hi, ", "Liebes Team, ",
    "Servus, ",
)  # fmt: skip
SIGN_OFFS = (
    "", "", "", " Danke!", " Vielen Dank schon mal.", " Danke und Gruß", " Liebe Grüße",
    " Danke für eine kurze Antwort.", " Schönen Tag noch!", " Beste Grüße aus Leipzig",
)  # fmt: skip
FOLLOW_UPS = (
    "Hat schon jemand nachgesehen?",
    "Ich wollte nur kurz nachfragen, ob es etwas Neues gibt.",
    "Kleine Ergänzung: Es geht um die Sache von {day}.",
    "Eine Frage noch: Gilt das auch am {day}?",
    "Und am {day} ist das genauso, oder?",
    "Ich kann Ihnen gern ein Foto schicken, wenn das hilft.",
    "Inzwischen habe ich es noch einmal versucht, leider mit demselben Ergebnis.",
    "Entschuldigung, ich habe mich vertippt, gemeint war {day}.",
    "Können Sie mir dazu eine Nummer nennen, unter der ich jemanden erreiche?",
    "Bis {day} bräuchte ich eine Rückmeldung, sonst muss ich umplanen.",
    "Hier noch einmal ich. Es eilt nicht, aber vergessen Sie mich bitte nicht.",
    "Meine Nachbarin hat übrigens dasselbe Problem.",
)
ALWAYS: Mapping[str, tuple[str, ...]] = {
    "day": (
        "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag",
    ),
    "past": ("gestern", "heute", "am Wochenende", "am Montag", "letzte Woche"),
    "number": ("zwei", "drei", "vier", "fünf", "sechs"),
}  # fmt: skip

TOPICS: Mapping[str, Topic] = {
    "coffee": Topic(
        sentences=(
            "der {coffee} schmeckt diesmal {taste}. Wurde an der Röstung etwas geändert?",
            "wann gibt es {coffee} wieder? Im Laden war das Regal leer.",
            "welche Mühle empfehlt ihr für {brew}? Mein Budget liegt bei {price} Euro.",
            "ich habe {number} Beutel {coffee} bestellt, es kam nur einer. Bestellung {order}.",
            "kann man bei euch am {day} spontan zum {event} kommen oder nur mit Anmeldung?",
            "das Foto vom {event} ist großartig, wer hat das gemacht?",
            "liefert ihr den {coffee} auch als ganze Bohne im {size}-Beutel?",
            "mein {brew} wird mit eurem {coffee} immer {taste}. Welchen Mahlgrad nehmt ihr?",
            "seid ihr am {day} mit einem Stand auf dem Weihnachtsmarkt?",
            "der Gutschein für das {event} lässt sich nicht einlösen, es kommt eine Fehlermeldung.",
            "wir hätten im Büro gern regelmäßig {coffee}. An wen wende ich mich?",
            "ist der {coffee} auch in der Filiale am Markt zu haben?",
            "bei mir kam das Paket {order} offen an, ein Beutel ist ausgelaufen.",
            "habt ihr beim {event} auch etwas mit Hafermilch?",
            "ich suche ein Geschenk für jemanden, der {brew} liebt. Was nehmt ihr da?",
            "euer Rezept mit {brew} habe ich nachgemacht, es war {taste}!",
        ),
        words={
            "coffee": (
                "Sidamo", "Adventskaffee", "Hausespresso", "Kolumbien Huila", "Frühstückskaffee",
                "Nordlicht-Espresso", "Guatemala Antigua", "Adventsblend",
            ),
            "taste": ("etwas bitter", "viel heller", "ganz rund", "leicht säuerlich", "wunderbar"),
            "brew": (
                "Filterkaffee", "Espresso", "Cold Brew", "Cappuccino", "Mokka",
            ),
            "event": ("Tasting", "Latte-Art-Kurs", "Röstereirundgang", "Adventsfrühstück"),
            "size": ("250-g", "500-g", "1-kg"),
            "price": ("80", "120", "200", "350"),
        },
    ),
    "utility": Topic(
        sentences=(
            "in der {street} ist seit {time} der {thing} weg. Ist das bekannt?",
            "mein Abschlag wurde {number}mal abgebucht. Kundennummer {order}. Wer klärt das?",
            "wann kommt die Ablesung in der {street}? Auf dem Zettel fehlt die Uhrzeit.",
            "ich bin am {day} umgezogen. Wo melde ich den Zählerstand für {thing}?",
            "warum ist der Arbeitspreis für {thing} gestiegen, obwohl die Preise fallen?",
            "die Baustelle in der {street} ist {past} schon wieder nicht besetzt gewesen.",
            "gibt es für eine Wallbox in der {street} noch Förderung?",
            "Ihre App zeigt bei {thing} seit {time} nur Nullen an.",
            "der Termin für den Zählerwechsel passt mir nicht, geht auch {day}?",
            "die Laterne in der {street} flackert seit {time}.",
            "bekomme ich die Rechnung für {thing} auch als Datei statt auf Papier?",
            "danke an die Kollegen, die {past} in der {street} so schnell repariert haben!",
            "wie lange ist das Schwimmbad wegen der Reparatur geschlossen?",
            "ich habe zwei Verträge für {thing}, kündigen wollte ich nur einen. Nummer {order}.",
            "lädt die Ladesäule in der {street} wieder? Am {day} war sie außer Betrieb.",
        ),
        words={
            "street": (
                "Lindenallee", "Gerberstraße", "Mühlgrabenstraße", "Schillerstraße", "Bergstraße",
                "Hopfengasse", "Neuen Siedlung", "Bahnhofstraße",
            ),
            "thing": ("Strom", "Wasser", "Gas", "Fernwärme"),
            "time": ("heute früh", "gestern Abend", "zwei Stunden", "einer Woche", "Mitternacht"),
        },
    ),
    "bikes": Topic(
        sentences=(
            "hat das {bike} schon die neue {part}? Auf der Seite steht mal ja, mal nein.",
            "mein {bike} macht seit {day} ein Klackern an der {part}. Kann ich vorbeikommen?",
            "welche Rahmengröße brauche ich beim {bike}? Ich bin 1,{height} m groß.",
            "wann wird das {bike} in {colour} wieder lieferbar?",
            "ich bin {past} {distance} Kilometer mit dem {bike} gefahren, ein Traum!",
            "bekomme ich für das {bike} eine {part} als Ersatzteil? Seriennummer {order}.",
            "kann man das {bike} am {day} bei euch Probe fahren?",
            "der Lack in {colour} ist nach einem Winter schon ab. Ist das ein Garantiefall?",
            "fahrt ihr die Wintertour am {day} auch bei Schnee?",
            "lohnt sich die {part} für jemanden, der vor allem in der Stadt fährt?",
            "meine Bestellung {order} steht seit zwei Wochen auf „in Arbeit“.",
            "gibt es das {bike} auch mit Riemen statt Kette?",
            "ist die Werkstatt zwischen den Jahren offen? Meine {part} müsste gemacht werden.",
            "bietet ihr Leasing über den Arbeitgeber auch für das {bike} an?",
            "das Video zur {part} hat mir eine Stunde Fluchen erspart.",
        ),
        words={
            "bike": (
                "Elbtal Tour", "Elbtal Cargo", "Elbtal Gravel", "Elbtal City", "Elbtal Junior",
                "Elbtal Reise",
            ),
            "part": (
                "Schaltung", "Bremse", "Nabe", "Federgabel", "Sattelstütze", "Beleuchtung",
            ),
            "colour": ("Tannengrün", "Nachtblau", "Rostrot", "Sandbeige"),
            "distance": ("40", "70", "95", "120"),
            "height": ("62", "70", "78", "85", "93"),
        },
    ),
    "hotel": Topic(
        sentences=(
            "habt ihr vom {day} an noch ein {room} für {number} Nächte frei?",
            "darf unser Hund mit ins {room}? Er ist sehr ruhig.",
            "ist das {meal} im Preis dabei oder kommt das dazu?",
            "wir haben {past} bei euch gefeiert, es war rundum gelungen. Danke an die Küche!",
            "im {room} war es leider {flaw}. Können wir darüber sprechen? Buchung {order}.",
            "kann ich eine Buchung vom {day} auf später schieben? Nummer {order}.",
            "gibt es für das {meal} auch etwas Veganes?",
            "wie komme ich vom Bahnhof am besten zu euch, wenn ich am {day} spät ankomme?",
            "ist die Sauna am {day} auch für Gäste von außerhalb offen?",
            "bietet ihr das {room} auch für Tagungen mit {people} Leuten an?",
            "ich habe meine Jacke liegen lassen, vermutlich beim {meal}. Wurde sie gefunden?",
            "gilt der Gutschein auch für das {meal}?",
            "ab wann kann man bei euch Silvester buchen?",
            "das Bild vom {room} sieht nach Kamin aus, ist der echt?",
        ),
        words={
            "room": (
                "Doppelzimmer", "Familienzimmer", "Turmzimmer", "Gartenzimmer", "Kaminzimmer",
            ),
            "meal": ("Frühstück", "Adventsmenü", "Gänseessen", "Abendbüfett"),
            "people": ("12", "20", "35"),
            "flaw": ("sehr hellhörig", "ziemlich kühl", "nicht geputzt", "recht dunkel"),
        },
    ),
}  # fmt: skip

FIRST_NAMES = (
    "Anke", "Bernd", "Carla", "Dirk", "Elif", "Falk", "Gesa", "Hauke", "Ilka", "Jonas", "Karin",
    "Levke", "Malte", "Nele", "Oskar", "Pia", "Quirin", "Rieke", "Steffen", "Tanja", "Ulf",
    "Vera", "Wiebke", "Yasemin", "Zoran", "Andrzej", "Birgül", "Doreen", "Enno", "Frauke",
)  # fmt: skip
LAST_NAMES = (
    "Ahrens", "Böttcher", "Cordes", "Drews", "Eichler", "Fiedler", "Gehrke", "Hübner", "Ihde",
    "Jahnke", "Kowalski", "Lüders", "Menzel", "Nowak", "Oertel", "Pohlmann", "Quandt", "Rehbein",
    "Seidel", "Thomsen", "Uhlig", "Vogel", "Wiesner", "Yıldız", "Zander",
)  # fmt: skip
