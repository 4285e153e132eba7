"""The web edge that all services share: what a feature's `routes.py` needs is importable here."""

from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.auth import public
from shared.paging import Order, Page
from shared.web.access import Caller, Router, require
from shared.web.app import create_app
from shared.web.exchange import Idempotent, IfMatch, Paging, Served, etag, reply
from shared.web.live import Part, live
from shared.web.serving import serve
from shared.web.session import session_router
from shared.web.validation import StrictModel

__all__ = [
    "Caller",
    "EventSourceResponse",
    "Idempotent",
    "IfMatch",
    "Order",
    "Page",
    "Paging",
    "Part",
    "Router",
    "Served",
    "ServerSentEvent",
    "StrictModel",
    "create_app",
    "etag",
    "live",
    "public",
    "reply",
    "require",
    "serve",
    "session_router",
]
