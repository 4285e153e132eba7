"""The handover protocol, as every service that holds work items takes part in it.

The scheduler decides who acts for a responsibility and says so in events that carry an *epoch*, a
counter that orders all such decisions. A participant (planner, scheduler, inbox) keeps its own
copy of them and moves its own open items. It needs no answer from anybody to do so.

Words
    *Owner* is the responsibility's, *holder* is the item's. *Home* is the member from whom an item
    was first moved; an item without one is at home. *Touched*: its present holder has worked on it
    since it was moved. A *gap*: nobody acts, and the items have no holder.

Rows (`rows`)
    Who acts for each responsibility (coverage rows) and which member is here (presence rows). A
    row takes a decision only if its epoch is higher than the stored one, so events may come twice,
    late and in any order. Whoever assigns an item reads the row in the same transaction, through
    one of the row's slots; a new epoch is written to every slot. So a transaction that decided by
    the old epoch either commits before the sweep begins, and the sweep sees its item, or it
    conflicts, is retried and decides by the new one.

Rule (`rule`)
    Where an item goes, given the rows. One rule is handover, chain of handovers and handback.

Run (`participant`)
    Each `handover.started` is a run: write its decisions to the rows; sweep all open items by the
    rule, as the rows are now and not as the event says, until a pass finds nothing to move; answer
    with the moves made, in parts, and their total. Each step may be repeated from its beginning.

An item's moves are numbered, so that a receipt proves itself: parts add up to the totals, and the
moves of each item chain without a hole.
"""
