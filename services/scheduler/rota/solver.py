"""Shifts to people, by OR-Tools CP-SAT: `python -m services.scheduler.rota.solver` as a child.

The library takes seconds and 100 MiB to load, so nothing that serves requests imports this module:
`solving` starts it as a process that reads one `Problem` and writes `Found` lines.

Two searches. The first leaves as few shifts open as the hard rules allow: that a shift may stay
open is what makes every problem solvable. The second keeps to that number and comes as
close as it can to the soft rules, all of them in minutes of unfairness:

- fairness: how far somebody is from their share, over the months that `Taker.ahead` brings along;
  of all hours, and once more of those at weekends. Being far off weighs more than twice as much as
  being half as far off.
- wishes, continuity (the same person on days that follow each other), and little change to what is
  planned already.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from ortools.sat.python import cp_model

from services.scheduler.rota.domain import Rules
from services.scheduler.rota.problem import Best, Found, Problem, Slot, Taker, problem_from, to_json
from services.scheduler.rota.rules import Duty, minutes_by_day, week_of

__all__ = ["main", "solve"]

_HOUR = 60
_FIRST_SHARE = 0.4
"""Of the time, at most, for leaving few shifts open."""
_GAP = 0.01
"""So near to the best that is possible, looking further is not worth the wait."""
_TOLD_EVERY = 0.3
"""Seconds: whoever looks on sees no more than that, and each is stored."""
_WISH, _CONTINUITY, _CHANGE = 4 * _HOUR, 1 * _HOUR, 2 * _HOUR
_STEPS = ((1, 0), (3, 2), (6, 8))
"""Unfairness over distance, growing faster than the distance: of `(factor, less)` the greatest
`factor * distance - less * length of a shift`."""

Tell = Callable[[Best], None]
Key = tuple[str, str]


def solve(problem: Problem, tell: Tell = lambda _: None) -> Best:
    """The best rota found in the problem's time; `tell` hears of each better one before."""
    return _Search(problem, tell).run()


@dataclass
class _Search:
    problem: Problem
    tell: Tell
    began: float = field(default_factory=time.monotonic)

    def run(self) -> Best:
        rota = _Rota(self.problem)
        few_open = self._solved(rota, sum(rota.open.values()), self._limit * _FIRST_SHARE)
        even = _evenly(self.problem)
        if few_open is None:  # in so little time
            return Best(even, 0, self._elapsed, proved=False)
        proved = few_open.status == cp_model.OPTIMAL
        open_even = sum(member_id is None for member_id in even.values())
        if open_even <= few_open.number:
            few_open = replace(few_open, given=even, number=open_even)
        self.tell(self._best(rota, few_open, proved=proved))
        rota.model.add(sum(rota.open.values()) <= few_open.number)
        soft = rota.unfairness()
        rota.hint(few_open.given)
        left = max(1.0, self._limit - self._elapsed)
        nicest = self._solved(rota, soft, left, proved=proved) or few_open
        return self._best(rota, nicest, proved=proved)

    def _solved(
        self,
        rota: _Rota,
        objective: cp_model.LinearExprT,
        seconds: float,
        *,
        proved: bool | None = None,
    ) -> _Solution | None:
        """`proved` None: nothing is told on the way."""
        rota.model.minimize(objective)
        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.num_workers = self.problem.workers
        solver.parameters.random_seed = self.problem.seed
        # Measured: without linear relaxation, probing and symmetries there are better rotas sooner.
        solver.parameters.linearization_level = 0
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        if proved is None:
            status = solver.solve(rota.model)
        else:
            solver.parameters.relative_gap_limit = _GAP
            with _Patience(self.problem.patience, solver.stop_search) as patience:
                telling = _Telling(self, rota, patience, proved=proved)
                status = solver.solve(rota.model, telling)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        given = rota.given(solver.boolean_value)
        return _Solution(given, round(solver.objective_value), status)

    def _best(self, rota: _Rota, found: _Solution, *, proved: bool) -> Best:
        score = found.number if rota.soft else 0
        return Best(found.given, score, self._elapsed, proved)

    @property
    def _limit(self) -> float:
        return self.problem.seconds

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self.began


@dataclass(frozen=True)
class _Solution:
    given: dict[str, str | None]
    number: int
    status: object


class _Patience:
    """Calls `stop` when nothing better was found for so many seconds."""

    def __init__(self, seconds: float, stop: Callable[[], None]) -> None:
        self._seconds, self._stop = seconds, stop
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        self.renew()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def renew(self) -> None:
        self.__exit__()
        self._timer = threading.Timer(self._seconds, self._stop)
        self._timer.start()


class _Telling(cp_model.CpSolverSolutionCallback):
    def __init__(self, search: _Search, rota: _Rota, patience: _Patience, *, proved: bool) -> None:
        super().__init__()
        self._search, self._rota, self._patience, self._proved = search, rota, patience, proved

    def on_solution_callback(self) -> None:
        self._patience.renew()
        given = self._rota.given(self.boolean_value)
        found = _Solution(given, round(self.objective_value), cp_model.FEASIBLE)
        self._search.tell(self._search._best(self._rota, found, proved=self._proved))  # noqa: SLF001


@dataclass(frozen=True)
class _Distance:
    """How far a member is from their share: `offset` minutes and what they have of the slots."""

    cost: cp_model.IntVar
    member_id: str
    slots: list[Slot]
    offset: int
    length: int

    def value(self, given: Mapping[str, str | None]) -> int:
        own = (slot for slot in self.slots if given[slot.id] == self.member_id)
        off = abs(self.offset + sum(map(_minutes, own)))
        return max(factor * off - less * self.length for factor, less in _STEPS)


class _Rota:
    """The model: `has[slot, member]`, and `open[slot]` where nobody has it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.soft = False
        self.has: dict[Key, cp_model.IntVar] = {}
        self.open: dict[str, cp_model.IntVar] = {}
        self._of: dict[str, list[Slot]] = defaultdict(list)
        self._goes_on: list[tuple[cp_model.IntVar, tuple[str, str], str]] = []
        self._distances_of: list[_Distance] = []
        takers = {one.member_id for one in problem.takers}
        for slot in problem.slots:
            able = [one for one in slot.able if one in takers]
            for member_id in able:
                name = f"{slot.id}/{member_id}"
                self.has[slot.id, member_id] = self.model.new_bool_var(name)
                self._of[member_id].append(slot)
            self.open[slot.id] = self.model.new_bool_var(f"{slot.id}/open")
            mine = [self.has[slot.id, one] for one in able]
            self.model.add_exactly_one([*mine, self.open[slot.id]])
        for taker in problem.takers:
            self._keep_rest(taker)
            self._keep_hours(taker)

    def given(self, value: Callable[[cp_model.IntVar], bool]) -> dict[str, str | None]:
        given: dict[str, str | None] = dict.fromkeys(self.open)
        given |= {slot: member for (slot, member), var in self.has.items() if value(var)}
        return given

    def hint(self, given: Mapping[str, str | None]) -> None:
        """Where to begin: with all that follows from it, else the solver works that out first."""
        for (slot_id, member_id), var in self.has.items():
            self.model.add_hint(var, given[slot_id] == member_id)
        for slot_id, var in self.open.items():
            self.model.add_hint(var, given[slot_id] is None)
        for var, slot_ids, member_id in self._goes_on:
            self.model.add_hint(var, all(given[one] == member_id for one in slot_ids))
        for distance in self._distances_of:
            self.model.add_hint(distance.cost, distance.value(given))

    # Hard rules

    def _keep_rest(self, taker: Taker) -> None:
        """With its rest behind it, a shift is an interval; of those that share an instant somebody
        can have one. Each largest set of such begins where one of them does."""
        slots, rest = self._of[taker.member_id], self.problem.rules.rest
        for slot in slots:
            together = [
                self.has[one.id, taker.member_id]
                for one in slots
                if one.starts_at <= slot.starts_at < one.ends_at + rest
            ]
            if len(together) > 1:
                self.model.add_at_most_one(together)
        for starts_at, ends_at in taker.fixed:
            fixed = Duty(starts_at, ends_at)
            for slot in slots:
                if Duty(slot.starts_at, slot.ends_at).touches(fixed, rest):
                    self.model.add(self.has[slot.id, taker.member_id] == 0)

    def _keep_hours(self, taker: Taker) -> None:
        zone, rules = ZoneInfo(taker.time_zone), self.problem.rules
        days: dict[date, list[tuple[int, cp_model.IntVar]]] = defaultdict(list)
        weeks: dict[tuple[int, int], list[tuple[int, cp_model.IntVar]]] = defaultdict(list)
        for slot in self._of[taker.member_id]:
            var = self.has[slot.id, taker.member_id]
            for day, minutes in minutes_by_day(Duty(slot.starts_at, slot.ends_at), zone).items():
                days[day].append((minutes, var))
                weeks[week_of(day)].append((minutes, var))
        kept_days, kept_weeks = _kept(taker.fixed, zone)
        for day, terms in days.items():
            self._at_most(terms, rules.most_hours_day * _HOUR - kept_days.get(day, 0))
        for week, terms in weeks.items():
            self._at_most(terms, rules.most_hours_week * _HOUR - kept_weeks.get(week, 0))

    def _at_most(self, terms: list[tuple[int, cp_model.IntVar]], minutes: int) -> None:
        """What is kept may be beyond the limit already: then nothing comes on top of it."""
        if sum(each for each, _ in terms) > minutes:
            self.model.add(sum(each * var for each, var in terms) <= max(0, minutes))

    # Soft rules

    def unfairness(self) -> cp_model.LinearExprT:
        self.soft = True
        costs: list[cp_model.LinearExprT] = [
            *self._distances(),
            *self._wishes(),
            *self._broken_rows(),
            *self._changes(),
        ]
        return sum(costs)

    def _distances(self) -> Iterator[cp_model.LinearExprT]:
        lengths = sorted(_minutes(slot) for slot in self.problem.slots)
        length = lengths[len(lengths) // 2] if lengths else 0
        for taker in self.problem.takers:
            slots = self._of[taker.member_id]
            weekend = [slot for slot in slots if slot.weekend]
            yield self._distance(taker, slots, taker.ahead - taker.share, length)
            yield self._distance(taker, weekend, taker.weekend_ahead - taker.weekend_share, length)

    def _distance(
        self, taker: Taker, slots: list[Slot], offset: int, length: int
    ) -> cp_model.LinearExprT:
        time_given = [_minutes(slot) * self.has[slot.id, taker.member_id] for slot in slots]
        off = sum(time_given) + offset
        most = abs(offset) + sum(_minutes(slot) for slot in slots)
        steepest = _STEPS[-1][0]
        cost = self.model.new_int_var(0, steepest * most, f"cost/{taker.member_id}")
        for factor, less in _STEPS:
            self.model.add(cost >= factor * off - less * length)
            self.model.add(cost >= -factor * off - less * length)
        self._distances_of.append(_Distance(cost, taker.member_id, slots, offset, length))
        return cost

    def _wishes(self) -> Iterator[cp_model.LinearExprT]:
        """A wish that is kept costs nothing: would rather is a cost while it is not so."""
        for slot in self.problem.slots:
            for member_id, wish in slot.wishes.items():
                var = self.has.get((slot.id, member_id))
                if var is not None:
                    yield _WISH * (var if wish < 0 else 1 - var)

    def _broken_rows(self) -> Iterator[cp_model.LinearExprT]:
        """A row costs something wherever it goes on with somebody else the day after."""
        rows: dict[str, dict[str, Slot]] = defaultdict(dict)
        for slot in self.problem.slots:
            rows[slot.row][slot.day] = slot
        for row in rows.values():
            for slot in row.values():
                after = row.get(_day_after(slot.day))
                if after is not None:
                    yield _CONTINUITY * self._changes_hands(slot, after)

    def _changes_hands(self, slot: Slot, after: Slot) -> cp_model.LinearExprT:
        both = [one for one in slot.able if (after.id, one) in self.has]
        goes_on = []
        for member_id in both:
            if (first := self.has.get((slot.id, member_id))) is None:
                continue
            same = self.model.new_bool_var(f"{slot.id}>{member_id}")
            self.model.add_implication(same, first)
            self.model.add_implication(same, self.has[after.id, member_id])
            goes_on.append(same)
            self._goes_on.append((same, (slot.id, after.id), member_id))
        return 1 - sum(goes_on)

    def _changes(self) -> Iterator[cp_model.LinearExprT]:
        for slot in self.problem.slots:
            if slot.was is None:
                continue
            var = self.has.get((slot.id, slot.was))
            if var is not None:
                yield _CHANGE * (1 - var)


def _evenly(problem: Problem) -> dict[str, str | None]:
    """A rota to begin with: shift after shift to whoever is behind the most and may have it. From
    there the search comes further than from just any, which first has to be made fair."""
    due = {one.member_id: one.share - one.ahead for one in problem.takers}
    due_weekend = {one.member_id: one.weekend_share - one.weekend_ahead for one in problem.takers}
    hands = {one.member_id: _Hand(one, problem.rules) for one in problem.takers}
    given: dict[str, str | None] = {}
    for slot in sorted(problem.slots, key=lambda one: one.starts_at):
        duty = Duty(slot.starts_at, slot.ends_at)
        free = [one for one in slot.able if one in hands and hands[one].may_have(duty)]
        weekend = due_weekend if slot.weekend else {}
        chosen = max(free, key=lambda one: due[one] + weekend.get(one, 0), default=None)
        given[slot.id] = chosen
        if chosen is not None:
            hands[chosen].take(duty)
            due[chosen] -= _minutes(slot)
            due_weekend[chosen] -= _minutes(slot) if slot.weekend else 0
    return given


class _Hand:
    """What somebody has so far."""

    def __init__(self, taker: Taker, rules: Rules) -> None:
        self._zone, self._rules = ZoneInfo(taker.time_zone), rules
        self._days, self._weeks = _kept(taker.fixed, self._zone)
        self._duties = [Duty(*times) for times in taker.fixed]

    def may_have(self, duty: Duty) -> bool:
        if any(duty.touches(one, self._rules.rest) for one in self._duties):
            return False
        weeks: dict[tuple[int, int], int] = defaultdict(int)
        for day, minutes in minutes_by_day(duty, self._zone).items():
            weeks[week_of(day)] += minutes
            if self._days[day] + minutes > self._rules.most_hours_day * _HOUR:
                return False
        most = self._rules.most_hours_week * _HOUR
        return all(self._weeks[week] + minutes <= most for week, minutes in weeks.items())

    def take(self, duty: Duty) -> None:
        self._duties.append(duty)
        for day, minutes in minutes_by_day(duty, self._zone).items():
            self._days[day] += minutes
            self._weeks[week_of(day)] += minutes


def _kept(
    fixed: Iterable[tuple[datetime, datetime]], zone: ZoneInfo
) -> tuple[defaultdict[date, int], defaultdict[tuple[int, int], int]]:
    days: defaultdict[date, int] = defaultdict(int)
    weeks: defaultdict[tuple[int, int], int] = defaultdict(int)
    for starts_at, ends_at in fixed:
        for day, minutes in minutes_by_day(Duty(starts_at, ends_at), zone).items():
            days[day] += minutes
            weeks[week_of(day)] += minutes
    return days, weeks


def _minutes(slot: Slot) -> int:
    return (slot.ends_at - slot.starts_at) // timedelta(minutes=1)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _end_with_input() -> None:
    os.read(sys.stdin.fileno(), 1)  # nothing more comes
    os._exit(1)


def main() -> int:
    """One `Problem` on a line of standard input, `Found` lines on standard output. When the input
    closes before, nobody waits for the answer any more."""
    os.nice(5)  # whoever serves requests beside us goes first

    told = -_TOLD_EVERY

    def tell(found: Found) -> None:
        sys.stdout.buffer.write(to_json(found) + b"\n")
        sys.stdout.buffer.flush()

    def better(best: Best) -> None:
        nonlocal told
        if best.seconds - told >= _TOLD_EVERY:
            told = best.seconds
            tell(Found(best))

    problem = problem_from(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    tell(Found(solve(problem, better), last=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
