"""The protocol over thousands of random histories, and proof that they would tell.

`HANDOVER_HISTORIES` in the environment asks for more of them.
"""

from __future__ import annotations

import os

import pytest

from tests.unit.handover.model.faults import Fault
from tests.unit.handover.model.histories import story, violation
from tests.unit.handover.model.tapes import record, shortest

HISTORIES = int(os.environ.get("HANDOVER_HISTORIES", "10000"))
SHARES = 8
TAPE_LENGTH = 4_000


@pytest.mark.parametrize("share", range(SHARES))
def test_no_history_loses_or_doubles_work(share: int) -> None:
    for seed in range(share, HISTORIES, SHARES):
        if violation(record(seed, TAPE_LENGTH)):
            pytest.fail(_shortest_story(seed))


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
def test_a_protocol_with_a_fault_is_found_out(fault: Fault) -> None:
    seeds = range(HISTORIES)
    assert any(violation(record(seed, TAPE_LENGTH), fault) for seed in seeds)


def _shortest_story(seed: int) -> str:
    """What went wrong, told as briefly as can be; the tape can be given to `story` again."""
    tape = shortest(record(seed, TAPE_LENGTH), lambda tape: violation(tape) is not None)
    return f"history {seed} goes wrong:\n\n{story(tape)}\n\nTape: {tape}"
