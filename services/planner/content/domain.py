"""A content item: a post in the making, its variants, and its way from draft to published. Pure.

    draft ──submit──> in_review ──approve──> approved ──schedule──> scheduled
                         │   ^                │   ^                      │
         request_changes │   │ submit         │   └──────unschedule──────┘
                         v   │                │ request_changes
                      changes_requested <─────┘

    mark_published          scheduled, and approved (out by hand) -> published
    revise (a new text)     in_review, approved, scheduled -> draft
    withdraw                every status but published and withdrawn -> withdrawn
    reopen                  withdrawn -> draft

An approval is bound to one revision. So a new text in review, approved or scheduled makes the item
a draft again, and the approval is gone. `published` is never chosen: it is told, by an event or by
the command that records what happened elsewhere.

`content.status` carries the public state: at each entry into a status, and when what is public
changes while an item is approved or scheduled, because publishing works from it then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TypedDict, Unpack

from shared.errors import N_, FieldError, InvalidRequest, NotAllowedNow
from shared.events.planner import ContentStatus, ContentStatusChanged, VariantState

__all__ = [
    "PLAIN",
    "TRANSITIONS",
    "Action",
    "Approval",
    "ContentClosed",
    "ContentEdit",
    "ContentItem",
    "Events",
    "IllegalTransition",
    "NotReady",
    "Revision",
    "RevisionOutdated",
    "Variant",
    "approve",
    "check_open",
    "draft",
    "edit",
    "move_on",
    "request_changes",
]

Events = list[ContentStatusChanged]


class Action(StrEnum):
    """What moves an item from one status to another."""

    SUBMIT = "submit"
    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REVISE = "revise"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    MARK_PUBLISHED = "mark_published"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"


TRANSITIONS: Mapping[ContentStatus, Mapping[Action, ContentStatus]] = {
    ContentStatus.DRAFT: {
        Action.SUBMIT: ContentStatus.IN_REVIEW,
        Action.WITHDRAW: ContentStatus.WITHDRAWN,
    },
    ContentStatus.IN_REVIEW: {
        Action.APPROVE: ContentStatus.APPROVED,
        Action.REQUEST_CHANGES: ContentStatus.CHANGES_REQUESTED,
        Action.REVISE: ContentStatus.DRAFT,
        Action.WITHDRAW: ContentStatus.WITHDRAWN,
    },
    ContentStatus.CHANGES_REQUESTED: {
        Action.SUBMIT: ContentStatus.IN_REVIEW,
        Action.WITHDRAW: ContentStatus.WITHDRAWN,
    },
    ContentStatus.APPROVED: {
        Action.SCHEDULE: ContentStatus.SCHEDULED,
        Action.MARK_PUBLISHED: ContentStatus.PUBLISHED,
        Action.REQUEST_CHANGES: ContentStatus.CHANGES_REQUESTED,
        Action.REVISE: ContentStatus.DRAFT,
        Action.WITHDRAW: ContentStatus.WITHDRAWN,
    },
    ContentStatus.SCHEDULED: {
        Action.UNSCHEDULE: ContentStatus.APPROVED,
        Action.MARK_PUBLISHED: ContentStatus.PUBLISHED,
        Action.REVISE: ContentStatus.DRAFT,
        Action.WITHDRAW: ContentStatus.WITHDRAWN,
    },
    ContentStatus.PUBLISHED: {},
    ContentStatus.WITHDRAWN: {Action.REOPEN: ContentStatus.DRAFT},
}

PLAIN = frozenset(
    {
        Action.SUBMIT,
        Action.SCHEDULE,
        Action.UNSCHEDULE,
        Action.MARK_PUBLISHED,
        Action.WITHDRAW,
        Action.REOPEN,
    }
)
"""Actions that take nothing but their name."""

_PLANNED = frozenset({ContentStatus.APPROVED, ContentStatus.SCHEDULED})
_APPROVED = _PLANNED | {ContentStatus.PUBLISHED}
_CLOSED = frozenset({ContentStatus.PUBLISHED, ContentStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Variant:
    """The item's form for one page; an item has at most one for each. `publish_at` in UTC."""

    page_id: str
    publish_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """One text of an item; revisions count from 1 and are never changed."""

    number: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes to one revision, and to no other."""

    revision: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContentItem:
    """`revision` is the present text. `remark` is what the reviewer asked for, while it counts."""

    id: str
    client_id: str
    title: str
    revision: Revision
    created_at: datetime
    campaign_id: str | None = None
    variants: tuple[Variant, ...] = ()
    status: ContentStatus = ContentStatus.DRAFT
    approval: Approval | None = None
    remark: str = ""
    version: int = 1

    @property
    def due_at(self) -> datetime | None:
        """When the first variant goes out; None while no variant has a date."""
        return min((v.publish_at for v in self.variants if v.publish_at), default=None)

    @property
    def legal(self) -> tuple[Action, ...]:
        """The commands that the status allows; a new text is an edit, not a command."""
        return tuple(a for a in TRANSITIONS[self.status] if a is not Action.REVISE)

    @property
    def only_page(self) -> str | None:
        """The page all variants share, if they share one."""
        return self.variants[0].page_id if len(self.variants) == 1 else None


class ContentEdit(TypedDict, total=False):
    title: str
    text: str
    campaign_id: str | None
    variants: tuple[Variant, ...]


class IllegalTransition(NotAllowedNow):
    code = "illegal_transition"
    title = N_("The content item's status does not allow this")
    detail = N_("From its present status this step is not possible.")

    def __init__(self, action: Action, item: ContentItem) -> None:
        legal = [action.value for action in item.legal]
        super().__init__(
            extra={"action": action.value, "present": item.status.value, "legal": legal}
        )


class ContentClosed(NotAllowedNow):
    code = "content_closed"
    title = N_("The content item can no longer be changed")
    detail = N_("It is published or withdrawn.")


class RevisionOutdated(NotAllowedNow):
    code = "revision_outdated"
    title = N_("There is a newer text than the one you decided on")
    detail = N_("You decided on revision {given}; the present one is {present}.")
    remedy = N_("Read the present text and decide again.")


class NotReady(NotAllowedNow):
    code = "content_not_ready"
    title = N_("Something is missing before this can go on")
    remedy = N_("Add what is missing and try again.")


def draft(item: ContentItem) -> tuple[ContentItem, Events]:
    """A new item. Raises `InvalidRequest` if two variants are for the same page."""
    _check_variants(item.variants)
    return item, [_status_changed(item, previous=None)]


def edit(
    item: ContentItem, by: str, now: datetime, **edit: Unpack[ContentEdit]
) -> tuple[ContentItem, Events]:
    """Change what is given; changing nothing is no change. A new text is a new revision.

    Raises `ContentClosed` (a campaign is our own filing and can always be changed),
    `InvalidRequest` for two variants on one page, and `NotReady` if a scheduled item would no
    longer be fit to be scheduled.
    """
    edited = _edited(item, by, now, edit)
    if edited == item:
        return item, []
    if edited != replace(item, campaign_id=edited.campaign_id):
        check_open(item)
    _check_variants(edited.variants)
    if edited.revision != item.revision and Action.REVISE in TRANSITIONS[item.status]:
        return _enter(edited, Action.REVISE)
    return _next(edited), _announced(item, edited, now)


def check_open(item: ContentItem) -> None:
    """Raises `ContentClosed`."""
    if item.status in _CLOSED:
        raise ContentClosed(extra={"present": item.status.value})


def approve(item: ContentItem, revision: int, by: str, now: datetime) -> tuple[ContentItem, Events]:
    """Raises `RevisionOutdated` if `revision` is not the present one, `IllegalTransition`."""
    approved = _enter(
        replace(item, approval=Approval(revision=revision, by=by, at=now)), Action.APPROVE
    )
    _check_revision(item, revision)
    return approved


def request_changes(item: ContentItem, revision: int, remark: str) -> tuple[ContentItem, Events]:
    """Raises `RevisionOutdated` if `revision` is not the present one, `IllegalTransition`."""
    returned = _enter(replace(item, remark=remark), Action.REQUEST_CHANGES)
    _check_revision(item, revision)
    return returned


def move_on(item: ContentItem, action: Action, now: datetime) -> tuple[ContentItem, Events]:
    """One of `PLAIN`: what needs no word but its name.

    Raises `IllegalTransition`; `NotReady` if a text or page is missing to be submitted, or a
    variant has no date or one in the past to be scheduled.
    """
    if action not in PLAIN:
        raise ValueError(f"{action} takes more than its name")
    moved = _enter(item, action)
    if action is Action.SUBMIT:
        _check_complete(item)
    if action is Action.SCHEDULE:
        _check_dates(item, now)
    return moved


def _enter(item: ContentItem, action: Action) -> tuple[ContentItem, Events]:
    status = TRANSITIONS[item.status].get(action)
    if status is None:
        raise IllegalTransition(action, item)
    entered = replace(
        _next(item),
        status=status,
        approval=item.approval if status in _APPROVED else None,
        remark=item.remark if status is ContentStatus.CHANGES_REQUESTED else "",
    )
    return entered, [_status_changed(entered, previous=item.status)]


def _edited(item: ContentItem, by: str, now: datetime, edit: ContentEdit) -> ContentItem:
    revision, text = item.revision, edit.get("text", item.revision.text)
    if text != revision.text:
        revision = Revision(number=revision.number + 1, text=text, by=by, at=now)
    return replace(
        item,
        title=edit.get("title", item.title),
        campaign_id=edit.get("campaign_id", item.campaign_id),
        variants=edit.get("variants", item.variants),
        revision=revision,
    )


def _announced(before: ContentItem, after: ContentItem, now: datetime) -> Events:
    """Told in the same status: what is public of an item that publishing works from."""
    unchanged = (before.title, before.variants) == (after.title, after.variants)
    if after.status not in _PLANNED or unchanged:
        return []
    if after.status is ContentStatus.SCHEDULED:
        _check_dates(after, now)
    return [_status_changed(after, previous=before.status)]


def _next(item: ContentItem) -> ContentItem:
    return replace(item, version=item.version + 1)


def _check_revision(item: ContentItem, revision: int) -> None:
    if revision != item.revision.number:
        raise RevisionOutdated(given=revision, present=item.revision.number)


def _check_variants(variants: Sequence[Variant]) -> None:
    pages = [variant.page_id for variant in variants]
    for number, page_id in enumerate(pages):
        if page_id in pages[:number]:
            wrong = FieldError(f"/variants/{number}/page_id", N_("This page is there already."))
            raise InvalidRequest(errors=[wrong])


def _check_complete(item: ContentItem) -> None:
    if not item.revision.text.strip():
        raise NotReady(N_("There is no text yet."))
    if not item.variants:
        raise NotReady(N_("There is no page yet to publish on."))


def _check_dates(item: ContentItem, now: datetime) -> None:
    if not item.variants or any(variant.publish_at is None for variant in item.variants):
        raise NotReady(N_("A page has no publish time yet."))
    if any(variant.publish_at <= now for variant in item.variants if variant.publish_at):
        raise NotReady(N_("A publish time is in the past."))


def _status_changed(item: ContentItem, previous: ContentStatus | None) -> ContentStatusChanged:
    return ContentStatusChanged(
        content_id=item.id,
        client_id=item.client_id,
        title=item.title,
        status=item.status,
        previous=previous,
        variants=tuple(_variant_state(item, variant) for variant in item.variants),
    )


def _variant_state(item: ContentItem, variant: Variant) -> VariantState:
    """A variant has a natural id, so that a page taken out and put back is the same variant."""
    return VariantState(
        variant_id=f"{item.id}:{variant.page_id}",
        page_id=variant.page_id,
        publish_at=variant.publish_at,
    )
