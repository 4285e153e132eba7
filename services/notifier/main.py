"""The notifier's process: the only module of the service that reads the environment."""

from __future__ import annotations

import sys

from services.notifier.app import create_notifier
from services.notifier.settings import NotifierSettings
from shared.web import serve

if __name__ == "__main__":
    sys.exit(serve(create_notifier(NotifierSettings())))
