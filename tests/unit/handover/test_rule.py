"""The rule by which an item moves, corner by corner."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.handover.rule import Holding, destination

# Anna owns, Ben and Cem are her deputies.
ANNA, BEN, CEM = "anna", "ben", "cem"


def move(
    holder: str | None,
    home: str | None = None,
    *,
    touched: bool = False,
    here: set[str],
    acting: str | None,
    given_away: bool = False,
) -> Holding | None:
    return destination(
        Holding(holder, home, touched),
        present=here.__contains__,
        acting=acting,
        given_away=given_away,
    )


def test_handover_sets_home() -> None:
    assert move(ANNA, here={BEN}, acting=BEN) == Holding(BEN, home=ANNA, touched=False)


def test_chain_keeps_the_first_home() -> None:
    assert move(BEN, ANNA, here={CEM}, acting=CEM) == Holding(CEM, home=ANNA, touched=False)


def test_handback_clears_home() -> None:
    moved = move(BEN, ANNA, here={ANNA, BEN}, acting=ANNA)
    assert moved == Holding(ANNA, home=None, touched=False)


def test_an_untouched_item_goes_home_even_if_somebody_else_acts_now() -> None:
    """The responsibility was given to Cem meanwhile; what Anna had goes back to her."""
    moved = move(BEN, ANNA, here={ANNA, BEN, CEM}, acting=CEM)
    assert moved == Holding(ANNA, home=None, touched=False)


def test_a_touched_item_stays_with_its_present_deputy() -> None:
    assert move(BEN, ANNA, touched=True, here={ANNA, BEN}, acting=ANNA) is None


def test_a_touched_item_goes_home_when_its_deputy_falls_ill() -> None:
    moved = move(BEN, ANNA, touched=True, here={ANNA}, acting=ANNA)
    assert moved == Holding(ANNA, home=None, touched=False)


def test_every_move_resets_touched() -> None:
    moved = move(BEN, ANNA, touched=True, here={CEM}, acting=CEM)
    assert moved == Holding(CEM, home=ANNA, touched=False)


def test_work_at_home_moves_to_nobody_else_while_its_holder_is_here() -> None:
    assert move(BEN, here={BEN, CEM}, acting=CEM) is None


def test_untouched_work_follows_the_acting_member_while_home_is_away() -> None:
    moved = move(BEN, ANNA, here={BEN, CEM}, acting=CEM)
    assert moved == Holding(CEM, home=ANNA, touched=False)


def test_untouched_work_stays_with_the_acting_member() -> None:
    assert move(BEN, ANNA, here={BEN}, acting=BEN) is None


def test_in_a_gap_nobody_holds_it() -> None:
    assert move(ANNA, here={CEM}, acting=None) == Holding(None, home=ANNA, touched=False)


def test_a_deputy_who_no_longer_acts_leaves_untouched_work_to_the_gap() -> None:
    """Passed over for silence, or no longer qualified, and nobody after them."""
    assert move(BEN, ANNA, here={BEN}, acting=None) == Holding(None, home=ANNA, touched=False)


def test_a_deputy_who_no_longer_acts_keeps_touched_work_in_a_gap() -> None:
    assert move(BEN, ANNA, touched=True, here={BEN}, acting=None) is None


def test_out_of_a_gap_it_goes_home() -> None:
    moved = move(None, ANNA, here={ANNA, BEN}, acting=BEN)
    assert moved == Holding(ANNA, home=None, touched=False)


def test_out_of_a_gap_it_goes_to_who_acts_and_home_stays() -> None:
    assert move(None, ANNA, here={BEN}, acting=BEN) == Holding(BEN, home=ANNA, touched=False)


def test_created_in_a_gap_it_is_at_home_with_whoever_gets_it() -> None:
    assert move(None, here={BEN}, acting=BEN) == Holding(BEN, home=None, touched=False)


def test_a_gap_that_stays_moves_nothing() -> None:
    assert move(None, here=set(), acting=None) is None
    assert move(None, ANNA, here=set(), acting=None) is None


def test_an_acting_member_known_to_be_absent_never_becomes_holder() -> None:
    """The coverage row is of an older epoch than the presence row, or the other way round."""
    assert move(ANNA, here={CEM}, acting=BEN) == Holding(None, home=ANNA, touched=False)
    assert move(ANNA, here={CEM}, acting=ANNA) == Holding(None, home=ANNA, touched=False)
    assert move(None, ANNA, here={CEM}, acting=BEN) is None


def test_a_present_holder_keeps_it_while_the_coverage_row_is_behind() -> None:
    assert move(CEM, ANNA, here={CEM}, acting=BEN) is None


def test_given_away_it_goes_to_who_acts_and_is_at_home_there() -> None:
    for holder, home, touched in ((ANNA, None, False), (BEN, ANNA, True), (None, ANNA, False)):
        moved = move(
            holder, home, touched=touched, here={ANNA, BEN, CEM}, acting=CEM, given_away=True
        )
        assert moved == Holding(CEM, home=None, touched=False)


def test_given_away_to_who_holds_it_for_somebody_else_it_is_theirs() -> None:
    moved = move(BEN, ANNA, here={ANNA, BEN}, acting=BEN, given_away=True)
    assert moved == Holding(BEN, home=None, touched=False)


def test_given_away_nothing_moves_from_whose_it_is() -> None:
    assert move(BEN, touched=True, here={BEN}, acting=BEN, given_away=True) is None


def test_in_a_gap_nothing_is_given_away_that_somebody_has() -> None:
    assert move(ANNA, here={ANNA}, acting=None, given_away=True) is None
    assert move(ANNA, here={ANNA}, acting=BEN, given_away=True) is None, "the row is behind"


members = st.sampled_from([ANNA, BEN, CEM])


@given(
    holder=st.none() | members,
    home=st.none() | members,
    touched=st.booleans(),
    here=st.sets(members),
    acting=st.none() | members,
    given_away=st.booleans(),
)
def test_whatever_the_rows_say(
    holder: str | None,
    home: str | None,
    touched: bool,
    here: set[str],
    acting: str | None,
    given_away: bool,
) -> None:
    if home is not None and home == holder:
        home = None
    before = Holding(holder, home, touched)

    def moved(holding: Holding) -> Holding | None:
        return destination(holding, present=here.__contains__, acting=acting, given_away=given_away)

    after = moved(before)
    now = before if after is None else after

    assert now.holder is None or now.holder in here, "nobody absent holds it"
    assert now.home is None or now.home != now.holder, "home is never the holder"
    assert moved(now) is None, "one move is enough"
    if acting in here:
        assert now.holder is not None, "somebody acts, so somebody has it"
    if now.home in here:
        assert now.touched, "only work in hand stays away from a home that is present"
    if after is not None:
        assert after.holder != holder or after.home is None, "a holder is changed, or comes home"
        assert not after.touched
        first = home if home is not None else holder
        assert after.home in {None, first}, "home is where it was first moved from"
