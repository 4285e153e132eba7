"""Where an open item goes: the one rule that is handover, chain and handback. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Holding", "destination"]


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has an item. `holder` None: nobody. `home` None: it is at home. `home` is never the
    holder. `touched`: the present holder has worked on it since it was moved."""

    holder: str | None
    home: str | None
    touched: bool


def destination(
    holding: Holding,
    *,
    present: Callable[[str], bool],
    acting: str | None,
    given_away: bool = False,
) -> Holding | None:
    """The item's holding after the move that is due, or None if it stays as it is.

    `acting` is who acts for the item's responsibility as the coverage row says, None in a gap;
    `present` answers from the presence rows. `given_away`: somebody asked that the open work of
    the responsibility goes to whoever acts.

    - It is given away, and somebody acts who is present: to them, and it is at home there. Who had
      it already, for somebody else, keeps it: that too is told as a move.
    - Its holder is absent, or it has none: home if home is present, else to the acting member,
      else to nobody.
    - It is away from home and untouched: home if home is present, else to the acting member; in a
      gap to nobody, because its holder no longer acts and the lead must see that nobody does.
    - Otherwise it stays.

    The first move sets home, later ones keep it, arriving at home clears it. An item that nobody
    held has nobody to go back to: if it has no home, it is at home with whoever gets it. Every
    move resets `touched`.

    The acting member was present in the epoch of the coverage row, but the presence row may be of
    another epoch while a run is under way. Somebody whose presence row says absent never becomes
    holder: then an item without a present holder goes to nobody, and one that has a present
    holder stays, until the run that brings the rows together has swept.
    """
    if given_away and acting is not None and present(acting):
        stays = holding.holder == acting and holding.home is None
        return None if stays else Holding(acting, home=None, touched=False)
    to = _recipient(holding, present, acting)
    if to == holding.holder:
        return None
    home = holding.holder if holding.home is None else holding.home
    return Holding(holder=to, home=None if to == home else home, touched=False)


def _recipient(holding: Holding, present: Callable[[str], bool], acting: str | None) -> str | None:
    holder, home = holding.holder, holding.home
    held = holder is not None and present(holder)
    if held and (home is None or holding.touched):
        return holder
    if home is not None and present(home):
        return home
    if acting is None or present(acting):
        return acting
    return holder if held else None
