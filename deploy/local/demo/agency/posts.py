"""The editorial plan: the weeks that were, this one and the next, and what has no day yet."""

from __future__ import annotations

from deploy.local.demo.agency.people import CO, CP, CW, DE, PU, RE, RP
from deploy.local.demo.agency.plan import Post, Progress, Task, When
from shared.events.planner import ContentStatus

__all__ = ["POSTS", "TASKS"]

DRAFT, REVIEW, CHANGES, APPROVED, SCHEDULED, PUBLISHED = (
    ContentStatus.DRAFT,
    ContentStatus.IN_REVIEW,
    ContentStatus.CHANGES_REQUESTED,
    ContentStatus.APPROVED,
    ContentStatus.SCHEDULED,
    ContentStatus.PUBLISHED,
)
DONE, STARTED = Progress.DONE, Progress.STARTED
M_IG, M_FB, A_FB, A_LI = (
    "morgenrot-instagram",
    "morgenrot-facebook",
    "auental-facebook",
    "auental-linkedin",
)
R_IG, R_BS, R_MA, W_IG, W_FB = (
    "radwerk-instagram",
    "radwerk-bluesky",
    "radwerk-mastodon",
    "weidenau-instagram",
    "weidenau-facebook",
)

# A table: a post reads as one paragraph.
# fmt: off

_MORGENROT = (
    Post(
        "morgenrot", "Neue Ernte aus Huila", "JH",
        ("Sie ist da: die neue Ernte von 24 Familien aus Huila. Röter Apfel, Karamell, Ruhe.",
         "Sie ist da: die neue Ernte von 24 Familien aus Huila. Roter Apfel, Karamell, Ruhe."),
        ((M_IG, (-5, "11:30")), (M_FB, (-5, "12:00"))), PUBLISHED,
        (Task(CW, "Neue Ernte: Text", (-7, "12:00"), DONE),
         Task(DE, "Neue Ernte: Bild der Säcke", (-6, "15:00"), DONE)),
    ),
    Post(
        "morgenrot", "Röstprofil zum Mitlesen", "JH",
        ("Elf Minuten, drei Gerüche, ein Knacken: So klingt ein Espresso, bevor er einer ist.",),
        ((M_IG, (-2, "11:30")),), PUBLISHED,
        (Task(CW, "Röstprofil: Bildtexte", (-4, "12:00"), DONE),),
    ),
    Post(
        "morgenrot", "So packen wir Advent", "JH",
        ("24 Tüten, ein Faden, viele Hände. Heute zeigen wir, wie der Kalender entsteht.",),
        ((M_IG, (1, "11:30")), (M_FB, (1, "12:00"))), SCHEDULED,
        (Task(CW, "So packen wir Advent: Text", (-1, "12:00"), DONE),),
        campaign=True,
    ),
    Post(
        "morgenrot", "Morgen geht es los", "JH",
        ("Morgen früh öffnet sich die erste Tüte. Stellen Sie schon mal Wasser auf.",),
        ((M_IG, (3, "09:00")),), SCHEDULED,
        (Task(CW, "Morgen geht es los: Text", (-1, "16:00"), DONE),),
        campaign=True,
    ),
    Post(
        "morgenrot", "Türchen 1", "JH",
        ("Hinter der Eins: ein Kaffee, der nach Zimt riecht, ohne welchen zu enthalten.",),
        ((M_IG, (4, "07:30")), (M_FB, (4, "08:00"))), DRAFT,
        (Task(CW, "Türchen 1: Endfassung", (0, "17:00"), STARTED),
         Task(DE, "Türchen 1: Animation", (1, "15:00"))),
        campaign=True,
    ),
    Post(
        "morgenrot", "Türchen 2", "JH", ("Hinter der Zwei: Notizen, noch kein Text.",),
        ((M_IG, (5, "07:30")),), DRAFT,
        (Task(CW, "Türchen 2: erster Entwurf", (1, "12:00")),
         Task(DE, "Türchen 2: Bildidee", (2, "12:00"))),
        campaign=True,
    ),
    Post(
        "morgenrot", "Freitag ohne Rabatt", "JH",
        (("Alle werfen heute mit Prozenten. Wir werfen den Röster an und spenden für jede Tüte "
          "einen Euro an die Tafel. Mehr Rabatt gibt es bei uns nicht, dafür guten Kaffee."),),
        ((M_IG, (2, "10:00")), (M_FB, (2, "10:30"))), CHANGES,
        (Task(CW, "Freitag ohne Rabatt: auf 180 Zeichen kürzen", (1, "10:00")),),
        campaign=True, remark="Schön! Bitte auf 180 Zeichen, der zweite Satz reicht.",
    ),
    Post(
        "morgenrot", "Rezept: Espresso-Tonic", "JH",
        ("Tonic, Eis, Orange, und zum Schluss der Espresso. Langsam, sonst läuft es über.",
         "Tonic, Eis, eine Scheibe Orange, zuletzt der Espresso. Langsam, sonst schäumt es über."),
        ((M_IG, (6, "16:00")),), REVIEW,
        (Task(CW, "Espresso-Tonic: Mengen prüfen", (1, "16:00")),),
    ),
    Post(
        "morgenrot", "Kerze an, Kanne an", "JH",
        ("Kerze an, Kanne an: unser Vorschlag für den ersten Adventssonntag.",),
        ((M_IG, (7, "09:00")),), APPROVED,
        (Task(CW, "Kerze an, Kanne an: Alt-Text", (2, "12:00")),),
        campaign=True,
    ),
    Post(
        "morgenrot", "Tasting am zweiten Advent", "TB",
        ("Acht Tassen, zwei Stunden, noch sechs Plätze. Wer zuerst schreibt, schlürft zuerst.",),
        ((M_FB, (3, "17:00")),), SCHEDULED,
        (Task(RE, "Tasting: freie Plätze erfragen", (1, "11:00")),),
        campaign=True,
    ),
    Post(
        "morgenrot", "Team am Röster", "TB", ("Wer hier röstet, und wer hier kehrt.",),
        ((M_FB, (8, "12:00")),), DRAFT,
        (Task(DE, "Team am Röster: Fotos auswählen", (4, "15:00")),),
    ),
)

_AUENTAL = (
    Post(
        "auental", "Zählerwechsel: So läuft es ab", "JH",
        ("Wir kommen, schrauben, gehen. Eine halbe Stunde ohne Wasser, den Termin sagen wir an.",),
        ((A_FB, (-4, "10:00")),), PUBLISHED,
        (Task(CW, "Zählerwechsel: Text", (-6, "12:00"), DONE),),
    ),
    Post(
        "auental", "Fernwärme am Mühlgraben", "JH",
        ("Ab Januar fließt Wärme durch 4,2 Kilometer neues Rohr. Wer wann angeschlossen wird.",),
        ((A_LI, (-3, "09:00")),), PUBLISHED,
        (Task(DE, "Mühlgraben: Karte", (-5, "15:00"), DONE),),
    ),
    Post(
        "auental", "Winterfest im Stadtbad", "JH",
        ("Am dritten Advent schwimmt der Baum. Eintritt frei, Badekappe Pflicht.",),
        ((A_FB, (5, "10:00")), (A_LI, (5, "11:00"))), DRAFT,
        (Task(CW, "Winterfest: Text für beide Seiten", (1, "12:00")),
         Task(DE, "Winterfest: Plakat als Quadrat", (2, "15:00"))),
    ),
    Post(
        "auental", "Frost und Leitungen", "JH",
        ("Drei Handgriffe, bevor es friert: Außenhahn zu, Leitung leeren, Keller zu.",),
        ((A_FB, (4, "08:00")),), REVIEW,
        (Task(CW, "Frost: Quelle für die Temperaturen nennen", (2, "12:00")),),
    ),
    Post(
        "auental", "Ausbildung 2027", "TB",
        ("Zwölf Plätze, fünf Berufe, ein Probetag. Bewerbungen bis Ende Januar.",),
        ((A_LI, (1, "09:00")),), SCHEDULED,
        (Task(RE, "Ausbildung: Fotos der Azubis freigeben lassen", (0, "15:00"), DONE),),
    ),
    Post(
        "auental", "Weihnachten bei der Leitstelle", "TB",
        ("Wer an Heiligabend wacht, damit bei Ihnen die Lichter brennen.",),
        ((A_FB, (9, "17:00")),), DRAFT,
        (Task(RE, "Leitstelle: Gespräch führen", (3, "10:00")),),
    ),
    Post(
        "auental", "Baustelle Gerberstraße", "TB",
        ("Die Gerberstraße ist ab Montag wieder frei. Danke für die Geduld.",),
        ((A_FB, (2, "07:00")),), SCHEDULED,
        (Task(CO, "Gerberstraße: Antworten vorbereiten", (1, "16:00"), page=A_FB),),
    ),
)

_RADWERK = (
    Post(
        "radwerk", "Das neue Elbtal Cargo", "TB",
        ("Zwei Kinder, ein Wocheneinkauf, kein Parkplatz nötig.",),
        ((R_IG, (-4, "12:00")), (R_MA, (-4, "12:30"))), PUBLISHED,
        (Task(CW, "Cargo: Text", (-6, "12:00"), DONE),
         Task(DE, "Cargo: Bilder freistellen", (-5, "15:00"), DONE)),
    ),
    Post(
        "radwerk", "Riemen oder Kette?", "TB",
        ("Unsere Werkstatt streitet seit acht Jahren. Heute öffentlich.",),
        ((R_BS, (-1, "12:00")),), PUBLISHED,
        (Task(CW, "Riemen oder Kette: Thesen", (-3, "12:00"), DONE),),
    ),
    Post(
        "radwerk", "Wintertour", "TB",
        ("Dritter Advent, zehn Uhr, 35 Kilometer, danach Suppe. Mitfahren kann jedes Rad.",),
        ((R_IG, (3, "12:00")), (R_BS, (3, "12:15")), (R_MA, (3, "12:30"))), SCHEDULED,
        (Task(CO, "Wintertour: Anmeldungen sammeln", (4, "12:00"), page=R_IG),),
    ),
    Post(
        "radwerk", "Licht am Rad", "TB",
        ("Hell genug? Ein Selbsttest in vier Bildern.",),
        ((R_MA, (2, "16:00")),), APPROVED,
        (Task(DE, "Licht: vier Bilder", (1, "12:00"), STARTED),),
    ),
    Post(
        "radwerk", "Winterfest in der Werkstatt", "JH",
        ("Glühmost, Schaltungsquiz und ein Rad, das niemand erraten wird.",),
        ((R_IG, (7, "12:00")), (R_MA, (7, "12:30"))), DRAFT,
        (Task(CP, "Kampagne Winterfest: Seitenliste", (2, "11:00")),
         Task(CW, "Winterfest: Einladung", (4, "12:00"))),
    ),
    Post(
        "radwerk", "Ein Tag im Lackraum", "TB", ("Tannengrün entsteht in sieben Schichten.",),
        ((R_IG, (9, "12:00")),), DRAFT,
        (Task(DE, "Lackraum: Drehplan", (5, "12:00")),),
    ),
    Post(
        "radwerk", "Leasing kurz erklärt", "TB",
        ("Ihr Arbeitgeber least, Sie fahren. Die drei Fragen, die alle stellen.",),
        ((R_BS, (5, "12:00")),), REVIEW,
        (Task(RE, "Leasing: Zahlen nachrechnen", (2, "15:00")),),
    ),
)

_WEIDENAU = (
    Post(
        "weidenau", "Kaminabend im Turmzimmer", "OP",
        ("Ab achtzehn Uhr brennt das Holz. Zwei Sessel sind noch frei.",),
        ((W_IG, (-5, "17:00")),), PUBLISHED,
        (Task(CW, "Kaminabend: Text", (-7, "12:00"), DONE),),
    ),
    Post(
        "weidenau", "Gänseessen", "OP",
        ("An jedem Adventssonntag, mit Klößen, die Herr Brandt noch selbst dreht.",),
        ((W_IG, (-2, "10:00")), (W_FB, (-2, "10:30"))), PUBLISHED,
        (Task(DE, "Gänseessen: Foto der Klöße", (-4, "15:00"), DONE),),
    ),
    Post(
        "weidenau", "Silvester in Weidenau", "OP",
        ("Drei Nächte, ein Feuer, kein Feuerwerk. Die Hunde danken.",),
        ((W_IG, (2, "10:00")), (W_FB, (2, "10:30"))), SCHEDULED,
        (Task(CO, "Silvester: Antworten auf Hundefragen", (1, "15:00"), page=W_FB),),
    ),
    Post(
        "weidenau", "Adventsmenü zum Lesen", "OP",
        ("Fünf Gänge, fünf Geschichten. Heute: warum die Suppe aus dem Schloss kommt.",),
        ((W_IG, (4, "17:00")),), REVIEW,
        (Task(CW, "Adventsmenü: zweite Geschichte", (2, "12:00"), STARTED),),
    ),
    Post(
        "weidenau", "Gutschein unterm Baum", "OP",
        ("Ein Zimmer lässt sich schlecht einpacken. Der Gutschein schon.",),
        ((W_FB, (6, "10:00")),), APPROVED,
        (Task(DE, "Gutschein: Schleife malen", (3, "12:00")),),
    ),
    Post(
        "weidenau", "Wandern ab der Haustür", "HS", ("Vier Wege, einer davon mit Einkehr.",),
        ((W_IG, (9, "10:00")), (W_FB, (9, "10:30"))), DRAFT,
        (Task(RE, "Wandern: Wege abgehen", (5, "12:00")),),
    ),
    Post(
        "weidenau", "Wer hier Frühstück macht", "HS",
        ("Um fünf Uhr kocht hier das erste Ei. Ein Morgen mit Frau Lorenz.",),
        ((W_IG, (1, "08:00")),), SCHEDULED,
        (Task(CW, "Frühstück: Zitat abstimmen", (0, "12:00"), DONE),),
    ),
)


def _out(client: str, title: str, by: str, text: str, *pages: tuple[str, When]) -> Post:
    return Post(client, title, by, (text,), pages, PUBLISHED)


_OUT = (
    _out("morgenrot", "Barista-Tipp: Wasser", "JH",
         "Leipziger Wasser ist hart. Ihr Espresso muss es nicht werden.", (M_IG, (-18, "08:30"))),
    _out("auental", "Ableser kommen", "TB",
         "Sie klingeln zwischen acht und sechs und haben immer einen Ausweis dabei.",
         (A_FB, (-17, "09:00"))),
    _out("radwerk", "Werkstatt im November", "TB",
         "Wer jetzt kommt, wartet zwei Tage. Wer im März kommt, drei Wochen.",
         (R_BS, (-16, "12:00"))),
    _out("weidenau", "Kürbis in fünf Gängen", "OP",
         "Suppe, Ravioli, Chutney, Kuchen und ein Schnaps.", (W_IG, (-15, "10:00"))),
    _out("morgenrot", "Türkisch oder Filter?", "JH",
         "Zwei Wege zur selben Tasse. Wir nehmen heute den längeren.",
         (M_IG, (-13, "08:30")), (M_FB, (-13, "09:00"))),
    _out("auental", "Netzausbau Ost", "TB",
         "Elf Straßen, vier Monate, eine Umleitung. Der Plan.", (A_LI, (-13, "10:00"))),
    _out("radwerk", "Lastenrad im Test", "TB",
         "Zwei Kästen Wasser, ein Kind, ein Berg.", (R_IG, (-12, "12:00"))),
    _out("weidenau", "Zimmer mit Aussicht", "OP",
         "Nummer 12 sieht den Fluss, Nummer 14 die Küche.", (W_IG, (-11, "10:00"))),
    _out("auental", "Blackout-Mythen", "JH",
         "Sieben Sätze, die man hört, und was davon stimmt.", (A_FB, (-10, "09:00"))),
    _out("morgenrot", "Espresso-Rätsel", "JH",
         "Welche dieser drei Tassen ist die von heute Morgen?", (M_IG, (-9, "08:30"))),
    _out("radwerk", "Kette pflegen", "TB",
         "Putzen, ölen, abwischen. Das Abwischen vergessen alle.", (R_BS, (-9, "12:00"))),
    _out("weidenau", "Martinsgans", "OP",
         "Sie kommt vom Hof gegenüber und reist nicht weit.",
         (W_IG, (-8, "10:00")), (W_FB, (-8, "10:30"))),
    _out("auental", "Störung behoben", "TB",
         "Seit 14:10 Uhr fließt wieder Strom. Es war ein Bagger.", (A_FB, (-7, "14:30"))),
    _out("radwerk", "Platten umsonst", "TB",
         "Heute flicken wir jeden Schlauch, der zur Tür hereinkommt.", (R_IG, (-7, "12:00"))),
)


def _someday(client: str, title: str, by: str, text: str, *pages: str) -> Post:
    return Post(client, title, by, (text,), tuple((page, None) for page in pages), DRAFT)


_SOMEDAY = (
    _someday("radwerk", "Reifendruck im Winter: Faustregel", "TB",
             "Ein halbes Bar weniger, und die Kurve hält.", R_IG, R_BS),
    _someday("morgenrot", "Espresso-Tonic ohne Alkohol", "JH",
             "Die Frage kam dreimal. Die Antwort: Er hatte nie welchen.", M_IG),
    _someday("auental", "Wer liest den Zähler ab?", "TB",
             "Bald er selbst. Bis dahin: Herr Lehmann.", A_FB),
    _someday("weidenau", "Silvester im Haus Weidenau", "OP",
             "Was es gibt, was nicht, und wann das Feuer ausgeht.", W_IG, W_FB),
    _someday("morgenrot", "Röstmeisterin Ayla, Reel Nr. 3", "JH",
             "Ayla riecht, dass es fertig ist. Wir filmen ihre Nase.", M_IG),
    _someday("auental", "Fünf Fragen an die Netzleitstelle", "TB",
             "Und eine, die dort niemand beantworten will.", A_LI),
    _someday("radwerk", "Lastenrad: Wer teilt, spart", "TB",
             "Vier Familien, ein Rad, ein Kalender an der Kellertür.", R_BS),
)

POSTS = (*_OUT, *_MORGENROT, *_AUENTAL, *_RADWERK, *_WEIDENAU, *_SOMEDAY)

TASKS: tuple[tuple[str, Task], ...] = (
    ("radwerk", Task(CP, "Themenplan Januar", (3, "16:00"))),
    ("morgenrot", Task(RP, "Monatsbericht November", (5, "12:00"))),
    ("auental", Task(RP, "Monatsbericht November", (5, "15:00"))),
    ("auental", Task(RE, "Was Leute über Fernwärme fragen", (4, "12:00"), STARTED)),
    ("radwerk", Task(RP, "Auswertung der Cargo-Kampagne", (2, "12:00"))),
    ("weidenau", Task(CP, "Themenplan Januar", (4, "16:00"))),
    ("weidenau", Task(RP, "Buchungen über Instagram auszählen", (6, "12:00"))),
    ("morgenrot", Task(PU, "Titelbilder für den Advent tauschen", (1, "09:00"), page=M_FB)),
)
"""Work for a client as such, without a content item."""
