"""The mails that reached the local mail server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path

__all__ = ["Mail", "mails_in"]


@dataclass(frozen=True, slots=True)
class Mail:
    message_id: str


def mails_in(maildir: Path) -> Sequence[Mail]:
    """All there are, new and seen."""
    parser = BytesHeaderParser(policy=policy.SMTP)
    found = []
    for folder in ("new", "cur"):
        for path in sorted((maildir / folder).glob("*")):
            with path.open("rb") as file:
                found.append(Mail(str(parser.parse(file)["Message-ID"])))
    return found
