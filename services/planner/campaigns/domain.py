"""Campaigns: a client's posts with one aim, between two days. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TypedDict, Unpack

from shared.errors import N_, FieldError, InvalidRequest

__all__ = ["Campaign", "CampaignEdit", "add_campaign", "change_campaign"]


@dataclass(frozen=True, slots=True)
class Campaign:
    """`starts_on` and `ends_on` are days in the client's time zone, both included."""

    id: str
    client_id: str
    name: str
    starts_on: date
    ends_on: date
    version: int = 1


class CampaignEdit(TypedDict, total=False):
    name: str
    starts_on: date
    ends_on: date


def add_campaign(campaign: Campaign) -> Campaign:
    """Raises `InvalidRequest` if it ends before it starts."""
    if campaign.ends_on < campaign.starts_on:
        wrong = FieldError("/ends_on", N_("The last day is before the first."))
        raise InvalidRequest(errors=[wrong])
    return campaign


def change_campaign(campaign: Campaign, **edit: Unpack[CampaignEdit]) -> Campaign:
    """Raises `InvalidRequest` if it ends before it starts."""
    return add_campaign(replace(campaign, **edit, version=campaign.version + 1))
