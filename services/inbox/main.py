"""The inbox's process: the only module of the service that reads the environment."""

from __future__ import annotations

import sys

from services.inbox.app import create_app
from services.inbox.settings import InboxSettings
from shared.web import serve

if __name__ == "__main__":
    sys.exit(serve(create_app(InboxSettings())))
