"""Public holidays of countries and regions, as the library `holidays` knows them. Pure.

Its data is code, so to look a year up reads nothing but modules; the first time takes a while.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import holidays
from babel import Locale

from services.scheduler.workingtime.domain import Region

__all__ = ["countries", "is_known", "named_days", "public_holidays", "subdivisions"]

_ALPHA_2 = 2


@lru_cache(maxsize=512)
def public_holidays(region: Region, year: int, language: str = "en") -> Mapping[date, str]:
    """Those of the year, by name: in the language if the library has it, else in English, else as
    the country itself calls them."""
    spoken = holidays.list_localized_countries().get(region.country, [])
    chosen = next((one for one in (language, "en_US") if one in spoken), None)
    return dict(
        holidays.country_holidays(
            region.country,
            subdiv=region.subdivision,
            years=year,
            language=chosen,
        )
    )


def named_days(region: Region, first: date, days: int, language: str) -> Mapping[date, str]:
    """Of so many days from `first` on."""
    last = first + timedelta(days=days)
    return {
        day: name
        for year in range(first.year, last.year + 1)
        for day, name in public_holidays(region, year, language).items()
        if first <= day < last
    }


def is_known(region: Region) -> bool:
    found = _subdivisions().get(region.country)
    return found is not None and (region.subdivision is None or region.subdivision in found)


@lru_cache
def countries(language: str) -> list[tuple[str, str]]:
    """Codes and names, by name."""
    names = Locale(language).territories
    known = [(code, names.get(code, code)) for code in _subdivisions()]
    return sorted(known, key=lambda each: each[1].casefold())


@lru_cache
def subdivisions(country: str) -> list[tuple[str, str]]:
    """Codes and names of a country's regions, by name; where the library has none, the code."""
    codes = _subdivisions().get(country)
    if codes is None:
        return []
    aliases = holidays.country_holidays(country).get_subdivision_aliases()
    named = [(code, next(iter(aliases.get(code, ())), code)) for code in codes]
    return sorted(named, key=lambda each: each[1].casefold())


@lru_cache(maxsize=1)
def _subdivisions() -> Mapping[str, list[str]]:
    supported = holidays.list_supported_countries(include_aliases=False)
    return {country: codes for country, codes in supported.items() if len(country) == _ALPHA_2}
