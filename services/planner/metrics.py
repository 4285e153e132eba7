"""What the planner tells about itself. No label names a person, a page or a client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from prometheus_client import Gauge

from shared.clock import Clock
from shared.mongo import Mongo

__all__ = ["measure_tasks"]

TASKS_OPEN = Gauge("understudy_planner_tasks_open", "Tasks that are neither done nor dropped")
TASKS_UNCOVERED = Gauge("understudy_planner_tasks_uncovered", "Open tasks that nobody has")
TASKS_OVERDUE = Gauge("understudy_planner_tasks_overdue", "Open tasks past their due time")


def measure_tasks(mongo: Mongo, clock: Clock) -> Callable[[], Awaitable[None]]:
    """Counts over all clients: the gauges are for whoever runs the installation."""
    tasks = mongo.collection("tasks")

    async def measure() -> None:
        TASKS_OPEN.set(await tasks.count_documents({"open": True}))
        TASKS_UNCOVERED.set(await tasks.count_documents({"open": True, "holder": None}))
        overdue = {"open": True, "due_at": {"$lt": clock()}}
        TASKS_OVERDUE.set(await tasks.count_documents(overdue))

    return measure
