"""Writes the documents and the catalogue; `release` keeps them as what this release promises."""

from __future__ import annotations

import argparse
import sys

from deploy.contracts import catalogue
from deploy.contracts.baseline import AlreadyReleased, keep
from deploy.contracts.composition import composed
from deploy.contracts.documents import CATALOGUE, FOLDER, Documents, text_of
from shared.asyncapi import VERSION


def main() -> int:
    arguments = argparse.ArgumentParser(prog="deploy.contracts", description=__doc__)
    arguments.add_argument("action", choices=["write", "release"], nargs="?", default="write")
    action: str = arguments.parse_args().action
    documents = composed()
    for service, document in documents.items():
        (FOLDER / f"{service}.json").write_text(text_of(document))
    CATALOGUE.write_text(catalogue.page(documents))
    return _release(documents) if action == "release" else 0


def _release(documents: Documents) -> int:
    try:
        keep(VERSION, documents)
    except AlreadyReleased as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"Kept as what release {VERSION} promises; the next one is compared with it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
