"""Who is hit in which cycle, and how: drawn from a seed before anything runs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from deploy.local.settings import SERVICES

__all__ = ["REPLICAS", "VICTIMS", "Blow", "Cycle", "Kind", "plan", "short_plan"]

REPLICAS = tuple(name for service in SERVICES for name in (service, f"{service}-2"))
VICTIMS = (*REPLICAS, "front-door", "kafka", "mongodb")

# Shorter than every time-out; longer than a lease (3 s); longer than Kafka waits
# for a consumer (6 s) and MongoDB for a transaction (10 s): who was paused wakes up replaced.
_PAUSES = ((0.5, 2.0), (3.5, 4.5), (11.0, 14.0))
_KILLS_OF_TEN = 5
_PAIRS_OF_TEN = 3


class Kind(StrEnum):
    KILL = "kill"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Blow:
    """`seconds` is how long a pause lasts."""

    victim: str
    kind: Kind
    seconds: float = 0.0

    def __str__(self) -> str:
        lasting = f" {self.seconds:.1f} s" if self.kind is Kind.PAUSE else ""
        return f"{self.kind} {self.victim}{lasting}"


@dataclass(frozen=True, slots=True)
class Cycle:
    """The blows fall together, when `after` more operations have been accepted."""

    number: int
    blows: tuple[Blow, ...]
    after: int

    def __str__(self) -> str:
        return " + ".join(map(str, self.blows))

    @property
    def twins_take_over(self) -> bool:
        """Each victim is a replica whose twin is left alone."""
        victims = {blow.victim for blow in self.blows}
        return victims <= set(REPLICAS) and not any(_twin(one) in victims for one in victims)


def plan(seed: int, cycles: int) -> list[Cycle]:
    """The same for the same seed. Nobody is hit again before everybody has been."""
    rng = random.Random(seed)
    victims = _round_after_round(rng)
    return [_cycle(number, rng, victims) for number in range(1, cycles + 1)]


def short_plan(seed: int) -> list[Cycle]:
    """Two cycles: one replica of each service, the front door and the engines are hit, several at a
    time; no pause outlasts a session."""
    rng = random.Random(seed)
    replicas = [rng.choice((name, _twin(name))) for name in SERVICES]
    victims = rng.sample([*replicas, "front-door", "kafka", "mongodb"], 7)
    blows = [_blow(victim, rng, _PAUSES[:2]) for victim in victims]
    return [Cycle(1, tuple(blows[:4]), after=20), Cycle(2, tuple(blows[4:]), after=20)]


def _round_after_round(rng: random.Random) -> Iterator[str]:
    last = ""
    while True:
        order = rng.sample(VICTIMS, len(VICTIMS))
        if order[0] == last:
            order.append(order.pop(0))
        yield from order
        last = order[-1]


def _cycle(number: int, rng: random.Random, victims: Iterator[str]) -> Cycle:
    together = 2 if rng.randrange(10) < _PAIRS_OF_TEN else 1
    blows = tuple(_blow(next(victims), rng) for _ in range(together))
    return Cycle(number, blows, after=rng.randrange(10, 40))


def _blow(victim: str, rng: random.Random, pauses: Sequence[tuple[float, float]] = _PAUSES) -> Blow:
    if rng.randrange(10) < _KILLS_OF_TEN:
        return Blow(victim, Kind.KILL)
    return Blow(victim, Kind.PAUSE, round(rng.uniform(*rng.choice(pauses)), 1))


def _twin(replica: str) -> str:
    return replica.removesuffix("-2") if replica.endswith("-2") else f"{replica}-2"
