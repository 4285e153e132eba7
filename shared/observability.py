"""What the program tells about itself: structured logs, and the metrics of the shared machinery.

Metric names live together here, one line of meaning each; features keep theirs beside them.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass

import structlog
from prometheus_client import Counter, Gauge, Histogram
from pydantic import ValidationError
from pymongo.errors import PyMongoError
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

__all__ = [
    "METRICS",
    "Metrics",
    "Sparing",
    "causation_id",
    "configure_logging",
    "correlation_id",
    "described",
]

correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")
"""One cause and all it led to, across services. Set per request and per record."""

causation_id: ContextVar[str | None] = ContextVar("causation_id", default=None)
"""The id of the event being handled; None outside of handlers."""


def _gauge(name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(name, meaning, ("service", *labels), namespace="understudy")


def _counter(name: str, meaning: str, *labels: str) -> Counter:
    return Counter(name, meaning, ("service", *labels), namespace="understudy")


def _histogram(name: str, meaning: str, *labels: str) -> Histogram:
    # From a fast read on loopback to the longest retry in place.
    buckets = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
    return Histogram(name, meaning, ("service", *labels), namespace="understudy", buckets=buckets)


class Metrics:
    """Every metric has the label `service`; exported names begin with `understudy_`."""

    http_request_seconds = _histogram(
        "http_request_seconds", "Time to answer, by route template", "method", "route", "status"
    )
    live_streams = _gauge("live_streams", "Browsers following live updates")

    outbox_oldest_unpublished_seconds = _gauge(
        "outbox_oldest_unpublished_seconds", "Age of the oldest event that is not on Kafka yet"
    )
    outbox_published_total = _counter(
        "outbox_published_total", "Events that Kafka has acknowledged", "topic"
    )
    outbox_blocked_total = _counter(
        "outbox_blocked_total", "Events Kafka refused; each blocks its own aggregate only"
    )

    consumed_total = _counter("consumed_total", "Records applied for the first time", "topic")
    duplicates_total = _counter(
        "duplicates_total", "Records that had been applied before, and changed nothing", "topic"
    )
    consumer_gaps_total = _counter(
        "consumer_gaps_total",
        "Jumps in a sequence that should have none: records are lost",
        "topic",
    )
    consumer_delay_seconds = _histogram(
        "consumer_delay_seconds", "From an event's time until its effect was committed", "topic"
    )
    unknown_types_total = _counter(
        "unknown_types_total", "Records of types this version does not know, passed over", "topic"
    )
    dead_letters_total = _counter(
        "dead_letters_total", "Records that can never be applied, kept with the reason", "reason"
    )
    parked_total = _counter(
        "parked_total", "Records set aside because their aggregate's handler raises", "topic"
    )
    parked_oldest_seconds = _gauge(
        "parked_oldest_seconds", "Age of the oldest record waiting for its aggregate's release"
    )
    infrastructure_failures_total = _counter(
        "infrastructure_failures_total", "Times that Kafka or MongoDB was away", "where"
    )

    ticker_late_seconds = _histogram(
        "ticker_late_seconds", "How long after its time a due row was fired", "kind"
    )
    handover_open_seconds = _gauge(
        "handover_open_seconds", "Age of the oldest handover that is not complete"
    )


METRICS = Metrics


def configure_logging(service: str, level: str = "INFO") -> None:
    """JSON lines to stdout for structlog and the standard library alike, uvicorn included."""
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _tracing,
        _naming(service),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_told),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *common,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(Sparing("aiokafka"))
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *common],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    _route_through_root("uvicorn", "uvicorn.error", "uvicorn.access")
    # Our own line per request carries the correlation id and no query, where tokens may be.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    # Each would repeat every rebalance and every command of the engines.
    for chatty in ("aiokafka", "pymongo", "faststream"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


class Sparing(logging.Filter):
    """What one library says again and again, it says once in `seconds`, and how often it was.

    Each of a dozen connections tells of each try to reach a broker that is away.
    """

    def __init__(self, library: str, seconds: float = 10) -> None:
        super().__init__(library)
        self._seconds = seconds
        self._said: dict[tuple[str, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not super().filter(record):
            return True
        said = self._said.setdefault((record.name, str(record.msg)), _Said())
        if record.created < said.until:
            said.left_out += 1
            return False
        if said.left_out:
            record.msg, record.args = f"{record.getMessage()} (and {said.left_out} more)", ()
        said.until, said.left_out = record.created + self._seconds, 0
        return True


@dataclass(slots=True)
class _Said:
    """Until when a line is left out, and how often it was."""

    until: float = 0.0
    left_out: int = 0


def described(error: BaseException) -> str:
    """An error for logs and rows. Those of the database and of validation quote what was stored or
    sent, which may be private: of them the type, and the code if there is one."""
    if isinstance(error, PyMongoError | ValidationError):
        code = getattr(error, "code", None)
        return type(error).__name__ + (f" (code {code})" if code is not None else "")
    return repr(error)[:500]


def _told(exc_info: ExcInfo) -> str:
    """Where it happened and what, cause by cause, without the values of local variables."""
    lines: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        lines += [*traceback.format_tb(error.__traceback__), described(error), "\n"]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "".join(lines)


def _route_through_root(*names: str) -> None:
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True


def _tracing(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.setdefault("correlation_id", correlation_id.get())
    if cause := causation_id.get():
        event.setdefault("causation_id", cause)
    return event


def _naming(service: str) -> Processor:
    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return name
