"""Compile the templates of services, as `compileall` compiles modules:

python -m shared.ui services/planner services/inbox
"""

from __future__ import annotations

import sys
from pathlib import Path

from shared.ui.ui import Ui


def main() -> int:
    sys.dont_write_bytecode = False
    for folder in map(Path, sys.argv[1:]):
        Ui(folder.name, folder.absolute(), root_path="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
