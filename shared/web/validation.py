"""What a request may contain, and what is said about one that contains something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict

from shared.errors import N_, AppError, FieldError, InvalidRequest, MalformedJson

__all__ = ["StrictModel", "rejected"]


class StrictModel(BaseModel):
    """Base of request bodies: unknown fields are refused, values never appear in messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# By pydantic's error type. What is not here is said in pydantic's words.
_WORDS: Mapping[str, str] = {
    "missing": N_("This is needed."),
    "extra_forbidden": N_("There is no such field here."),
    "string_type": N_("This must be a text."),
    "string_too_short": N_("This is too short: at least {min_length} characters."),
    "string_too_long": N_("This is too long: at most {max_length} characters."),
    "string_pattern_mismatch": N_("This does not have the form asked for."),
    "int_type": N_("This must be a whole number."),
    "int_parsing": N_("This must be a whole number."),
    "int_from_float": N_("This must be a whole number."),
    "int_parsing_size": N_("This number is too large."),
    "float_type": N_("This must be a number."),
    "float_parsing": N_("This must be a number."),
    "finite_number": N_("This must be a number."),
    "multiple_of": N_("This must be a multiple of {multiple_of}."),
    "bool_type": N_("This must be true or false."),
    "bool_parsing": N_("This must be true or false."),
    "list_type": N_("This must be a list."),
    "dict_type": N_("This must be an object."),
    "model_type": N_("This must be an object."),
    "model_attributes_type": N_("This must be an object."),
    "enum": N_("This must be one of {expected}."),
    "literal_error": N_("This must be one of {expected}."),
    "greater_than": N_("This must be greater than {gt}."),
    "greater_than_equal": N_("This must be at least {ge}."),
    "less_than": N_("This must be less than {lt}."),
    "less_than_equal": N_("This must be at most {le}."),
    "too_short": N_("These are too few: at least {min_length}."),
    "too_long": N_("These are too many: at most {max_length}."),
    "datetime_type": N_("This must be a date and time (RFC 3339)."),
    "datetime_parsing": N_("This must be a date and time (RFC 3339)."),
    "datetime_from_date_parsing": N_("This must be a date and time (RFC 3339)."),
    "timezone_aware": N_("The time needs its offset from UTC."),
    "date_type": N_("This must be a date."),
    "date_parsing": N_("This must be a date."),
    "date_from_datetime_parsing": N_("This must be a date."),
    "time_type": N_("This must be a time of day."),
    "time_parsing": N_("This must be a time of day."),
    "url_parsing": N_("This must be a web address."),
}


def rejected(error: RequestValidationError) -> AppError:
    """`MalformedJson`, or `InvalidRequest` naming each field, without the values sent."""
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        return MalformedJson()
    return InvalidRequest(errors=[_field_error(problem) for problem in problems])


def _field_error(problem: Mapping[str, Any]) -> FieldError:
    context = dict(problem.get("ctx") or {})
    message = _WORDS.get(problem["type"], problem["msg"])
    if problem.get("input") == "" or context.get("min_length") == 1:
        message = _WORDS["missing"]  # nothing at all is no wrong date, nor too short
    if "expected" in context:  # "1, 2 or 3" in every language
        context["expected"] = context["expected"].replace(" or ", ", ")
    if problem["type"] == "value_error":  # raised by one of our validators, in our words
        message = str(context.get("error", message))
    return FieldError(_pointer(problem["loc"]), message, context)


def _pointer(location: Sequence[str | int]) -> str:
    where, *path = location
    if where == "body":
        return "".join(f"/{_escaped(part)}" for part in path)
    return f"{where}:{'.'.join(str(part) for part in path)}"


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
