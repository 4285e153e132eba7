"""The tree of expected failures keeps its promises, whoever adds to it."""

from __future__ import annotations

import re
from collections import Counter

from shared import errors
from shared.errors import N_, AppError, FieldError, NotAllowedNow, error_types


class Unqualified(NotAllowedNow):
    code = "unqualified"
    detail = N_("{member} has no valid qualification for {discipline}.")


def test_codes_are_stable_words_and_not_shared_by_two_statuses() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in error_types():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code), kind
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert all(len(found) == 1 for found in statuses.values()), statuses


def test_every_shared_failure_has_a_code_of_its_own() -> None:
    own = [kind.code for kind in error_types() if kind.__module__ == errors.__name__]
    assert [code for code, count in Counter(own).items() if count > 1] == []


def test_every_failure_says_what_was_kept_and_what_to_do() -> None:
    for kind in error_types():
        assert kind.title
        assert kind.kept
        assert kind.remedy


def test_params_fill_the_text_for_the_log() -> None:
    error = Unqualified(member="Aylin Demir", discipline="copywriting")
    assert str(error) == "unqualified: Aylin Demir has no valid qualification for copywriting."


def test_a_missing_or_braced_param_is_shown_as_it_is() -> None:
    assert str(Unqualified(member="{0.__class__}")) == (
        "unqualified: {0.__class__} has no valid qualification for {discipline}."
    )


def test_a_detail_given_when_raised_leaves_the_class_as_it_was() -> None:
    error = NotAllowedNow("The task is done.", errors=[FieldError("/state", "Done.")])
    assert error.detail == "The task is done."
    assert NotAllowedNow.detail == ""
    assert AppError().errors == ()
