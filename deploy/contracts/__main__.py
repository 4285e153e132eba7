"""Writes the documents and the catalogue; `release` keeps them as what this release promises."""

from __future__ import annotations

import argparse
import sys

from deploy.contracts import catalogue
from deploy.contracts.baseline import keep
from deploy.contracts.composition import composed
from deploy.contracts.documents import CATALOGUE, FOLDER, text_of
from shared.asyncapi import VERSION


def main() -> int:
    arguments = argparse.ArgumentParser(prog="deploy.contracts", description=__doc__)
    arguments.add_argument("action", choices=["write", "release"], nargs="?", default="write")
    action: str = arguments.parse_args().action
    documents = composed()
    for service, document in documents.items():
        (FOLDER / f"{service}.json").write_text(text_of(document))
    CATALOGUE.write_text(catalogue.page(documents))
    if action == "release":
        keep(VERSION, documents)
        print(f"Kept as what release {VERSION} promises; the next one is compared with it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
