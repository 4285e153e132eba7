"""What the rota tells those whom it concerns, as events: with the names of what they speak of."""

from __future__ import annotations

from collections.abc import Iterable

from services.scheduler.desk import Desk
from services.scheduler.rota.domain import Group, Shift, Swap, SwapState
from shared.auth import SYSTEM_SCOPE
from shared.events.scheduler import RotaShift, SwapChanged, SwapStep
from shared.outbox import Transaction

__all__ = ["rota_shift", "swap_changed", "tell_of_swap", "tell_of_withdrawn"]


def rota_shift(shift: Shift, group: Group) -> RotaShift:
    return RotaShift(
        shift_id=shift.id,
        group=group.name,
        kind=shift.kind,
        clients=group.client_ids,
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
    )


def swap_changed(swap: Swap, shift: RotaShift | None, in_return: RotaShift | None) -> SwapChanged:
    """As others learn it; of an offer that is withdrawn not which shifts it was about."""
    told = swap.state is not SwapState.WITHDRAWN
    return SwapChanged(
        swap_id=swap.id,
        giver=swap.giver,
        taker=swap.taker,
        step=SwapStep(swap.state),
        version=swap.version,
        shift=shift if told else None,
        in_return=in_return if told else None,
    )


async def tell_of_swap(tx: Transaction, desk: Desk, swap: Swap) -> None:
    """With its shifts as they are in this transaction."""
    shift = await _told(tx, desk, swap.shift_id)
    in_return = None if swap.in_return is None else await _told(tx, desk, swap.in_return)
    tx.emit(swap_changed(swap, shift, in_return))


def tell_of_withdrawn(tx: Transaction, swaps: Iterable[Swap]) -> None:
    for swap in swaps:
        tx.emit(swap_changed(swap, None, None))


async def _told(tx: Transaction, desk: Desk, shift_id: str) -> RotaShift | None:
    shift = await desk.rota.shift(shift_id, tx.session)
    group = None
    if shift is not None:
        group = await desk.rota.group(SYSTEM_SCOPE, shift.group_id, tx.session)
    return None if shift is None or group is None else rota_shift(shift, group)
