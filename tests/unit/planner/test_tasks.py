"""The steps of a task, and what commands do to its holding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.planner.tasks import domain
from services.planner.tasks.domain import Task, TaskKind, TaskStatus
from shared.errors import NotAllowedNow
from shared.events.disciplines import Discipline

NOW = datetime(2026, 11, 24, 9, 58, tzinfo=UTC)


def task(**fields: object) -> Task:
    known: dict[str, object] = {
        "id": "t1",
        "client_id": "morgenrot",
        "discipline": Discipline.COPYWRITING,
        "responsibility_id": "morgenrot:copywriting",
        "title": "Türchen 1: final text",
        "due_at": NOW,
        "created_at": NOW,
        "holder": "tom",
    }
    return Task(**(known | fields))  # type: ignore[arg-type]


def apply(task: Task, command: str, by: str) -> Task:
    commands = {
        "start": lambda: domain.start(task, by),
        "finish": lambda: domain.finish(task, by, NOW),
        "decide": lambda: domain.decide(task, by, NOW),
        "drop": lambda: domain.drop(task, by, NOW),
        "reopen": lambda: domain.reopen(task, task.holder),
        "reroute": lambda: domain.reopen(task, "lena"),
        "change": lambda: domain.change(task, by, title="another", due_at=NOW),
        "assign": lambda: domain.assign(task, "mira"),
    }
    return commands[command]()


COMMANDS = [
    "start",
    "finish",
    "decide",
    "drop",
    "reopen",
    "reroute",
    "change",
    "assign",
]
HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(COMMANDS),
        st.sampled_from(["tom", "jana", "mira"]),
    ),
    max_size=20,
)


@given(HISTORIES, st.sampled_from(TaskKind))
def test_every_history_keeps_the_contract(history: list[tuple[str, str]], kind: TaskKind) -> None:
    present = task(kind=kind, home="jana")
    for command, by in history:
        try:
            after = apply(present, command, by)
        except NotAllowedNow:
            continue
        assert after.version == present.version + 1
        assert (after.finished_at is None) == after.open
        assert (after.finished_by is None) == after.open
        if command not in ("assign", "reroute"):
            assert after.holder == present.holder
            assert after.home == present.home
            assert after.touched or not present.touched
        assert not after.touched or after.home is not None
        present = after


@pytest.mark.parametrize("command", ["start", "finish", "change"])
def test_the_deputy_touches_what_the_deputy_works_on(command: str) -> None:
    assert apply(task(home="jana"), command, "tom").touched
    assert not apply(task(home="jana"), command, "lead").touched
    assert not apply(task(home=None), command, "tom").touched


def test_work_on_the_content_touches_once_and_changes_nothing_else() -> None:
    away = task(home="jana")
    touched = domain.work_on(away, "tom")
    assert touched == replace(away, touched=True, version=2)
    assert domain.work_on(touched, "tom") == touched
    assert domain.work_on(away, "lead") == away
    assert domain.work_on(task(), "tom") == task()


def test_assigning_makes_it_at_home() -> None:
    assigned = domain.assign(task(home="jana", touched=True), "mira")
    assert (assigned.holder, assigned.home, assigned.touched) == ("mira", None, False)


def test_an_approval_is_not_ticked_off() -> None:
    approval = task(kind=TaskKind.APPROVAL, revision=3)
    with pytest.raises(domain.DecidedOnContent):
        domain.finish(approval, "tom", NOW)
    with pytest.raises(domain.DecidedOnContent):
        domain.reopen(domain.decide(approval, "tom", NOW), "tom")


def test_steps_out_of_order_are_refused_by_name() -> None:
    done = domain.finish(task(), "tom", NOW)
    with pytest.raises(domain.WrongStep) as refused:
        domain.start(done, "tom")
    assert refused.value.extra == {"step": "start", "present": "done"}


def test_reopening_is_from_the_start() -> None:
    done = domain.finish(domain.start(task(), "tom"), "tom", NOW)
    again = domain.reopen(done, "tom")
    assert again.status is TaskStatus.TODO
    assert again.holder == "tom"


def test_reopening_keeps_the_way_home_unless_somebody_else_gets_it() -> None:
    done = domain.finish(task(home="jana"), "tom", NOW)
    kept, rerouted = domain.reopen(done, "tom"), domain.reopen(done, "mira")
    assert (kept.holder, kept.home, kept.touched) == ("tom", "jana", True)
    assert (rerouted.holder, rerouted.home, rerouted.touched) == ("mira", None, False)
