"""The small service as a process: `python -m tests.integration.web.notes_service`."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.service import Service
from shared.settings import ServiceSettings
from shared.ui.ui import Ui
from shared.web import Router, Served, create_app, public, serve
from tests.integration.web.notes import router

ending = Router()


@ending.post("/fatal")
@public
async def fatal(service: Served) -> None:
    service.fatal(RuntimeError("cannot go on"))


def main() -> int:
    service = Service("planner", ServiceSettings())
    ui = Ui("planner", Path(__file__).parent, root_path="/notes")
    return serve(create_app(service, routers=[router, ending], ui=ui))


if __name__ == "__main__":
    sys.exit(main())
