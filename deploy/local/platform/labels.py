"""The platform's own few words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LABELS"]

LABELS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Plauderplatz",
        "not_the_product": "Eine simulierte Plattform, um Understudy auszuprobieren.",
        "pages": "Seiten",
        "no_pages": "Noch keine. Die Demo legt sie an.",
        "not_connected": "nicht verbunden",
        "choose": "Wählen Sie eine Seite und schreiben Sie ihr, als wären Sie ein Fan.",
        "chatter_on": "Hier schreiben die Leute von selbst, etwa {rate}-mal in der Minute.",
        "chatter_off": "Hier schreibt gerade niemand von selbst.",
        "stop": "Ruhe, bitte",
        "go_on": "Weiter plaudern",
        "waiting": "Zustellungen, die noch warten: {count}",
        "write": "Schreiben",
        "name": "Ihr Name",
        "where": "Wohin",
        "direct": "Direktnachricht",
        "mention": "Erwähnung",
        "comment": "Kommentar",
        "under": "Kommentar unter",
        "text": "Text",
        "send": "Abschicken",
        "sent": "Abgeschickt. Die Nachricht ist gleich im Posteingang von Understudy.",
        "latest": "Zuletzt geschrieben",
        "delivered": "zugestellt",
        "on_its_way": "unterwegs",
        "trying": "{times}-mal vergeblich zugestellt ({reason}), wird wieder versucht",
    },
    "en": {
        "title": "Plauderplatz",
        "not_the_product": "A simulated platform to try Understudy with.",
        "pages": "Pages",
        "no_pages": "None yet. The demo sets them up.",
        "not_connected": "not connected",
        "choose": "Choose a page and write to it as if you were a follower.",
        "chatter_on": "People write here by themselves, about {rate} times a minute.",
        "chatter_off": "Nobody writes here by themselves at the moment.",
        "stop": "Quiet, please",
        "go_on": "Chat on",
        "waiting": "Deliveries still waiting: {count}",
        "write": "Write",
        "name": "Your name",
        "where": "Where",
        "direct": "direct message",
        "mention": "mention",
        "comment": "comment",
        "under": "comment under",
        "text": "Text",
        "send": "Send",
        "sent": "Sent. In a moment the message is in Understudy's inbox.",
        "latest": "Written last",
        "delivered": "delivered",
        "on_its_way": "on its way",
        "trying": "refused {times} times ({reason}), will be tried again",
    },
}
